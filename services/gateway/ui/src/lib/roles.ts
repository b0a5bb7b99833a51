// What somebody does here, by the grants in force. The server decides who may do what; this only spares others the way.

import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Person } from '$gen/preau/identity/v1/directory_pb';
import { Role } from '$gen/preau/policy/v1/policy_pb';

const ADMINISTER: readonly Role[] = [Role.SCHOOL_ADMIN, Role.AUTHORITY_ADMIN, Role.PLATFORM_ADMIN];

/** Whether a grant in force at `now` (milliseconds) administers something. */
export function administers(person: Person | undefined, now: number): boolean {
  return holds(person, ADMINISTER, now);
}

export function isPupil(person: Person | undefined, now: number): boolean {
  return holds(person, [Role.STUDENT], now);
}

/** Whether lessons are for them. */
export function hasLessons(person: Person | undefined, now: number): boolean {
  return holds(person, [Role.STUDENT, Role.TEACHER], now);
}

function holds(person: Person | undefined, roles: readonly Role[], now: number): boolean {
  return (person?.grants ?? []).some(
    ({ role, beginsAt, endsAt }) =>
      roles.includes(role) &&
      (beginsAt === undefined || timestampMs(beginsAt) <= now) &&
      (endsAt === undefined || timestampMs(endsAt) > now),
  );
}
