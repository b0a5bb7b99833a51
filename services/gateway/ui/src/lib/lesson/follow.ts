// Follows one lesson for as long as somebody looks at it, over whatever the network does meanwhile.
//
// looking → following → over, gone or refused. A lost Watch is opened again at once, from the cursor after the last
// event that was folded in: nothing is missed, nothing is told twice. It knows neither the browser nor the network:
// transport, clock and chance come in.

import { Code } from '@connectrpc/connect';
import type { GetLessonResponse, LessonEvent } from '$gen/preau/classroom/v1/lessons_pb';
import { detailsOf } from '../details';
import type { Clock } from '../upload/types';
import { fold, opened, passed, type LessonState } from './state';

/** A network that is back is used within two seconds: no wait is longer, unless the server asks for it. */
const LONGEST_MS = 1_500;
const FIRST_MS = 200;
/** Nothing came for so long, although the server says something every 20 s: the connection is dead. */
const STALLED_MS = 45_000;
/** As much silence is a doubt, when there is a reason to look. */
const DOUBT_MS = 25_000;
/** A try that is not answered by then is given up for another. */
const PATIENCE_MS = 4_000;
/** Being without a connection for less is nobody's business. */
const UNNOTICED_MS = 1_000;
/** A connection that lived for so long was one. */
const STEADY_MS = 2_000;

export interface Told {
  events: LessonEvent[];
  cursor: bigint;
}

export interface LessonTransport {
  look(signal: AbortSignal): Promise<GetLessonResponse>;
  /** `onOpen` is called once the server answers, which may be long before the first event. */
  watch(cursor: bigint, signal: AbortSignal, onOpen: () => void): AsyncIterable<Told>;
}

export interface FollowParts {
  transport: LessonTransport;
  clock: Clock;
  random: () => number;
  onChange: (view: View) => void;
  /** The session ended: resolves when somebody signed in again, rejects when nobody will. */
  renewed: (error: unknown) => Promise<void>;
}

export type View =
  | { kind: 'looking'; isConnected: boolean }
  | { kind: 'following'; state: LessonState; isConnected: boolean }
  | { kind: 'over'; state: LessonState }
  /** There is no such lesson, or the reader is no longer of the class. */
  | { kind: 'gone' }
  | { kind: 'refused'; error: unknown };

type After = 'again' | 'anew' | 'stop';

export class Follower {
  view: View = { kind: 'looking', isConnected: true };
  private state: LessonState | undefined;
  /** What is shown cannot be gone on from: the lesson is read anew. */
  private isStale = true;
  /** Tries since the last connection that was one. */
  private attempt = 0;
  private isOpen = false;
  private heardAt = 0;
  private isStopped = false;
  /** Ends the connection, or the wait for the next. */
  private cut: () => void = () => undefined;

  constructor(private readonly given: FollowParts) {}

  /** Follows until the lesson is over or `stop`. Never rejects. */
  async run(): Promise<void> {
    while (!this.isStopped) {
      const began = this.given.clock.now();
      const [after, atLeast] = await this.once();
      if (after === 'stop' || this.isStopped) return;
      if (this.isOpen && this.given.clock.now() - began >= STEADY_MS) this.attempt = 0;
      this.isOpen = false;
      if (after === 'anew') this.isStale = true;
      await this.pause(atLeast);
    }
  }

  stop(): void {
    this.isStopped = true;
    this.cut();
  }

  /** The network came back: what was connected before it went is not to be trusted. */
  online(): void {
    this.attempt = 0;
    this.cut();
  }

  /** Somebody looks at the page again. */
  visible(): void {
    const silence = this.given.clock.now() - this.heardAt;
    if (!this.isOpen || silence > DOUBT_MS) this.online();
  }

  /** One connection from its opening to its end: what to do then, and the milliseconds the server asks to wait. */
  private async once(): Promise<[After, number]> {
    const connection = new AbortController();
    const timers = new Timers(this.given.clock);
    this.cut = () => connection.abort();
    this.heard();
    timers.set('patience', PATIENCE_MS, this.cut);
    timers.set('unnoticed', UNNOTICED_MS, () => this.lost());
    try {
      const after = await racing(connection.signal, this.follow(connection.signal, timers));
      return [after, 0];
    } catch (error) {
      return connection.signal.aborted ? ['again', 0] : this.afterError(error);
    } finally {
      timers.clear();
      // The iterator of a stream cannot be told to end: only its signal can.
      connection.abort();
      this.cut = () => undefined;
    }
  }

