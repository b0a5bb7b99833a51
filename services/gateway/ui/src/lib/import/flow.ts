// One import from the file to its end, and every way it can go wrong in between.
//
// sending → checking → invalid, or ready → applying → applied. A failure says during what; a retry goes on from there.
// It knows neither the browser nor the network: transport, reader, clock and chance come in.

import { ImportState, type Import } from '$gen/preau/roster/v1/imports_pb';
import { parallel } from '../parallel';
import { backoff } from '../upload/backoff';
import type { Clock, Verdict } from '../upload/types';

/** Parts sent at once. */
const AT_ONCE = 4;
const MOST_ATTEMPTS = 6;
/** Milliseconds between two looks at an import that the server is applying. */
const LOOK_MS = 2_000;

export interface ImportTransport {
  put(importId: string, index: number, data: Uint8Array): Promise<void>;
  validate(importId: string): Promise<Import>;
  apply(importId: string, confirmDisabled: number): Promise<Import>;
  look(importId: string): Promise<Import>;
}

export interface FlowParts {
  transport: ImportTransport;
  classify: (error: unknown) => Verdict;
  clock: Clock;
  random: () => number;
  onChange: (step: Step) => void;
}

/** Bytes `start` to `end` of the file. Rejects with `SourceChanged` when they cannot be read any more. */
export type ReadZip = (start: number, end: number) => Promise<Uint8Array>;

export type Step =
  | { kind: 'looking' }
  /** Bytes acknowledged, of how many. */
  | { kind: 'sending'; sent: number; total: number }
  | { kind: 'checking' }
  /** The server lacks the file or never checked it, and this page does not have it. */
  | { kind: 'unfinished'; known: Import }
  /** Another import of the school was begun since: this one can do nothing any more. */
  | { kind: 'replaced'; known: Import }
  | { kind: 'invalid'; known: Import }
  | { kind: 'ready'; known: Import }
  | { kind: 'applying'; known: Import }
  | { kind: 'applied'; known: Import }
  | { kind: 'failed'; during: 'looking' | 'sending' | 'checking' | 'applying'; error: unknown };

export class ImportFlow {
  step: Step = { kind: 'looking' };
  private again: () => Promise<void> = () => this.look();
  private cancelLook: (() => void) | undefined;

  constructor(
    readonly importId: string,
    private readonly given: FlowParts,
  ) {}

  /** Sends what is missing of the file, then has it checked. */
  async send(known: Import, read: ReadZip): Promise<void> {
    const size = Number(known.size);
    const stored = new Set<number>();
    let sent = 0;
    const go = async (): Promise<void> => {
      this.to({ kind: 'sending', sent, total: size });
      const left = Array.from({ length: known.partCount }, (_, index) => index).filter((index) => !stored.has(index));
      await parallel(left, AT_ONCE, async (index) => {
        const start = index * known.partSize;
        const data = await read(start, Math.min(size, start + known.partSize));
        await this.patiently(() => this.given.transport.put(this.importId, index, data));
        stored.add(index);
        sent += data.length;
        this.to({ kind: 'sending', sent, total: size });
      });
    };
    await this.during('sending', go);
    if (this.step.kind === 'sending') await this.check();
  }

  async check(): Promise<void> {
    await this.during('checking', async () => {
      this.to({ kind: 'checking' });
      this.settle(await this.given.transport.validate(this.importId));
    });
  }

  /** `confirmDisabled` is how many people the reader agreed to disable. */
  async apply(confirmDisabled: number): Promise<void> {
    const { step } = this;
    if (step.kind !== 'ready') return;
    this.to({ kind: 'applying', known: step.known });
    try {
      this.settle(await this.given.transport.apply(this.importId, confirmDisabled));
    } catch (error) {
      await this.afterLostApply(error);
    }
  }

  /** Asks the server how the import stands. */
  async look(): Promise<void> {
    await this.during('looking', async () => this.settle(await this.given.transport.look(this.importId)));
  }

  retry(): Promise<void> {
    return this.again();
  }

  /** Asks no more by itself. */
  stop(): void {
    this.cancelLook?.();
    this.cancelLook = undefined;
  }

  /** The answer may be lost and the deed done: only the server knows. */
  private async afterLostApply(error: unknown): Promise<void> {
    this.again = () => this.look();
    try {
      const known = await this.given.transport.look(this.importId);
      if (known.state !== ImportState.READY) return this.settle(known);
      // What the reader agreed to may be out of date: it is checked anew before they are asked again.
      this.again = () => this.check();
      this.to({ kind: 'failed', during: 'applying', error });
    } catch {
      this.to({ kind: 'failed', during: 'applying', error });
    }
  }

  private async during(during: 'looking' | 'sending' | 'checking', run: () => Promise<void>): Promise<void> {
    this.again = async () => {
      await this.during(during, run);
      if (during === 'sending' && this.step.kind === 'sending') await this.check();
    };
    try {
      await run();
    } catch (error) {
      this.to({ kind: 'failed', during, error });
    }
  }

  private async patiently(run: () => Promise<void>): Promise<void> {
    const { classify, clock, random } = this.given;
    for (let attempt = 1; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        const verdict = classify(error);
        if (verdict.kind !== 'transient' || attempt >= MOST_ATTEMPTS) throw error;
        const wait = backoff(attempt, verdict.retryAfter, random);
        await new Promise<void>((resolve) => clock.after(wait, resolve));
      }
    }
  }

  private settle(known: Import): void {
    switch (known.state) {
      case ImportState.INVALID:
        return this.to({ kind: 'invalid', known });
      case ImportState.READY:
        return this.to({ kind: 'ready', known });
      case ImportState.APPLIED:
        return this.to({ kind: 'applied', known });
      case ImportState.APPLYING:
        this.stop();
        this.cancelLook = this.given.clock.after(LOOK_MS, () => void this.look());
        return this.to({ kind: 'applying', known });
      default:
        return this.to({ kind: known.replacedByImportId === '' ? 'unfinished' : 'replaced', known });
    }
  }

  private to(step: Step): void {
    this.step = step;
    this.given.onChange(step);
  }
}
