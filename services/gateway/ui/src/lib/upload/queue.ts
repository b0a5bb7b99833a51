// The upload queue: many files, a few calls in flight over all of them, and whatever happens in between.
//
// It knows neither the browser nor the network: transport, reader, clock and chance come in. An item goes
// waiting → sending → done, leaves to paused, failed or cancelled, and comes back to waiting.

import type { Node } from '$gen/preau/files/v1/files_pb';
import { backoff } from './backoff';
import { UploadItem, isSettled, type ItemState } from './item';
import { Pace } from './pace';
import { perform, type Outcome } from './perform';
import { nextTask, type Task } from './task';
import { Totals } from './totals';
import {
  SourceChanged,
  type Clock,
  type PartReader,
  type Source,
  type Target,
  type UploadTransport,
  type Verdict,
} from './types';

const MOST_ATTEMPTS = 20;

export interface QueueParts {
  transport: UploadTransport;
  read: PartReader;
  classify: (error: unknown) => Verdict;
  clock: Clock;
  random: () => number;
  /** Something that can be seen changed. Called often: batch it. */
  onChange?: () => void;
  onDone?: (item: UploadItem, node: Node) => void;
  /** The session ended; call `renewed` after signing in again. */
  onExpired?: () => void;
}



export class UploadQueue {
  readonly items: UploadItem[] = [];
  readonly totals = new Totals();
  /** Waiting for somebody to sign in again. */
  expired = false;

  // Insertion order is sending order; removal costs nothing, which matters with ten thousand files.
  private readonly runnable = new Set<UploadItem>();
  private inFlight = 0;
  private readonly pace = new Pace();
  private failures = 0;
  private round = 0;
  private notBefore = 0;
  private cancelWake: (() => void) | undefined;
  private nextId = 1;

  constructor(private readonly given: QueueParts) {}

  /** Whether anything moves, or would if it could. */
  get isActive(): boolean {
    return this.runnable.size > 0;
  }

  add(files: Iterable<{ source: Source; target: Target }>): UploadItem[] {
    const added: UploadItem[] = [];
    for (const { source, target } of files) {
      const item = new UploadItem(this.nextId++, source, target);
      this.items.push(item);
      this.totals.add(item);
      this.runnable.add(item);
      added.push(item);
    }
    this.pump();
    return added;
  }

  pause(item: UploadItem): void {
    if (item.state !== 'waiting' && item.state !== 'sending') return;
    this.leave(item, 'paused');
    item.interrupt();
    this.pump();
  }

  resume(item: UploadItem): void {
    if (item.state === 'paused') this.enter(item);
  }

  pauseAll(): void {
    for (const item of [...this.runnable]) this.pause(item);
  }

  resumeAll(): void {
    for (const item of this.items) this.resume(item);
  }

  /** Tries a failed file again, perhaps under another name. */
  retry(item: UploadItem, name?: string): void {
    if (item.state !== 'failed') return;
    if (name !== undefined) {
      this.discard(item);
      item.target.name = name;
    }
    if (item.upload !== undefined) item.mustLook = true;
    item.error = undefined;
    this.enter(item);
  }

  retryAll(): void {
    for (const item of this.items) if (!(item.error instanceof SourceChanged)) this.retry(item);
  }

  cancel(item: UploadItem): void {
    if (item.state === 'done' || item.state === 'cancelled') return;
    this.leave(item, 'cancelled');
    item.interrupt();
    this.discard(item);
    this.pump();
  }

  cancelAll(): void {
    for (const item of this.items) this.cancel(item);
  }

  /** Forgets what is done or cancelled. */
  clearSettled(): void {
    const kept = this.items.filter((item) => !isSettled(item.state) || item.state === 'failed');
    this.items.splice(0, this.items.length, ...kept);
    this.totals.recount(this.items);
    this.changed();
  }

  /** Somebody signed in again. */
  renewed(): void {
    this.expired = false;
    this.wakeNow();
  }

  /** The network came back: no need to sit out the wait. */
  wakeNow(): void {
    this.notBefore = 0;
    for (const item of this.runnable) item.notBefore = 0;
    this.pump();
  }

  private enter(item: UploadItem): void {
    item.attempts = 0;
    item.notBefore = 0;
    this.setState(item, 'waiting');
    this.runnable.add(item);
    this.pump();
  }

  private leave(item: UploadItem, state: ItemState): void {
    this.runnable.delete(item);
    this.setState(item, state);
  }

  private setState(item: UploadItem, state: ItemState): void {
    this.totals.move(item, state);
    this.changed();
  }

  private changed(): void {
    this.given.onChange?.();
  }

