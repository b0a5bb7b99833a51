// One lesson on one page: the follower with the browser's network, and whether attention is asked for right now.

import { call } from '../call';
import { clock } from '../clock';
import { session } from '../session.svelte';
import { lessons, lessonTransport } from './api';
import { LEASE_MS } from './focus';
import { Follower, type View } from './follow';
import { ServerClock } from './server-clock';
import type { Attention, LessonState } from './state';

/** A pupil learns their place in the order by asking: other hands are the teacher's to see. Milliseconds, and as many by chance. */
const PLACE_MS = 6_000;

export class Following {
  view = $state.raw<View>({ kind: 'looking', isConnected: true });
  /** Somebody asks for attention, and the lease has not ended. */
  isAttentionAsked = $state(false);
  /** Of the reader's own hand, from 1; 0 while it is down or not known yet. */
  place = $state(0);

  private readonly serverClock = new ServerClock(() => performance.now());
  private readonly follower: Follower;
  private attention: Attention | undefined;
  private isHandUp = false;
  private cancelEnd: () => void = () => undefined;
  private cancelPlace: () => void = () => undefined;

  constructor(
    readonly lessonId: string,
    private readonly me: string,
  ) {
    this.follower = new Follower({
      transport: lessonTransport(lessonId, this.serverClock),
      clock,
      random: Math.random,
      onChange: (view) => this.changed(view),
      renewed: (error) => session.again(error),
    });
  }

  get state(): LessonState | undefined {
    return this.view.kind === 'following' || this.view.kind === 'over' ? this.view.state : undefined;
  }

  /** The answer closes the connection. */
  start(): () => void {
    const online = (): void => this.follower.online();
    const visible = (): void => {
      if (document.visibilityState === 'visible') this.follower.visible();
    };
    addEventListener('online', online);
    document.addEventListener('visibilitychange', visible);
    void this.follower.run();
    return () => {
      removeEventListener('online', online);
      document.removeEventListener('visibilitychange', visible);
      this.follower.stop();
      this.cancelEnd();
      this.isHandUp = false;
      this.cancelPlace();
    };
  }

  private changed(view: View): void {
    this.view = view;
    const { state } = this;
    if (state?.attention !== this.attention) this.attend(state?.attention);
    const isHandUp = view.kind === 'following' && view.state.hands.includes(this.me);
    if (isHandUp !== this.isHandUp) this.handMoved(isHandUp);
  }

  /** It ends by itself, also when nothing arrives any more. */
  private attend(attention: Attention | undefined): void {
    this.cancelEnd();
    this.attention = attention;
    const left = attention === undefined ? 0 : this.serverClock.until(attention.endsAt, LEASE_MS);
    this.isAttentionAsked = left > 0;
    if (left > 0) this.cancelEnd = clock.after(left, () => (this.isAttentionAsked = false));
  }

  private handMoved(isUp: boolean): void {
    this.isHandUp = isUp;
    this.place = 0;
    this.cancelPlace();
    const isTeacher = this.state?.people.get(this.me)?.isTeacher ?? false;
    if (isUp && !isTeacher) void this.askPlace();
  }

  private async askPlace(): Promise<void> {
    try {
      const { participants } = await call(() => lessons.getLesson({ lessonId: this.lessonId }));
      if (this.isHandUp) this.place = participants.find(({ personId }) => personId === this.me)?.hand ?? 0;
    } catch {
      // The place stays what it was; the follower tells what is wrong with the network.
    }
    if (this.isHandUp) this.cancelPlace = clock.after(PLACE_MS * (1 + Math.random()), () => void this.askPlace());
  }
}
