import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import {
  GetLessonResponseSchema, LessonEventSchema, LessonSchema, Presence, ReceiptState,
  type Lesson, type LessonEvent,
} from '../../src/gen/preau/classroom/v1/lessons_pb';
import { FocusKeeper } from '../../src/lib/lesson/focus';
import { Going, OFTEN_MS } from '../../src/lib/lesson/going';
import { readLink, readTitle, webAddress } from '../../src/lib/lesson/link';
import { Receipts } from '../../src/lib/lesson/receipts';
import { ServerClock } from '../../src/lib/lesson/server-clock';
import { fold, opened, type LessonState, type Shown } from '../../src/lib/lesson/state';
import { lessonsEn } from '../../src/lib/i18n/lessons.en';
import { lessonsFr } from '../../src/lib/i18n/lessons.fr';
import { randomUuid } from '../../src/lib/uuid';
import { FakeClock, lostConnection, refusal, settle } from './fakes';
import { ended, focus, hand, link, NOW, presence, receipt } from './lesson-fakes';

const ANSWER = create(GetLessonResponseSchema, {
  lesson: { lessonId: 'l', className: '2de A' },
  participants: [
    { personId: 't', presence: Presence.HERE, isTeacher: true },
    { personId: 'a', presence: Presence.HERE, hand: 2 },
    { personId: 'b', presence: Presence.OFFLINE, hand: 1 },
    { personId: 'c', presence: Presence.ABSENT },
  ],
  pushed: [{ pushId: 'x', what: { case: 'nodeId', value: 'n' }, title: 'Plan', receipts: [{ personId: 'a', state: ReceiptState.OPENED }] }],
  cursor: 10n,
});

const after = (...events: LessonEvent[]): LessonState => events.reduce(fold, opened(ANSWER));

describe('a lesson as one sees it', () => {
  it('begins with the hands in their order', () => {
    expect(opened(ANSWER).hands).toEqual(['b', 'a']);
  });

  it('keeps the place of a hand that is up, and lets the others move up', () => {
    expect(after(hand(11, 'c', true), hand(12, 'b', true), hand(13, 'b', false)).hands).toEqual(['a', 'c']);
    expect(after(hand(11, 'b', false), hand(12, 'b', true)).hands).toEqual(['a', 'b']);
  });

  it('takes in somebody who was enrolled meanwhile', () => {
    expect(after(presence(11, 'd', Presence.HERE)).people.get('d')).toEqual({ personId: 'd', presence: Presence.HERE, isTeacher: false });
  });

  it('keeps what was opened opened, and each push once', () => {
    const state = after(link(11, 'y'), receipt(12, 'x', 'a', ReceiptState.RECEIVED), receipt(13, 'x', 'b', ReceiptState.RECEIVED), link(14, 'y'));
    expect(state.pushed.map(({ pushId }) => pushId)).toEqual(['x', 'y']);
    expect([...(state.pushed[0]?.receipts ?? [])]).toEqual([['a', ReceiptState.OPENED], ['b', ReceiptState.RECEIVED]]);
  });

  it('knows who asks for attention, and until when, and ends it with the lesson', () => {
    expect(after(focus(11, NOW + 15_000)).attention).toEqual({ teacherId: 't', message: 'Ici', endsAt: NOW + 15_000 });
    expect(after(focus(11, NOW + 15_000), focus(12, undefined)).attention).toBeUndefined();
    const over = after(focus(11, NOW + 15_000), ended(12));
    expect([over.isOver, over.attention]).toEqual([true, undefined]);
  });

  it('is the same when it is told all of it again', () => {
    const events = [
      hand(11, 'c', true), presence(12, 'c', Presence.HERE), link(13, 'y'), receipt(14, 'y', 'c', ReceiptState.OPENED),
      hand(15, 'b', false), focus(16, NOW), hand(17, 'c', false), hand(18, 'c', true),
    ];
    const once = after(...events);
    expect(events.reduce(fold, once)).toBe(once);
    // What Watch tells first may be in GetLesson's answer already: an older cursor, and the same state at the end.
    const again = events.reduce(fold, { ...once, cursor: 10n });
    expect(again).toEqual(once);
  });

  it('passes over events of a newer server', () => {
    expect(after(create(LessonEventSchema, { cursor: 11n }))).toEqual({ ...opened(ANSWER), cursor: 11n });
  });
});

describe('the server’s clock', () => {
  it('is told from what arrives, however wrong the computer’s is', () => {
    let mono = 1_000;
    const clock = new ServerClock(() => mono);
    expect(clock.until(NOW + 5_000, 15_000)).toBe(15_000);
    clock.heard(NOW - 900);
    clock.heard(NOW);
    clock.heard(NOW - 3_000);
    clock.heard(Number.NaN);
    expect(clock.until(NOW + 5_000, 15_000)).toBe(5_000);
    mono += 4_000;
    expect(clock.until(NOW + 5_000, 15_000)).toBe(1_000);
    expect(clock.until(NOW - 5_000, 15_000)).toBe(0);
    expect(clock.until(NOW + 500_000, 15_000)).toBe(15_000);
  });
});

