/** Calls back every so many milliseconds, also while nobody looks at the page; the answer stops that. */
export function every(ms: number, call: () => void): () => void {
  const worker = new Worker(new URL('./ticker.worker.ts', import.meta.url), { type: 'module' });
  worker.onmessage = () => call();
  worker.postMessage(ms);
  return () => worker.terminate();
}
