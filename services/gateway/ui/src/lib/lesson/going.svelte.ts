// The lessons that go on for the pupil at this page, and the notice when one begins.

import type { Lesson } from '$gen/preau/classroom/v1/lessons_pb';
import { clock } from '../clock';
import { i18n } from '../i18n.svelte';
import { notices } from '../notices.svelte';
import { paths, router } from '../router.svelte';
import { session } from '../session.svelte';
import { lessons } from './api';
import { Going, OFTEN_MS, SELDOM_MS } from './going';

class GoingLessons {
  /** `undefined` while nobody asked. */
  list = $state.raw<Lesson[]>();
  private readonly told = new Map<string, number>();

  private readonly going = new Going({
    list: async () => (await lessons.listLessons({})).lessons,
    clock,
    random: Math.random,
    isVisible: () => document.visibilityState === 'visible',
    onChange: (list) => (this.list = list),
    onBegun: (lesson) => this.tell(lesson),
    onEnded: (lessonId) => this.hush(lessonId),
  });

  /** The answer ends it, and forgets what was known. */
  start(): () => void {
    const look = (): void => this.going.look();
    document.addEventListener('visibilitychange', look);
    addEventListener('online', look);
    this.going.start();
    return () => {
      document.removeEventListener('visibilitychange', look);
      removeEventListener('online', look);
      this.going.stop();
      this.list = undefined;
      for (const lessonId of [...this.told.keys()]) this.hush(lessonId);
    };
  }

  /** Somebody waits for a lesson; the answer ends that. */
  hurry(): () => void {
    this.going.every(OFTEN_MS);
    return () => this.going.every(SELDOM_MS);
  }

  /** Takes back the notice of that lesson. */
  hush(lessonId: string): void {
    const notice = this.told.get(lessonId);
    if (notice !== undefined) notices.close(notice);
    this.told.delete(lessonId);
  }

  private tell({ lessonId, className, teacherId }: Lesson): void {
    const { route } = router;
    if (route.page === 'lessons' && route.lessonId === lessonId) return;
    if (teacherId === session.person?.personId) return;
    const { t } = i18n;
    const run = (): void => router.go(paths.lesson(lessonId));
    this.told.set(lessonId, notices.stay(t.app.lessonBegun(className), { label: t.app.join, run }));
  }
}

export const goingLessons = new GoingLessons();