describe('the class’s attention', () => {
  function keeper() {
    const held: string[] = [];
    const told: (boolean | 'lost')[] = [];
    let [beat, released, fails]: [(() => void) | undefined, number, unknown] = [undefined, 0, undefined];
    const one = new FocusKeeper({
      hold: (message) => (fails === undefined ? Promise.resolve(void held.push(message)) : Promise.reject(fails as Error)),
      release: () => Promise.resolve(void (released += 1)),
      every: (_, call) => {
        beat = call;
        return () => (beat = undefined);
      },
      onChange: (isHolding) => told.push(isHolding),
      onLost: () => told.push('lost'),
    });
    return {
      one, held, told,
      fail: (error: unknown) => (fails = error),
      beat: async () => {
        beat?.();
        await settle();
      },
      get isBeating() { return beat !== undefined; },
      get released() { return released; },
    };
  }

  it('is renewed with the same words until it is given back', async () => {
    const stand = keeper();
    await stand.one.take('Au tableau');
    await stand.beat();
    await stand.beat();
    expect(stand.held).toEqual(['Au tableau', 'Au tableau', 'Au tableau']);
    await stand.one.release();
    expect([stand.isBeating, stand.released, stand.told]).toEqual([false, 1, [true, false]]);
  });

  it('outlasts a network that fails, and not a colleague, a session or a lesson that ends', async () => {
    const stand = keeper();
    await stand.one.take('');
    stand.fail(lostConnection());
    await stand.beat();
    expect(stand.isBeating).toBe(true);
    for (const [code, reason] of [[Code.FailedPrecondition, 'FOCUS_HELD'], [Code.Unauthenticated, 'SESSION_ENDED'], [Code.FailedPrecondition, 'LESSON_OVER']] as const) {
      const other = keeper();
      await other.one.take('');
      other.fail(refusal(code, reason));
      await other.beat();
      expect([other.isBeating, other.told], reason).toEqual([false, [true, false, 'lost']]);
    }
  });

  it('is not taken when a colleague has it', async () => {
    const stand = keeper();
    stand.fail(refusal(Code.FailedPrecondition, 'FOCUS_HELD'));
    await expect(stand.one.take('')).rejects.toThrow();
    expect([stand.isBeating, stand.told]).toEqual([false, []]);
  });
});

describe('receipts', () => {
  const shown = (pushId: string, ...who: string[]): Shown =>
    ({ pushId, what: { kind: 'link', url: 'https://exemple.fr/' }, title: '', receipts: new Map(who.map((one) => [one, ReceiptState.RECEIVED])) });

  function stand() {
    const sent: [string, ReceiptState][] = [];
    const fails: unknown[] = [];
    const clock = new FakeClock();
    const receipts = new Receipts({
      acknowledge: (pushId, state) => {
        const error = fails.shift();
        return error === undefined ? Promise.resolve(void sent.push([pushId, state])) : Promise.reject(error as Error);
      },
      clock,
      random: () => 0.5,
    });
    return { sent, fails, clock, receipts };
  }

  it('are given once for what arrived, and once more for what was opened', async () => {
    const { sent, receipts } = stand();
    receipts.arrived([shown('x', 'me'), shown('y', 'other')], 'me');
    receipts.arrived([shown('x', 'me'), shown('y', 'other')], 'me');
    await settle();
    receipts.arrived([shown('y')], 'me');
    receipts.opened('y');
    receipts.opened('y');
    await settle();
    receipts.arrived([shown('y')], 'me');
    await settle();
    expect(sent).toEqual([['y', ReceiptState.RECEIVED], ['y', ReceiptState.OPENED]]);
  });

  it('that are lost on the way are repeated, those that are refused are not', async () => {
    const { sent, fails, clock, receipts } = stand();
    fails.push(lostConnection(), lostConnection(), refusal(Code.FailedPrecondition, 'LESSON_OVER'));
    receipts.arrived([shown('x'), shown('y')], 'me');
    await settle();
    for (let turn = 0; turn < 2; turn++) {
      clock.advance(clock.next ?? 0);
      await settle();
    }
    expect([sent, clock.next]).toEqual([[['y', ReceiptState.RECEIVED]], undefined]);
  });

  it('say the most that is known when the first was lost', async () => {
    const { sent, fails, clock, receipts } = stand();
    fails.push(lostConnection());
    receipts.arrived([shown('x')], 'me');
    await settle();
    receipts.opened('x');
    clock.advance(clock.next ?? 0);
    await settle();
    expect(sent).toEqual([['x', ReceiptState.OPENED]]);
    receipts.stop();
    expect(clock.next).toBeUndefined();
  });
});