  /** Starts what can start. */
  private pump(): void {
    this.cancelWake?.();
    this.cancelWake = undefined;
    if (this.expired) return;
    const now = this.given.clock.now();
    let wake = this.notBefore > now ? this.notBefore : Infinity;
    if (wake === Infinity) {
      for (const item of this.runnable) {
        if (this.inFlight >= this.pace.limit) break;
        if (item.notBefore > now) wake = Math.min(wake, item.notBefore);
        else this.startAll(item);
      }
    }
    if (wake !== Infinity && this.inFlight < this.pace.limit) {
      this.cancelWake = this.given.clock.after(wake - now, () => this.pump());
    }
  }

  private startAll(item: UploadItem): void {
    while (this.inFlight < this.pace.limit) {
      const task = nextTask(item);
      if (task === undefined) return;
      void this.run(item, task);
    }
  }

  private async run(item: UploadItem, task: Task): Promise<void> {
    const control = item.control;
    const rounds = { item: item.round, queue: this.round };
    this.inFlight += 1;
    item.busy += 1;
    item.exclusive = task.kind !== 'put';
    if (item.state === 'waiting') this.setState(item, 'sending');
    try {
      const outcome = await perform(item, task, this.given, control.signal);
      if (outcome !== undefined) {
        item.attempts = 0;
        this.apply(item, outcome);
      }
      this.failures = 0;
    } catch (error) {
      if (!control.signal.aborted) this.failed(item, task, error, rounds);
    } finally {
      this.inFlight -= 1;
      item.busy -= 1;
      if (task.kind !== 'put') item.exclusive = false;
      this.changed();
      this.pump();
    }
  }

  private apply(item: UploadItem, outcome: Outcome): void {
    if (outcome.kind === 'opened') this.adopt(item, outcome.upload);
    else if (outcome.kind === 'committed') this.finish(item, outcome.node);
    else {
      this.totals.progress(item, outcome.bytes);
      this.pace.passed();
    }
  }

  private adopt(item: UploadItem, upload: NonNullable<UploadItem['upload']>): void {
    const before = item.sent;
    item.adopt(upload);
    this.totals.sent += item.sent - before;
  }

  private finish(item: UploadItem, node: Node): void {
    this.totals.progress(item, item.total - item.sent);
    item.node = node;
    this.leave(item, 'done');
    this.given.onDone?.(item, node);
  }

  private failed(item: UploadItem, task: Task, error: unknown, rounds: { item: number; queue: number }): void {
    const verdict: Verdict = error instanceof SourceChanged ? { kind: 'changed' } : this.given.classify(error);
    if (task.kind === 'put') item.parts.putBack(task.index);
    switch (verdict.kind) {
      case 'session':
        if (item.upload !== undefined) item.mustLook = true;
        if (this.expired) return;
        this.expired = true;
        this.given.onExpired?.();
        return;
      case 'transient':
        if (verdict.slow && rounds.queue === this.round) this.pace.late();
        this.wait(item, error, verdict.retryAfter, rounds);
        return;
      case 'missing':
        item.mustLook = true;
        this.wait(item, error, 0, rounds);
        return;
      case 'committed':
        if (item.upload !== undefined) this.adopt(item, { ...item.upload, missing: [] });
        this.wait(item, error, 0, rounds);
        return;
      case 'changed':
        this.giveUp(item, error instanceof SourceChanged ? error : new SourceChanged(item.source.name));
        this.discard(item);
        return;
      case 'gone':
        this.giveUp(item, error);
        this.forget(item);
        return;
      case 'final':
        this.giveUp(item, error);
    }
  }

  /** Puts off the item, and everybody: what one call met, the next would meet too. */
  private wait(item: UploadItem, error: unknown, atLeast: number, rounds: { item: number; queue: number }): void {
    const { clock, random } = this.given;
    if (rounds.item === item.round) {
      item.round += 1;
      item.attempts += 1;
      item.notBefore = clock.now() + backoff(item.attempts, atLeast, random);
    }
    if (rounds.queue === this.round) {
      this.round += 1;
      this.failures += 1;
      this.notBefore = clock.now() + backoff(this.failures, atLeast, random);
    }
    if (item.attempts >= MOST_ATTEMPTS) this.giveUp(item, error);
  }

  private giveUp(item: UploadItem, error: unknown): void {
    item.error = error;
    item.interrupt();
    this.leave(item, 'failed');
  }

  /** Tells the server that nobody will finish this upload. It would find out by itself, in days. */
  private discard(item: UploadItem): void {
    const upload = item.upload;
    this.forget(item);
    if (upload !== undefined) void this.given.transport.abort(upload.id).catch(() => undefined);
  }

  private forget(item: UploadItem): void {
    this.totals.sent -= item.sent;
    item.forgetUpload();
  }
}
