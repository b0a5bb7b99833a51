// Reads and hashes parts away from the page, so that typing stays smooth. `File` travels as a handle, not as bytes.

export interface Ask {
  id: number;
  file: Blob;
  start: number;
  end: number;
}

export type Answer =
  | { id: number; data: ArrayBuffer; sha256: ArrayBuffer }
  /** The bytes cannot be read any more. */
  | { id: number; unreadable: string };

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<Ask>) => void) | null;
  postMessage(answer: Answer, transfer?: Transferable[]): void;
};

scope.onmessage = (event) => void answer(event.data);

async function answer({ id, file, start, end }: Ask): Promise<void> {
  try {
    const data = await file.slice(start, end).arrayBuffer();
    const sha256 = await crypto.subtle.digest('SHA-256', data);
    scope.postMessage({ id, data, sha256 }, [data, sha256]);
  } catch (error) {
    scope.postMessage({ id, unreadable: String(error) });
  }
}