describe('lessons that go on', () => {
  function stand() {
    const clock = new FakeClock();
    const said: string[] = [];
    const server = { lessons: [] as string[], asked: 0, fails: false, visible: true };
    const going = new Going({
      list: () => {
        server.asked += 1;
        if (server.fails) return Promise.reject(lostConnection());
        return Promise.resolve(server.lessons.map((lessonId): Lesson => create(LessonSchema, { lessonId })));
      },
      clock,
      random: () => 0.5,
      isVisible: () => server.visible,
      onChange: () => undefined,
      onBegun: ({ lessonId }) => said.push(`+${lessonId}`),
      onEnded: (lessonId) => said.push(`-${lessonId}`),
    });
    const next = async (): Promise<number> => {
      const wait = clock.next ?? Number.NaN;
      clock.advance(wait);
      await settle();
      return wait;
    };
    return { clock, said, server, going, next };
  }

  it('are told once each, when they begin and when they end', async () => {
    const { said, server, going, next } = stand();
    server.lessons = ['a'];
    going.start();
    await settle();
    server.lessons = ['a', 'b'];
    expect(await next()).toBe(30_000);
    await next();
    server.lessons = ['b'];
    await next();
    expect(said).toEqual(['+a', '+b', '-a']);
  });

  it('are not asked for while nobody looks, and at once when somebody does again', async () => {
    const { clock, server, going, next } = stand();
    going.start();
    await settle();
    server.visible = false;
    await next();
    expect([server.asked, clock.next]).toEqual([1, undefined]);
    server.visible = true;
    going.look();
    await settle();
    expect(server.asked).toBe(2);
    // Switching to and fro asks no oftener.
    going.look();
    going.look();
    await settle();
    expect(server.asked).toBe(2);
  });

  it('are asked for oftener by somebody who waits, and seldomer from a server that fails', async () => {
    const { clock, server, going, next } = stand();
    going.start();
    await settle();
    going.every(OFTEN_MS);
    expect(await next()).toBe(5_000);
    expect(await next()).toBe(7_500);
    server.fails = true;
    await next();
    expect([await next(), await next()]).toEqual([15_000, 30_000]);
    going.stop();
    expect(clock.next).toBeUndefined();
  });
});

describe('a link', () => {
  it('is read as it is typed', () => {
    for (const [typed, link] of [
      ['https://exemple.fr/page', 'https://exemple.fr/page'],
      [' exemple.fr/page?a=1 ', 'https://exemple.fr/page?a=1'],
      ['http://intranet.lycee.fr:8080/x', 'http://intranet.lycee.fr:8080/x'],
      ['serveur.lycee.fr:8080', 'https://serveur.lycee.fr:8080/'],
      ['https://été.fr/leçon', 'https://xn--t-9fab.fr/le%C3%A7on'],
    ]) expect(readLink(typed ?? ''), typed).toEqual({ link });
  });

  it('is refused when it is none, or tells a secret', () => {
    const fault = (typed: string): unknown => (readLink(typed) as { fault?: string }).fault;
    expect(fault(' ')).toBe('empty');
    for (const typed of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'https://', 'deux mots', 'mot']) expect(fault(typed), typed).toBe('notLink');
    expect(fault('https://moi:secret@exemple.fr/')).toBe('credentials');
    expect(fault(`https://exemple.fr/${'x'.repeat(2048)}`)).toBe('long');
  });

  it('from a server is opened only on the web', () => {
    expect(webAddress('javascript:alert(1)')).toBeUndefined();
    expect(webAddress('https://exemple.fr/')?.hostname).toBe('exemple.fr');
  });

  it('has a title of one short line', () => {
    expect(readTitle('  Page 12\n\tet 13\u202e ')).toBe('Page 12 et 13');
    expect([...readTitle('é'.repeat(300))]).toHaveLength(200);
  });

  it('is pushed under an id of its own', () => {
    const ids = Array.from({ length: 100 }, randomUuid);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(100);
  });
});

describe('the texts of lessons', () => {
  it('are none of them empty in either language', () => {
    const texts = (of: object): unknown[] => Object.values(of).flatMap((one: unknown) => (typeof one === 'object' && one !== null ? texts(one) : [one]));
    for (const text of [...texts(lessonsFr), ...texts(lessonsEn)]) if (typeof text === 'string') expect(text).not.toBe('');
    expect(lessonsFr.teacher.counts(1, 0, 2).replace(/\s/g, ' ')).toBe('1 présent, 0 déconnecté, 2 absents');
  });
});
