// What the upload queue needs from outside, so that it runs in a browser and in a test alike.

import type { Node } from '$gen/preau/files/v1/files_pb';

/** A file as a browser gives it: `File`, or a test's own. */
export interface Source {
  readonly name: string;
  readonly size: number;
  readonly lastModified: number;
}

/** Where a file goes, and under which name. */
export interface Target {
  spaceId: string;
  /** Empty: the space's root. */
  parentId: string;
  name: string;
}

/** Parts `first` to `first + count - 1`. */
export interface Run {
  first: number;
  count: number;
}

/** An upload that the server knows. */
export interface OpenUpload {
  id: string;
  partSize: number;
  partCount: number;
  missing: Run[];
}

export interface Part {
  data: Uint8Array<ArrayBuffer>;
  sha256: Uint8Array<ArrayBuffer>;
}

export interface UploadTransport {
  create(target: Target, size: number, signal: AbortSignal): Promise<OpenUpload>;
  look(uploadId: string, signal: AbortSignal): Promise<OpenUpload>;
  put(uploadId: string, index: number, part: Part, signal: AbortSignal): Promise<void>;
  commit(uploadId: string, signal: AbortSignal): Promise<Node>;
  abort(uploadId: string): Promise<void>;
}

/** Bytes `start` to `end` with their hash. Rejects with `SourceChanged` when they cannot be read any more. */
export type PartReader = (source: Source, start: number, end: number) => Promise<Part>;

export interface Clock {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Calls back once, later; the answer cancels. */
  after(ms: number, call: () => void): () => void;
}

/** What a failed call means for an upload. */
export type Verdict =
  /** The session ended: sign in, then go on. */
  | { kind: 'session' }
  /** Worth another try, not before `retryAfter` milliseconds; `slow` when it took longer than it may. */
  | { kind: 'transient'; retryAfter: number; slow?: boolean }
  /** The server lacks parts that we believe sent: ask which. */
  | { kind: 'missing' }
  /** Already committed: only the answer is missing. */
  | { kind: 'committed' }
  /** The server holds other bytes for a part: the file is not what it was. */
  | { kind: 'changed' }
  /** The upload is no more: another try begins anew. */
  | { kind: 'gone' }
  /** No use in trying again without doing something. */
  | { kind: 'final' };

/** The file changed, moved or disappeared while it was read. */
export class SourceChanged extends Error {
  override readonly name = 'SourceChanged';
}
