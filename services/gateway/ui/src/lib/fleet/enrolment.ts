// What a device enrols with, as people carry it to the device, and what can be said before the server is asked.

import { durationFromMs, timestampDate, type Duration } from '@bufbuild/protobuf/wkt';
import type { EnrolmentToken } from '$gen/preau/devices/v1/fleet_pb';

/** Devices of one token, by the contract. */
export const MOST_USES = 10_000;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What one chooses between; the contract takes a minute to 90 days. */
export const LIFETIMES = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS, quarter: 90 * DAY_MS } as const;
export type Lifetime = keyof typeof LIFETIMES;

export const lifetimeOf = (chosen: Lifetime): Duration => durationFromMs(LIFETIMES[chosen]);

/** How many devices; `undefined` for what is no such number. */
export function readCount(typed: string): number | undefined {
  const plain = typed.replace(/[\s\u00a0\u202f]/g, '');
  if (!/^\d{1,5}$/.test(plain)) return undefined;
  const count = Number(plain);
  return count >= 1 && count <= MOST_USES ? count : undefined;
}

/** What the QR code holds: an address of a scheme of our own, which the device's agent reads. */
export function enrolmentLink(server: string, secret: string): string {
  return `preau-enrol:?server=${encodeURIComponent(server)}&token=${encodeURIComponent(secret)}`;
}

/** What one types on the device. Neither an origin nor a token has anything that a shell would read. */
export function enrolmentCommand(server: string, secret: string): string {
  return `preau agent enroll --server ${server} --token ${secret}`;
}

export type TokenStanding = 'open' | 'usedUp' | 'expired' | 'revoked';

/** What a token is good for at `now`, by the server's clock. */
export function standingOf({ maxUses, uses, expiresAt, revokedAt }: EnrolmentToken, now: Date): TokenStanding {
  if (revokedAt) return 'revoked';
  if (uses >= maxUses) return 'usedUp';
  return expiresAt && timestampDate(expiresAt) <= now ? 'expired' : 'open';
}
