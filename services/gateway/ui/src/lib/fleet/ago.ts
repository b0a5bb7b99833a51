// How long ago something was, as people say it.

import { formatDay, type Lang } from '../format';

/** The server knows when a device was seen to within a minute. */
const JUST_NOW_MS = 90_000;
const STEPS: readonly [unit: Intl.RelativeTimeFormatUnit, ms: number, upTo: number][] = [
  ['minute', 60_000, 60],
  ['hour', 3_600_000, 24],
  ['day', 86_400_000, 30],
];

/** `justNow` when it is less than that, the day in words when it is more than a month. */
export function formatAgo(at: Date, now: Date, lang: Lang, justNow: string): string {
  const passed = now.getTime() - at.getTime();
  if (passed < JUST_NOW_MS) return justNow;
  for (const [unit, ms, upTo] of STEPS) {
    const count = Math.floor(passed / ms);
    if (count < upTo) return new Intl.RelativeTimeFormat(lang, { numeric: 'always' }).format(-count, unit);
  }
  return formatDay(at, lang);
}
