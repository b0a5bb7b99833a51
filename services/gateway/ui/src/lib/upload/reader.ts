// Parts of files with their hashes, by way of the worker.

import type { Answer, Ask } from './hash.worker';
import { SourceChanged, type Part, type Source } from './types';

interface Waiting {
  resolve: (part: Part) => void;
  reject: (error: Error) => void;
  name: string;
}

export class WorkerReader {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;

  readonly read = (source: Source, start: number, end: number): Promise<Part> => {
    const id = this.nextId++;
    const ask: Ask = { id, file: source as File, start, end };
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, name: source.name });
      this.started().postMessage(ask);
    });
  };

  private started(): Worker {
    if (this.worker === undefined) {
      const worker = new Worker(new URL('./hash.worker.ts', import.meta.url), { type: 'module' });
      worker.onmessage = (event: MessageEvent<Answer>) => this.settle(event.data);
      worker.onerror = () => this.lost();
      this.worker = worker;
    }
    return this.worker;
  }

  private settle(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('unreadable' in answer) waiting?.reject(new SourceChanged(waiting.name));
    else waiting?.resolve({ data: new Uint8Array(answer.data), sha256: new Uint8Array(answer.sha256) });
  }

  /** The worker itself did not load or died: whoever waits tries again, with a new one. */
  private lost(): void {
    this.worker?.terminate();
    this.worker = undefined;
    for (const { reject } of this.waiting.values()) reject(new TypeError('the hashing worker stopped'));
    this.waiting.clear();
  }
}