  private async follow(signal: AbortSignal, timers: Timers): Promise<After> {
    const { transport } = this.given;
    const state = await this.known(signal);
    if (state === undefined) return 'again';
    if (state.isOver) return this.end(state);
    timers.set('patience', PATIENCE_MS, this.cut);
    const watched = transport.watch(state.cursor, signal, () => {
      if (!signal.aborted) this.open(timers);
    });
    for await (const told of watched) {
      // What arrives of a connection that was given up may be told by the next, too.
      if (signal.aborted) return 'again';
      this.open(timers);
      this.attempt = 0;
      const now = this.take(told);
      if (now?.isOver) return this.end(now);
    }
    return 'again';
  }

  /** From where to go on; `undefined` when that was given up. */
  private async known(signal: AbortSignal): Promise<LessonState | undefined> {
    if (this.state !== undefined && !this.isStale) return this.state;
    const answer = await this.given.transport.look(signal);
    if (signal.aborted) return undefined;
    this.state = opened(answer);
    this.isStale = false;
    if (!this.state.isOver) this.show(this.view.kind !== 'following' || this.view.isConnected);
    return this.state;
  }

  private open(timers: Timers): void {
    this.isOpen = true;
    this.heard();
    timers.drop('patience');
    timers.drop('unnoticed');
    timers.set('stalled', STALLED_MS, this.cut);
    if (this.view.kind === 'following' && !this.view.isConnected) this.show(true);
  }

  private take({ events, cursor }: Told): LessonState | undefined {
    if (this.state === undefined) return undefined;
    this.state = passed(events.reduce(fold, this.state), cursor);
    if (events.length > 0) this.show(true);
    return this.state;
  }

  private async afterError(error: unknown): Promise<[After, number]> {
    const { code, retryAfter } = detailsOf(error);
    switch (code) {
      case Code.OutOfRange:
        return ['anew', retryAfter];
      case Code.NotFound:
        this.to({ kind: 'gone' });
        return ['stop', 0];
      case Code.PermissionDenied:
      case Code.InvalidArgument:
      case Code.Unimplemented:
        this.to({ kind: 'refused', error });
        return ['stop', 0];
      case Code.Unauthenticated:
        return this.expired(error);
      default:
        // Lost at the first failed try: the one that follows a connection at once mostly succeeds.
        if (!this.isOpen) this.lost();
        return ['again', retryAfter];
    }
  }

  private async expired(error: unknown): Promise<[After, number]> {
    this.lost();
    try {
      await this.given.renewed(error);
      return ['again', 0];
    } catch {
      return ['stop', 0];
    }
  }

  /** Not at all the first time, then full jitter, so that a class of thirty does not come back at once. */
  private async pause(atLeast: number): Promise<void> {
    const { clock, random } = this.given;
    const attempt = this.attempt++;
    const ceiling = attempt === 0 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10));
    const wait = atLeast + Math.floor(random() * ceiling);
    if (wait === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(wait, resolve);
      this.cut = () => {
        cancel();
        resolve();
      };
    });
  }

  private lost(): void {
    if (this.view.kind === 'looking') this.to({ kind: 'looking', isConnected: false });
    else if (this.view.kind === 'following' && this.view.isConnected) this.show(false);
  }

  private heard(): void {
    this.heardAt = this.given.clock.now();
  }

  private show(isConnected: boolean): void {
    if (this.state !== undefined) this.to({ kind: 'following', state: this.state, isConnected });
  }

  private end(state: LessonState): After {
    this.to({ kind: 'over', state });
    return 'stop';
  }

  private to(view: View): void {
    if (this.isStopped) return;
    this.view = view;
    this.given.onChange(view);
  }
}

/** Settles as soon as the signal aborts, however long the work takes to notice. */
function racing<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('given up')), { once: true });
    work.then(resolve, reject);
  });
}

class Timers {
  private readonly running = new Map<string, () => void>();

  constructor(private readonly clock: Clock) {}

  set(name: string, ms: number, call: () => void): void {
    this.drop(name);
    this.running.set(name, this.clock.after(ms, call));
  }

  drop(name: string): void {
    this.running.get(name)?.();
    this.running.delete(name);
  }

  clear(): void {
    for (const name of [...this.running.keys()]) this.drop(name);
  }
}
