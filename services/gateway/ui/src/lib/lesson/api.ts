// Lessons on the server, typed, and the browser's side of following one.

import { createClient } from '@connectrpc/connect';
import { LessonService, type Lesson } from '$gen/preau/classroom/v1/lessons_pb';
import { ClassService, Part, type Class } from '$gen/preau/roster/v1/classes_pb';
import { call } from '../call';
import { required } from '../required';
import { transport } from '../transport';
import type { LessonTransport } from './follow';
import { milliseconds } from './state';
import type { ServerClock } from './server-clock';

export const lessons = createClient(LessonService, transport);
const classes = createClient(ClassService, transport);

export interface Enrolment {
  class: Class;
  part: Part;
}

/** The classes of the reader, with their part in each. */
export async function listMyClasses(): Promise<Enrolment[]> {
  const answer = await call(() => classes.listMyClasses({}));
  return answer.classes.map(({ class: one, part }) => ({ class: required(one, 'class'), part }));
}

export async function startLesson(classId: string): Promise<Lesson> {
  return required((await call(() => lessons.startLesson({ classId }))).lesson, 'lesson');
}

/** `serverClock` hears every date that arrives. */
export function lessonTransport(lessonId: string, serverClock: ServerClock): LessonTransport {
  const hearHeader = (header: Headers): void => serverClock.heard(Date.parse(header.get('date') ?? ''));
  return {
    look: (signal) => lessons.getLesson({ lessonId }, { signal, onHeader: hearHeader }),
    async *watch(cursor, signal, onOpen) {
      const onHeader = (header: Headers): void => {
        hearHeader(header);
        onOpen();
      };
      // It lasts as long as it lasts: the follower notices when nothing comes any more.
      for await (const told of lessons.watch({ lessonId, cursor }, { signal, timeoutMs: 0, onHeader })) {
        for (const { at } of told.events) serverClock.heard(milliseconds(at));
        yield told;
      }
    },
  };
}
