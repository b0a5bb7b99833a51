// A lesson as one sees it: what GetLesson answered, and every event folded in after it.
//
// An event told twice changes nothing the second time, and one that GetLesson's answer held already is told again: so
// each says how something is from then on, never how it moves.

import { timestampMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import {
  Presence, ReceiptState,
  type Focus, type GetLessonResponse, type Lesson, type LessonEvent, type Pushed, type Receipt,
} from '$gen/preau/classroom/v1/lessons_pb';
import { required } from '../required';

export interface Attendant {
  personId: string;
  presence: Presence;
  isTeacher: boolean;
}

export interface Shown {
  pushId: string;
  what: { kind: 'link'; url: string } | { kind: 'file'; nodeId: string };
  title: string;
  /** By person. */
  receipts: ReadonlyMap<string, ReceiptState>;
}

export interface Attention {
  teacherId: string;
  message: string;
  /** Milliseconds of the server's clock. */
  endsAt: number;
}

export interface LessonState {
  lesson: Lesson;
  people: ReadonlyMap<string, Attendant>;
  /** Person ids, the hand raised first first. A pupil is told of their own alone. */
  hands: readonly string[];
  /** The latest last. */
  pushed: readonly Shown[];
  attention: Attention | undefined;
  isOver: boolean;
  /** From where Watch goes on. */
  cursor: bigint;
}

export function opened(answer: GetLessonResponse): LessonState {
  const lesson = required(answer.lesson, 'lesson');
  const people = answer.participants.map(
    ({ personId, presence, isTeacher }): [string, Attendant] => [personId, { personId, presence, isTeacher }],
  );
  return {
    lesson,
    people: new Map(people),
    hands: answer.participants
      .filter(({ hand }) => hand > 0)
      .sort((a, b) => a.hand - b.hand)
      .map(({ personId }) => personId),
    pushed: answer.pushed.map(shown).filter((push) => push !== undefined),
    attention: answer.focus && attention(answer.focus),
    isOver: lesson.endedAt !== undefined,
    cursor: answer.cursor,
  };
}

export function fold(state: LessonState, event: LessonEvent): LessonState {
  if (event.cursor <= state.cursor) return state;
  return { ...state, ...change(state, event.what), cursor: event.cursor };
}

/** Goes on from there although nothing before it was for the reader. */
export function passed(state: LessonState, cursor: bigint): LessonState {
  return cursor > state.cursor ? { ...state, cursor } : state;
}

function change(state: LessonState, what: LessonEvent['what']): Partial<LessonState> {
  switch (what.case) {
    case 'presence': {
      const { personId, presence, isTeacher } = what.value;
      return { people: new Map(state.people).set(personId, { personId, presence, isTeacher }) };
    }
    case 'hand': {
      const { personId, raised } = what.value;
      const isUp = state.hands.includes(personId);
      if (raised === isUp) return {};
      return { hands: raised ? [...state.hands, personId] : state.hands.filter((id) => id !== personId) };
    }
    case 'focus':
      return { attention: what.value.focus && attention(what.value.focus) };
    case 'pushed': {
      const push = shown(what.value);
      const isKnown = state.pushed.some(({ pushId }) => pushId === push?.pushId);
      return push === undefined || isKnown ? {} : { pushed: [...state.pushed, push] };
    }
    case 'receipt':
      return receipt(state, what.value.pushId, what.value.receipt);
    case 'ended':
      return { isOver: true, attention: undefined };
    default:
      // Of a newer server.
      return {};
  }
}

function receipt(state: LessonState, pushId: string, given: Receipt | undefined): Partial<LessonState> {
  if (given === undefined) return {};
  const pushed = state.pushed.map((push) =>
    push.pushId === pushId ? { ...push, receipts: withReceipt(push.receipts, given) } : push,
  );
  return { pushed };
}

/** What was opened stays so. */
function withReceipt(known: ReadonlyMap<string, ReceiptState>, { personId, state }: Receipt): Map<string, ReceiptState> {
  const before = known.get(personId) ?? ReceiptState.UNSPECIFIED;
  return new Map(known).set(personId, Math.max(before, state));
}

function shown({ pushId, what, title, receipts }: Pushed): Shown | undefined {
  const known = receipts.reduce<ReadonlyMap<string, ReceiptState>>(withReceipt, new Map());
  if (what.case === 'link') return { pushId, what: { kind: 'link', url: what.value }, title, receipts: known };
  if (what.case === 'nodeId') return { pushId, what: { kind: 'file', nodeId: what.value }, title, receipts: known };
  return undefined;
}

function attention({ teacherId, message, endsAt }: Focus): Attention {
  return { teacherId, message, endsAt: milliseconds(endsAt) };
}

export function milliseconds(time: Timestamp | undefined): number {
  return time === undefined ? 0 : timestampMs(time);
}
