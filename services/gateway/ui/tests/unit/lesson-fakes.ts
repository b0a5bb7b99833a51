// A lesson kept in memory, told over connections that a test opens, cuts and leaves hanging.

import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  GetLessonResponseSchema, LessonEventSchema, Presence, type ReceiptState,
  type GetLessonResponse, type LessonEvent,
} from '../../src/gen/preau/classroom/v1/lessons_pb';
import type { LessonTransport, Told } from '../../src/lib/lesson/follow';

export const NOW = 1_800_000_000_000;


type Init = Parameters<typeof create<typeof LessonEventSchema>>[1];
const made = (cursor: number, init: Init): LessonEvent => create(LessonEventSchema, { cursor: BigInt(cursor), at: timestampFromMs(NOW), ...init });

export const presence = (cursor: number, personId: string, as: Presence): LessonEvent =>
  made(cursor, { what: { case: 'presence', value: { personId, presence: as } } });
export const hand = (cursor: number, personId: string, raised: boolean): LessonEvent =>
  made(cursor, { what: { case: 'hand', value: { personId, raised } } });
export const link = (cursor: number, pushId: string): LessonEvent =>
  made(cursor, { what: { case: 'pushed', value: { pushId, title: pushId, what: { case: 'link', value: 'https://exemple.fr/' } } } });
export const focus = (cursor: number, endsAt: number | undefined): LessonEvent =>
  made(cursor, {
    what: { case: 'focus', value: endsAt === undefined ? {} : { focus: { teacherId: 't', message: 'Ici', endsAt: timestampFromMs(endsAt) } } },
  });
export const receipt = (cursor: number, pushId: string, personId: string, state: ReceiptState): LessonEvent =>
  made(cursor, { what: { case: 'receipt', value: { pushId, receipt: { personId, state } } } });
export const ended = (cursor: number): LessonEvent => made(cursor, { what: { case: 'ended', value: {} } });

interface Connection {
  cursor: bigint;
  signal: AbortSignal;
  open: () => void;
  push: (told: Told) => void;
  end: (error?: unknown) => void;
}

/** Every Watch opens at once and tells the log after its cursor, unless the test says otherwise. */
export class FakeLesson implements LessonTransport {
  answer: GetLessonResponse = create(GetLessonResponseSchema, {
    lesson: { lessonId: 'l', classId: 'c', className: '2de A', teacherId: 't' },
    participants: [
      { personId: 't', presence: Presence.HERE, isTeacher: true },
      { personId: 'a', presence: Presence.ABSENT },
      { personId: 'b', presence: Presence.ABSENT },
    ],
    cursor: 10n,
  });
  log: LessonEvent[] = [];
  looks = 0;
  readonly connections: Connection[] = [];
  /** Thrown by the next looks, and by the next Watches before they open, one each. */
  readonly looksFail: unknown[] = [];
  readonly watchesFail: unknown[] = [];
  /** Watches are neither opened nor refused. */
  hangs = false;

  look = (): Promise<GetLessonResponse> => {
    this.looks += 1;
    const error = this.looksFail.shift();
    return error === undefined ? Promise.resolve(this.answer) : Promise.reject(error);
  };

  watch = (cursor: bigint, signal: AbortSignal, onOpen: () => void): AsyncIterable<Told> => {
    const queue: (Told | { error: unknown } | 'end')[] = [];
    let wake: () => void = () => undefined;
    const put = (one: (typeof queue)[number]): void => {
      queue.push(one);
      wake();
    };
    const connection: Connection = {
      cursor, signal, open: onOpen, push: put,
      end: (error) => put(error === undefined ? 'end' : { error }),
    };
    this.connections.push(connection);
    signal.addEventListener('abort', () => connection.end(new ConnectError('aborted', Code.Canceled)));
    const error = this.watchesFail.shift();
    if (error !== undefined) connection.end(error);
    else if (!this.hangs) {
      queueMicrotask(onOpen);
      const missed = this.log.filter((one) => one.cursor > cursor);
      if (missed.length > 0) put({ events: missed, cursor: missed.at(-1)?.cursor ?? cursor });
    }
    return {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const one = queue.shift();
          if (one === undefined) await new Promise<void>((resolve) => (wake = resolve));
          else if (one === 'end') return;
          else if ('error' in one) throw one.error;
          else yield one;
        }
      },
    };
  };

  get last(): Connection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error('nothing was ever connected');
    return connection;
  }

  get live(): number {
    return this.connections.filter(({ signal }) => !signal.aborted).length;
  }

  /** It happens, and is told to whoever is connected. */
  happen(...events: LessonEvent[]): void {
    this.log.push(...events);
    const cursor = events.at(-1)?.cursor ?? 0n;
    for (const { signal, push } of this.connections) if (!signal.aborted) push({ events, cursor });
  }
}
