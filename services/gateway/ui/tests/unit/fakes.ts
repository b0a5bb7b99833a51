// A server that keeps uploads in memory and fails on command, a clock that moves by hand.

import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorInfoSchema, RetryInfoSchema } from '../../src/gen/google/rpc/error_details_pb';
import { NodeSchema, type Node } from '../../src/gen/preau/files/v1/files_pb';
import type { Clock, OpenUpload, Part, Run, Source, Target, UploadTransport } from '../../src/lib/upload/types';

export function refusal(code: Code, reason = '', retrySeconds = 0, metadata: Record<string, string> = {}): ConnectError {
  const error = new ConnectError(`${reason.toLowerCase()} text`, code);
  if (reason !== '') error.details.push({ desc: ErrorInfoSchema, value: { reason, domain: 'test', metadata } });
  if (retrySeconds > 0) error.details.push({ desc: RetryInfoSchema, value: { retryDelay: { seconds: BigInt(retrySeconds) } } });
  return error;
}

export function lostConnection(): ConnectError {
  return ConnectError.from(new TypeError('Failed to fetch'));
}

interface Held {
  target: Target;
  size: number;
  parts: Map<number, Uint8Array>;
  state: 'open' | 'committed' | 'aborted';
}

type Op = 'create' | 'look' | 'put' | 'commit';

export class FakeServer implements UploadTransport {
  readonly uploads = new Map<string, Held>();
  readonly calls: { op: Op | 'abort'; uploadId: string; index?: number }[] = [];
  private readonly counts = { create: 0, look: 0, put: 0, commit: 0, abort: 0 };
  inFlight = 0;
  mostInFlight = 0;
  /** Asked before every call, with its number among its kind, from 1; what it answers is thrown. */
  fail: (op: Op, nth: number) => unknown = () => undefined;
  /** Thrown after the deed was done. */
  failAfter: (op: Op, nth: number) => unknown = () => undefined;
  /** Calls wait here while it is set. */
  gate: Promise<void> | undefined;

  constructor(readonly partSize = 4) {}

  create = (target: Target, size: number, signal: AbortSignal): Promise<OpenUpload> =>
    this.serve('create', '', undefined, signal, () => {
      const id = `u${this.uploads.size + 1}`;
      this.uploads.set(id, { target: { ...target }, size, parts: new Map(), state: 'open' });
      return this.describe(id);
    });

  look = (id: string, signal: AbortSignal): Promise<OpenUpload> =>
    this.serve('look', id, undefined, signal, () => this.describe(id));

  put = (id: string, index: number, part: Part, signal: AbortSignal): Promise<void> =>
    this.serve('put', id, index, signal, () => {
      const known = this.open(id).parts.get(index);
      if (known && Buffer.compare(known, part.data) !== 0) throw refusal(Code.FailedPrecondition, 'PART_CONFLICT');
      this.open(id).parts.set(index, part.data.slice());
    });

  commit = (id: string, signal: AbortSignal): Promise<Node> =>
    this.serve('commit', id, undefined, signal, () => {
      const held = this.held(id);
      if (this.describe(id).missing.length > 0) throw refusal(Code.FailedPrecondition, 'PARTS_MISSING');
      held.state = 'committed';
      return create(NodeSchema, { nodeId: `n-${id}`, name: held.target.name, spaceId: held.target.spaceId });
    });

  abort = (id: string): Promise<void> => {
    this.record('abort', id);
    this.held(id).state = 'aborted';
    return Promise.resolve();
  };

  count(op: Op | 'abort'): number {
    return this.counts[op];
  }

  /** The file as the server has it. */
  contents(name: string): string | undefined {
    const held = [...this.uploads.values()].find((one) => one.state === 'committed' && one.target.name === name);
    if (!held) return undefined;
    const parts = [...held.parts].sort(([a], [b]) => a - b).map(([, data]) => data);
    return Buffer.concat(parts).toString();
  }

  forget(id: string): void {
    this.uploads.delete(id);
  }

  /** Which call of its kind this is, from 1. */
  private record(op: Op | 'abort', uploadId: string, index?: number): number {
    this.calls.push({ op, uploadId, ...(index === undefined ? {} : { index }) });
    this.counts[op] += 1;
    return this.counts[op];
  }

  private describe(id: string): OpenUpload {
    const { size, parts } = this.held(id);
    const partCount = Math.ceil(size / this.partSize);
    const missing: Run[] = [];
    for (let index = 0; index < partCount; index++) if (!parts.has(index)) missing.push({ first: index, count: 1 });
    return { id, partSize: this.partSize, partCount, missing };
  }

  private held(id: string): Held {
    const held = this.uploads.get(id);
    if (!held) throw new ConnectError('upload: no such thing here', Code.NotFound);
    return held;
  }

  private open(id: string): Held {
    const held = this.held(id);
    if (held.state === 'committed') throw refusal(Code.FailedPrecondition, 'UPLOAD_COMMITTED');
    if (held.state === 'aborted') throw refusal(Code.FailedPrecondition, 'UPLOAD_ABORTED');
    return held;
  }

  private async serve<T>(op: Op, uploadId: string, index: number | undefined, signal: AbortSignal, run: () => T): Promise<T> {
    const nth = this.record(op, uploadId, index);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      await this.gate;
      await Promise.resolve();
      if (signal.aborted) throw new ConnectError('aborted', Code.Canceled);
      const before = this.fail(op, nth);
      if (before !== undefined) throw before;
      const answer = run();
      const after = this.failAfter(op, nth);
      if (after !== undefined) throw after;
      return answer;
    } finally {
      this.inFlight -= 1;
    }
  }
}

export class FakeClock implements Clock {
  private time = 0;
  private timers: { at: number; call: () => void }[] = [];

  now = (): number => this.time;

  after = (ms: number, call: () => void): (() => void) => {
    const timer = { at: this.time + ms, call };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  };

  /** When the next timer rings, from now; `undefined` without one. */
  get next(): number | undefined {
    return this.timers.length === 0 ? undefined : Math.min(...this.timers.map(({ at }) => at)) - this.time;
  }

  advance(ms: number): void {
    this.time += ms;
    const due = this.timers.filter(({ at }) => at <= this.time);
    this.timers = this.timers.filter(({ at }) => at > this.time);
    for (const { call } of due) call();
  }
}

/** A file of a text. */
export interface TextSource extends Source {
  name: string;
  size: number;
  lastModified: number;
  text: string;
}

export function file(name: string, text: string): TextSource {
  return { name, text, size: Buffer.byteLength(text), lastModified: 1 };
}

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
