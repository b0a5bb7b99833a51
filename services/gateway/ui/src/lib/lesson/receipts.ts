// Acknowledges what was pushed: received when it is there, opened when it is opened. One call at a time; a lost one is
// repeated, a refused one is not.

import { Code } from '@connectrpc/connect';
import { ReceiptState } from '$gen/preau/classroom/v1/lessons_pb';
import { detailsOf } from '../details';
import { backoff } from '../upload/backoff';
import type { Clock } from '../upload/types';
import type { Shown } from './state';

export interface ReceiptParts {
  acknowledge(pushId: string, state: ReceiptState): Promise<void>;
  clock: Clock;
  random: () => number;
}

const PASSING: readonly Code[] = [Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted, Code.Aborted, Code.Unknown];

export class Receipts {
  private readonly wanted = new Map<string, ReceiptState>();
  private readonly given = new Map<string, ReceiptState>();
  private isSending = false;
  private attempt = 0;
  private cancelRetry: (() => void) | undefined;
  private isStopped = false;

  constructor(private readonly parts: ReceiptParts) {}

  /** Whatever of these `personId` has not acknowledged yet was received. */
  arrived(pushed: readonly Shown[], personId: string): void {
    for (const { pushId, receipts } of pushed) {
      if (!receipts.has(personId)) this.want(pushId, ReceiptState.RECEIVED);
    }
  }

  opened(pushId: string): void {
    this.want(pushId, ReceiptState.OPENED);
  }

  stop(): void {
    this.isStopped = true;
    this.cancelRetry?.();
  }

  private want(pushId: string, state: ReceiptState): void {
    const known = Math.max(this.given.get(pushId) ?? 0, this.wanted.get(pushId) ?? 0);
    if (state <= known) return;
    this.wanted.set(pushId, state);
    if (this.cancelRetry === undefined) void this.send();
  }

  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    for (let next = this.next(); next !== undefined && !this.isStopped; next = this.next()) {
      const [pushId, state] = next;
      try {
        await this.parts.acknowledge(pushId, state);
        this.attempt = 0;
      } catch (error) {
        const { code, retryAfter } = detailsOf(error);
        if (PASSING.includes(code)) {
          this.later(retryAfter);
          break;
        }
      }
      // Refused for good counts as given: asking again would change nothing.
      this.given.set(pushId, state);
      if (this.wanted.get(pushId) === state) this.wanted.delete(pushId);
    }
    this.isSending = false;
  }

  private next(): [string, ReceiptState] | undefined {
    return this.wanted.entries().next().value;
  }

  private later(retryAfter: number): void {
    if (this.isStopped) return;
    this.attempt += 1;
    this.cancelRetry = this.parts.clock.after(backoff(this.attempt, retryAfter, this.parts.random), () => {
      this.cancelRetry = undefined;
      void this.send();
    });
  }
}
