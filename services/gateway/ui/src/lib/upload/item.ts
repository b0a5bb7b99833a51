// One file on its way.

import type { Node } from '$gen/preau/files/v1/files_pb';
import { Parts } from './parts';
import type { OpenUpload, Source, Target } from './types';

export type ItemState = 'waiting' | 'sending' | 'paused' | 'done' | 'failed' | 'cancelled';

/** States from which nothing more happens by itself. */
export function isSettled(state: ItemState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

export class UploadItem {
  state: ItemState = 'waiting';
  /** Bytes that the server acknowledged. */
  sent = 0;
  /** Why it failed, for the one who explains. */
  error: unknown = undefined;
  /** What it became. */
  node: Node | undefined;

  /** The server's upload, once created. */
  upload: OpenUpload | undefined;
  parts = new Parts([]);
  /** Something interrupted us: ask the server what is missing before sending on. */
  mustLook = false;
  /** Calls in flight. */
  busy = 0;
  /** One of them needs the item for itself: create, look or commit. */
  exclusive = false;
  /** Tries in a row that failed. Parts that fail together count once: they share a round. */
  attempts = 0;
  round = 0;
  notBefore = 0;
  control = new AbortController();

  private readonly size: number;
  private readonly lastModified: number;

  constructor(
    readonly id: number,
    readonly source: Source,
    readonly target: Target,
  ) {
    this.size = source.size;
    this.lastModified = source.lastModified;
  }

  get total(): number {
    return this.size;
  }

  /** Whether the browser itself says that the file is not the one chosen. */
  get sourceChanged(): boolean {
    return this.source.size !== this.size || this.source.lastModified !== this.lastModified;
  }

  /** Takes over what the server says of the upload. */
  adopt(upload: OpenUpload): void {
    this.upload = upload;
    this.parts = new Parts(upload.missing);
    this.mustLook = false;
    let missing = this.parts.count * upload.partSize;
    const last = upload.partCount - 1;
    if (this.parts.has(last)) missing += this.partEnd(last) - (last + 1) * upload.partSize;
    this.sent = Math.max(0, this.size - missing);
  }

  /** Nothing of it is on the server any more. */
  forgetUpload(): void {
    this.upload = undefined;
    this.parts = new Parts([]);
    this.mustLook = false;
    this.sent = 0;
  }

  partStart(index: number): number {
    return index * (this.upload?.partSize ?? 0);
  }

  partEnd(index: number): number {
    return Math.min(this.size, (index + 1) * (this.upload?.partSize ?? 0));
  }

  /** Cuts whatever is in flight; its results count no more. */
  interrupt(): void {
    this.control.abort();
    this.control = new AbortController();
    if (this.upload !== undefined) this.mustLook = true;
  }
}
