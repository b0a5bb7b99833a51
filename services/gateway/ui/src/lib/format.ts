// Sizes, dates and durations as people write them.

export type Lang = 'fr' | 'en';

const LOCALES: Record<Lang, string> = { fr: 'fr-FR', en: 'en-GB' };
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** `1,5 Mo`, `1.5 MB`: thousands, as operating systems show them to most people. */
export function formatSize(bytes: bigint | number, lang: Lang): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return new Intl.NumberFormat(LOCALES[lang], {
    style: 'unit',
    unit: UNITS[unit] ?? 'byte',
    unitDisplay: unit === 0 ? 'long' : 'short',
    maximumFractionDigits: digits,
  }).format(value);
}

export function formatNumber(value: number, lang: Lang): string {
  return new Intl.NumberFormat(LOCALES[lang]).format(value);
}

export function formatPercent(share: number, lang: Lang): string {
  return new Intl.NumberFormat(LOCALES[lang], { style: 'percent', maximumFractionDigits: 0 }).format(share);
}

/** The hour for today, the day for this year, the whole date before. */
export function formatWhen(date: Date, now: Date, lang: Lang): string {
  const sameYear = date.getFullYear() === now.getFullYear();
  const sameDay = sameYear && date.getMonth() === now.getMonth() && date.getDate() === now.getDate();
  const options: Intl.DateTimeFormatOptions = sameDay
    ? { hour: '2-digit', minute: '2-digit' }
    : { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) };
  return new Intl.DateTimeFormat(LOCALES[lang], options).format(date);
}

/** All of it, for a title or a `datetime`. */
export function formatFull(date: Date, lang: Lang): string {
  return new Intl.DateTimeFormat(LOCALES[lang], { dateStyle: 'full', timeStyle: 'short' }).format(date);
}

/** The day in words with the hour, for a heading. */
export function formatMoment(date: Date, lang: Lang): string {
  return new Intl.DateTimeFormat(LOCALES[lang], { dateStyle: 'long', timeStyle: 'short' }).format(date);
}

/** The day in words, for paper. */
export function formatDay(date: Date, lang: Lang): string {
  return new Intl.DateTimeFormat(LOCALES[lang], { dateStyle: 'long' }).format(date);
}

export function formatSeconds(seconds: number, lang: Lang): string {
  const minutes = Math.ceil(seconds / 60);
  const [unit, value] = seconds > 90 ? (['minute', minutes] as const) : (['second', Math.ceil(seconds)] as const);
  return new Intl.NumberFormat(LOCALES[lang], { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}

/** French counts 0 and 1 as one; English only 1. */
export function plural(count: number, lang: Lang, one: string, other: string): string {
  const form = new Intl.PluralRules(LOCALES[lang]).select(count) === 'one' ? one : other;
  return form.replace('#', formatNumber(count, lang));
}
