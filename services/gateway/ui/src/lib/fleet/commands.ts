// What devices are told, and how far it has come.

import { durationFromMs, type Duration } from '@bufbuild/protobuf/wkt';
import { CommandState, type Action, type Command } from '$gen/preau/devices/v1/fleet_pb';

/** Characters, by the contract. */
export const LONGEST_MESSAGE = 500;
export const LONGEST_NOTICE = 200;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What one chooses between; the contract takes a second to 30 days. */
export const TIME_LIMITS = { tenMinutes: 10 * MINUTE_MS, hour: 60 * MINUTE_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;
export type TimeLimit = keyof typeof TIME_LIMITS;

export const timeToLive = (chosen: TimeLimit): Duration => durationFromMs(TIME_LIMITS[chosen]);

export type Kind = 'message' | 'lock' | 'unlock';

/** What the server does not take, since it is not shown or reorders what is; pasted texts bring it along. */
const FORBIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** As it is sent: without what is not shown. A notice is one line. */
export function readText(kind: Kind, typed: string): string {
  const text = typed.replace(/\r\n?|[\u2028\u2029]/g, '\n').replace(/\t/g, ' ').replace(FORBIDDEN, '').trim();
  return kind === 'message' ? text : text.replace(/\s+/g, ' ');
}

export type TextFault = 'empty' | 'long';

/** What is wrong with a text as it would be sent. */
export function textFault(kind: Kind, text: string): TextFault | undefined {
  // As the server counts: by character, not by UTF-16.
  const length = [...text].length;
  if (kind === 'message' && text === '') return 'empty';
  return length > (kind === 'message' ? LONGEST_MESSAGE : LONGEST_NOTICE) ? 'long' : undefined;
}

/** The action of a command, from what was typed. */
export function actionOf(kind: Kind, text: string): Pick<Action, 'what'> {
  if (kind === 'message') return { what: { case: 'message', value: { $typeName: 'preau.devices.v1.Action.Message', text } } };
  if (kind === 'lock') return { what: { case: 'lock', value: { $typeName: 'preau.devices.v1.Action.Lock', notice: text } } };
  return { what: { case: 'unlock', value: { $typeName: 'preau.devices.v1.Action.Unlock' } } };
}

const FINAL: readonly CommandState[] = [CommandState.DONE, CommandState.FAILED, CommandState.EXPIRED];

/** Whether something may still become of it. */
export function isUnderWay({ state }: Command): boolean {
  return !FINAL.includes(state);
}

/** A command as one means it, before a device is named. */
export interface Asked {
  idempotencyKey: string;
  action: Pick<Action, 'what'>;
  timeToLive: Duration;
}
