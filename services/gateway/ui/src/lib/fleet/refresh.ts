// Asks again and again while somebody looks.

import type { Clock } from '../upload/types';

/** Failures in a row double the wait, up to so many times. */
const MOST_DOUBLINGS = 4;

export interface RefreshParts {
  /** Brings what is shown up to date; rejects when it does not come. */
  ask: () => Promise<void>;
  /** Milliseconds from one answer to the next question, by what the last one said. */
  pace: () => number;
  clock: Clock;
  random: () => number;
  isVisible: () => boolean;
  /** After each question: why it failed, or `undefined`. */
  onAnswer: (error: unknown) => void;
}

export class Refresh {
  private failures = 0;
  private askedAt = Number.NEGATIVE_INFINITY;
  private cancel: (() => void) | undefined;
  private asking: Promise<void> | undefined;
  private isStopped = true;

  constructor(private readonly parts: RefreshParts) {}

  start(): void {
    this.isStopped = false;
    void this.ask();
  }

  stop(): void {
    this.isStopped = true;
    this.cancel?.();
  }

  /** Somebody looks at the page again, or the network is back. */
  look(): void {
    if (this.isStopped || this.asking) return;
    const left = this.askedAt + this.parts.pace() - this.parts.clock.now();
    if (left <= 0) void this.ask();
    else this.plan(left);
  }

  /** At once: something was just done. A question under way may have been answered before that. */
  async now(): Promise<void> {
    await this.asking;
    await this.ask();
  }

  private ask(): Promise<void> {
    this.asking ??= this.run().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async run(): Promise<void> {
    this.cancel?.();
    // Nobody looks: asked again when somebody does.
    if (this.isStopped || !this.parts.isVisible()) return;
    this.askedAt = this.parts.clock.now();
    try {
      await this.parts.ask();
      this.failures = 0;
      this.parts.onAnswer(undefined);
    } catch (error) {
      this.failures = Math.min(MOST_DOUBLINGS, this.failures + 1);
      this.parts.onAnswer(error ?? new Error('no answer'));
    }
    if (!this.isStopped) this.plan(this.wait());
  }

  /** Everybody whose server was away does not ask in chorus. */
  private wait(): number {
    const pace = this.parts.pace();
    return this.failures === 0 ? pace : pace * 2 ** this.failures * (1 + this.parts.random());
  }

  private plan(ms: number): void {
    this.cancel?.();
    this.cancel = this.parts.clock.after(ms, () => void this.ask());
  }
}
