// The lessons of an in-memory Préau: one log for each, told to whoever watches, with the server's rules.

import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampNow } from '@bufbuild/protobuf/wkt';
import { Code, type ConnectRouter, type HandlerContext } from '@connectrpc/connect';
import {
  FocusSchema, LessonEventSchema, LessonSchema, LessonService, Presence, PushedSchema, ReceiptState,
  type Focus, type Lesson, type LessonEvent, type Pushed,
} from '../../src/gen/preau/classroom/v1/lessons_pb';
import { refusal } from '../unit/fakes';

const LEASE_MS = 15_000;

type What = LessonEvent['what'];
type Told = NonNullable<Parameters<typeof create<typeof LessonEventSchema>>[1]>['what'];

interface Running {
  lesson: Lesson;
  log: LessonEvent[];
  presence: Map<string, Presence>;
  hands: string[];
  pushed: Pushed[];
  focus: Focus | undefined;
  lapse: NodeJS.Timeout | undefined;
  watchers: Map<string, number>;
  /** Wakes every Watch. */
  wake: Set<() => void>;
}

export interface ClassOf {
  classId: string;
  schoolId: string;
  name: string;
  pupils: readonly string[];
  teachers: readonly string[];
}

export class FakeLessons {
  readonly running: Running[] = [];
  /** Cursors that Watch was asked to go on from, by person. */
  readonly watches: { personId: string; cursor: bigint }[] = [];
  /** HoldFocus calls by person. */
  readonly holds: string[] = [];

  constructor(
    private readonly classes: readonly ClassOf[],
    private readonly who: (context: HandlerContext) => string,
  ) {}

  stop(): void {
    for (const { lapse } of this.running) clearTimeout(lapse);
  }

  /** The lesson of that class, begun by a teacher of it. */
  start(classId: string, teacherId: string): Running {
    const known = this.running.find(({ lesson }) => lesson.classId === classId && lesson.endedAt === undefined);
    if (known) {
      if (known.lesson.teacherId === teacherId) return known;
      throw refusal(Code.FailedPrecondition, 'LESSON_RUNNING', 0, { lesson_id: known.lesson.lessonId });
    }
    const { name, schoolId } = this.classOf(classId);
    const lesson = create(LessonSchema, {
      lessonId: `l${this.running.length + 1}`, classId, schoolId, className: name, teacherId, startedAt: timestampNow(),
    });
    const fresh: Running = {
      lesson, log: [], presence: new Map(), hands: [], pushed: [], focus: undefined, lapse: undefined,
      watchers: new Map(), wake: new Set(),
    };
    this.running.push(fresh);
    return fresh;
  }

  /** Whether anybody holds a Watch on it as that person. */
  watching(running: Running, personId: string): number {
    return running.watchers.get(personId) ?? 0;
  }

  setPresence(running: Running, personId: string, presence: Presence): void {
    running.presence.set(personId, presence);
    this.happen(running, { case: 'presence', value: { personId, presence, isTeacher: this.teaches(running, personId) } });
  }

  setHand(running: Running, personId: string, raised: boolean): void {
    if (running.hands.includes(personId) === raised) return;
    running.hands = raised ? [...running.hands, personId] : running.hands.filter((id) => id !== personId);
    this.happen(running, { case: 'hand', value: { personId, raised } });
  }

  setFocus(running: Running, focus: Focus | undefined): void {
    clearTimeout(running.lapse);
    running.focus = focus;
    this.happen(running, { case: 'focus', value: focus ? { focus } : {} });
    if (focus) running.lapse = setTimeout(() => this.setFocus(running, undefined), LEASE_MS);
  }

  push(running: Running, pushed: Pushed): void {
    running.pushed.push(pushed);
    this.happen(running, { case: 'pushed', value: pushed });
  }

  receive(running: Running, pushId: string, personId: string, state: ReceiptState): void {
    this.happen(running, { case: 'receipt', value: { pushId, receipt: { personId, state, at: timestampNow() } } });
    const receipts = running.pushed.find((one) => one.pushId === pushId)?.receipts;
    const known = receipts?.find((one) => one.personId === personId);
    if (known) known.state = Math.max(known.state, state);
    else receipts?.push({ $typeName: 'preau.classroom.v1.Receipt', personId, state });
  }

  end(running: Running): void {
    running.lesson.endedAt = timestampNow();
    this.happen(running, { case: 'ended', value: {} });
  }

  /** Forgets the log: every cursor before now is unknown from then on. */
  trim(running: Running): void {
    running.log = running.log.slice(-1);
  }

