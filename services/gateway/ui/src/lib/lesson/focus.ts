// Holds the focus of a lesson: a lease of the server's that lasts 15 s and is renewed every 5 s while the page lives.
//
// idle → holding → idle. Nothing renews it once the page is gone, so it ends by itself.

import { Code } from '@connectrpc/connect';
import { detailsOf } from '../details';

export const LEASE_MS = 15_000;
export const RENEW_MS = 5_000;

export interface FocusParts {
  hold(message: string): Promise<void>;
  release(): Promise<void>;
  /** Calls back every so many milliseconds, also while nobody looks at the page; the answer stops that. */
  every(ms: number, call: () => void): () => void;
  onChange: (isHolding: boolean) => void;
  /** It was lost while it was held: taken by somebody else, session or lesson over. */
  onLost: (error: unknown) => void;
}

/** After these the next renewal may still come in time. */
const PASSING: readonly Code[] = [
  Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted, Code.Aborted, Code.Unknown, Code.Internal, Code.Canceled,
];

export class FocusKeeper {
  private stopRenewing: (() => void) | undefined;
  private isRenewing = false;

  constructor(private readonly given: FocusParts) {}

  get isHolding(): boolean {
    return this.stopRenewing !== undefined;
  }

  /** Asks for it. Rejects with the server's refusal, FOCUS_HELD when another teacher was faster. */
  async take(message: string): Promise<void> {
    await this.given.hold(message);
    this.stopRenewing?.();
    this.stopRenewing = this.given.every(RENEW_MS, () => void this.renew(message));
    this.given.onChange(true);
  }

  async release(): Promise<void> {
    this.letGo();
    await this.given.release();
  }

  /** Renews no more; what is held ends by itself. */
  letGo(): void {
    if (this.stopRenewing === undefined) return;
    this.stopRenewing();
    this.stopRenewing = undefined;
    this.given.onChange(false);
  }

  private async renew(message: string): Promise<void> {
    // A slow answer must not let calls pile up.
    if (this.isRenewing) return;
    this.isRenewing = true;
    try {
      await this.given.hold(message);
      // Released while the renewal was on its way: it may have come after the release.
      if (!this.isHolding) await this.given.release();
    } catch (error) {
      if (this.isHolding && !PASSING.includes(detailsOf(error).code)) {
        this.letGo();
        this.given.onLost(error);
      }
    } finally {
      this.isRenewing = false;
    }
  }
}
