// First-use codes: for whom, and their making, a sheet for each class.

import type { FirstUseCode, Person } from '$gen/preau/identity/v1/directory_pb';
import { Role } from '$gen/preau/policy/v1/policy_pb';
import { Part } from '$gen/preau/roster/v1/classes_pb';
import { call } from '../call';
import { byName } from '../people';
import { directory, fetchClass, fetchClasses, fetchMembers, fetchPeople } from './api';

/** People of one call, by the contract. */
const AT_ONCE = 200;
/** Hashing nothing, but writing many: milliseconds. */
const TIMEOUT_MS = 30_000;

/** People who get their codes on one sheet. */
export interface Group {
  /** Empty: of the staff. */
  className: string;
  who: (withTeachers: boolean) => Promise<string[]>;
}

export interface Sheet {
  className: string;
  codes: FirstUseCode[];
  /** People asked for who get none: they chose a password already, or may not sign in. */
  without: number;
  /** Whether its codes took the place of passwords. */
  resets: boolean;
}

export async function classGroup(classId: string): Promise<Group[]> {
  return [ofClass(classId, (await fetchClass(classId)).name)];
}

export async function classGroups(schoolId: string): Promise<Group[]> {
  return (await fetchClasses(schoolId)).map(({ classId, name }) => ofClass(classId, name));
}

export function staffGroup(schoolId: string): Promise<Group[]> {
  return Promise.resolve([{ className: '', who: async () => (await fetchStaff(schoolId)).map(({ personId }) => personId) }]);
}

/** Teachers and administration, by name. */
export async function fetchStaff(schoolId: string): Promise<Person[]> {
  const isStaff = ({ grants }: Person): boolean => grants.some(({ role }) => role === Role.TEACHER || role === Role.SCHOOL_ADMIN);
  return byName((await fetchPeople(schoolId)).filter(isStaff));
}

export async function makeSheet(schoolId: string, group: Group, withTeachers: boolean): Promise<Sheet> {
  return sheet(schoolId, group.className, await group.who(withTeachers), false);
}

/** In place of their passwords, which stop working at once; their sessions end. */
export function makeResets(schoolId: string, { className }: Group, who: readonly string[]): Promise<Sheet> {
  return sheet(schoolId, className, who, true);
}

async function sheet(schoolId: string, className: string, who: readonly string[], reset: boolean): Promise<Sheet> {
  const codes: FirstUseCode[] = [];
  for (let from = 0; from < who.length; from += AT_ONCE) {
    const personIds = who.slice(from, from + AT_ONCE);
    const made = await call(() => directory.issueFirstUseCodes({ schoolId, personIds, reset }, { timeoutMs: TIMEOUT_MS }));
    codes.push(...made.codes);
  }
  return { className, codes: byName(codes), without: who.length - codes.length, resets: reset };
}

function ofClass(classId: string, className: string): Group {
  return {
    className,
    // Teachers are in many classes: a code for each would end the one before.
    who: async (withTeachers) =>
      (await fetchMembers(classId))
        .filter(({ part }) => part === Part.STUDENT || (withTeachers && part === Part.TEACHER))
        .map(({ personId }) => personId),
  };
}
