// The lessons that go on for the reader: asked for now and then while somebody looks, and told when one begins or ends.

import type { Lesson } from '$gen/preau/classroom/v1/lessons_pb';
import type { Clock } from '../upload/types';

/** Between two questions at least, and as much again by chance: a school does not ask in chorus. */
export const SELDOM_MS = 20_000;
/** For somebody who waits for it. */
export const OFTEN_MS = 5_000;
/** Failures in a row double the wait, up to so many times. */
const MOST_DOUBLINGS = 4;

export interface GoingParts {
  list(): Promise<Lesson[]>;
  clock: Clock;
  random: () => number;
  isVisible: () => boolean;
  onChange: (lessons: Lesson[]) => void;
  onBegun: (lesson: Lesson) => void;
  onEnded: (lessonId: string) => void;
}

export class Going {
  private known = new Set<string>();
  private pace = SELDOM_MS;
  private failures = 0;
  private askedAt = Number.NEGATIVE_INFINITY;
  private cancel: (() => void) | undefined;
  private isAsking = false;
  private isStopped = true;

  constructor(private readonly parts: GoingParts) {}

  start(): void {
    this.isStopped = false;
    void this.ask();
  }

  stop(): void {
    this.isStopped = true;
    this.cancel?.();
    this.known.clear();
  }

  /** Asks at that pace from now on. */
  every(pace: number): void {
    this.pace = pace;
    if (this.isStopped) return;
    this.look();
  }

  /** Somebody looks at the page again, or waits from now on. */
  look(): void {
    if (this.isStopped || this.isAsking) return;
    const left = this.askedAt + this.pace - this.parts.clock.now();
    if (left <= 0) void this.ask();
    else this.plan(left);
  }

  private async ask(): Promise<void> {
    if (this.isAsking) return;
    this.cancel?.();
    // Nobody looks: asked again when somebody does.
    if (!this.parts.isVisible()) return;
    this.isAsking = true;
    this.askedAt = this.parts.clock.now();
    try {
      const lessons = await this.parts.list();
      this.failures = 0;
      if (!this.isStopped) this.tell(lessons);
    } catch {
      // A question of the page's own: what the reader does next will say what is wrong.
      this.failures = Math.min(MOST_DOUBLINGS, this.failures + 1);
    } finally {
      this.isAsking = false;
    }
    if (!this.isStopped) this.plan(this.pace * 2 ** this.failures * (1 + this.parts.random()));
  }

  private tell(lessons: Lesson[]): void {
    const before = this.known;
    this.known = new Set(lessons.map(({ lessonId }) => lessonId));
    this.parts.onChange(lessons);
    for (const lesson of lessons) if (!before.has(lesson.lessonId)) this.parts.onBegun(lesson);
    for (const lessonId of before) if (!this.known.has(lessonId)) this.parts.onEnded(lessonId);
  }

  private plan(ms: number): void {
    this.cancel?.();
    this.cancel = this.parts.clock.after(ms, () => void this.ask());
  }
}