  routes(router: ConnectRouter, check: () => void): void {
    const reach = (lessonId: string, context: HandlerContext): { running: Running; me: string } => {
      check();
      const me = this.who(context);
      const running = this.running.find(({ lesson }) => lesson.lessonId === lessonId);
      if (!running || !this.isOf(running.lesson.classId, me)) throw refusal(Code.NotFound, 'NOT_FOUND');
      return { running, me };
    };
    const inLesson: typeof reach = (lessonId, context) => {
      const found = reach(lessonId, context);
      if (found.running.lesson.endedAt) throw refusal(Code.FailedPrecondition, 'LESSON_OVER');
      return found;
    };
    router.service(LessonService, {
      startLesson: ({ classId }, context) => {
        check();
        return { lesson: this.start(classId, this.who(context)).lesson };
      },
      listLessons: (_, context) => {
        check();
        const me = this.who(context);
        return { lessons: this.running.map(({ lesson }) => lesson).filter((one) => !one.endedAt && this.isOf(one.classId, me)) };
      },
      getLesson: ({ lessonId }, context) => {
        const { running, me } = reach(lessonId, context);
        return this.snapshot(running, me);
      },
      endLesson: ({ lessonId }, context) => {
        const { running } = reach(lessonId, context);
        if (!running.lesson.endedAt) this.end(running);
        return {};
      },
      watch: ({ lessonId, cursor }, context) => {
        const { running, me } = reach(lessonId, context);
        this.watches.push({ personId: me, cursor });
        return this.follow(running, me, cursor, context.signal);
      },
      setHand: ({ lessonId, raised, personId }, context) => {
        const { running, me } = inLesson(lessonId, context);
        this.setHand(running, personId || me, raised);
        return {};
      },
      push: ({ lessonId, pushId, what, title }, context) => {
        const { running } = inLesson(lessonId, context);
        const known = running.pushed.find((one) => one.pushId === pushId);
        const pushed = known ?? create(PushedSchema, { pushId, what, title, pushedAt: timestampNow() });
        if (!known) this.push(running, pushed);
        return { pushed };
      },
      acknowledge: ({ lessonId, pushId, state }, context) => {
        const { running, me } = inLesson(lessonId, context);
        this.receive(running, pushId, me, state);
        return {};
      },
      holdFocus: ({ lessonId, message }, context) => {
        const { running, me } = inLesson(lessonId, context);
        if (running.focus && running.focus.teacherId !== me) throw refusal(Code.FailedPrecondition, 'FOCUS_HELD');
        this.holds.push(me);
        const focus = create(FocusSchema, { teacherId: me, message, endsAt: timestampFromMs(Date.now() + LEASE_MS) });
        this.setFocus(running, focus);
        return { focus };
      },
      releaseFocus: ({ lessonId }, context) => {
        const { running } = inLesson(lessonId, context);
        this.setFocus(running, undefined);
        return {};
      },
    });
  }

  private snapshot(running: Running, me: string) {
    const { pupils, teachers } = this.classOf(running.lesson.classId);
    const isTeacher = teachers.includes(me);
    const people = [...teachers, ...(isTeacher ? pupils : [me])];
    return {
      lesson: running.lesson,
      participants: people.map((personId) => ({
        personId,
        presence: running.presence.get(personId) ?? Presence.ABSENT,
        hand: running.hands.indexOf(personId) + 1,
        isTeacher: teachers.includes(personId),
      })),
      ...(running.focus ? { focus: running.focus } : {}),
      pushed: running.pushed.map((one) => ({ ...one, receipts: isTeacher ? one.receipts : one.receipts.filter(({ personId }) => personId === me) })),
      cursor: running.log.at(-1)?.cursor ?? 0n,
    };
  }

  private async *follow(running: Running, me: string, from: bigint, signal: AbortSignal) {
    const first = running.log[0]?.cursor ?? from;
    if (from + 1n < first) throw refusal(Code.OutOfRange, 'CURSOR_UNKNOWN');
    running.watchers.set(me, this.watching(running, me) + 1);
    this.setPresence(running, me, Presence.HERE);
    let cursor = from;
    let wake: () => void = () => undefined;
    signal.addEventListener('abort', () => wake(), { once: true });
    try {
      while (!signal.aborted) {
        const news = running.log.filter((event) => event.cursor > cursor);
        const last = news.at(-1);
        if (last === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            running.wake.add(resolve);
          });
          continue;
        }
        cursor = last.cursor;
        yield { events: news.filter(({ what }) => this.sees(running, me, what)), cursor };
        if (last.what.case === 'ended') return;
      }
    } finally {
      const left = this.watching(running, me) - 1;
      running.watchers.set(me, left);
      if (left === 0 && !running.lesson.endedAt) this.setPresence(running, me, Presence.OFFLINE);
    }
  }

  private happen(running: Running, what: Told): void {
    const cursor = (running.log.at(-1)?.cursor ?? 0n) + 1n;
    running.log.push(create(LessonEventSchema, { cursor, at: timestampNow(), ...(what ? { what } : {}) }));
    const wake = [...running.wake];
    running.wake.clear();
    for (const one of wake) one();
  }

  /** Other pupils' presence, hands and receipts are the teachers' to see. */
  private sees(running: Running, me: string, what: What): boolean {
    if (this.teaches(running, me)) return true;
    if (what.case === 'presence' || what.case === 'hand') return what.value.personId === me || what.value.isTeacher;
    return what.case !== 'receipt' || what.value.receipt?.personId === me;
  }

  private classOf(classId: string): ClassOf {
    const found = this.classes.find((one) => one.classId === classId);
    if (!found) throw refusal(Code.NotFound, 'NOT_FOUND');
    return found;
  }

  private isOf(classId: string, personId: string): boolean {
    const { pupils, teachers } = this.classOf(classId);
    return pupils.includes(personId) || teachers.includes(personId);
  }

  private teaches({ lesson }: Running, personId: string): boolean {
    return this.classOf(lesson.classId).teachers.includes(personId);
  }
}
