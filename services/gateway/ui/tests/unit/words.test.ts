import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { explain } from '../../src/lib/explain';
import { formatSeconds, formatSize, formatWhen, plural } from '../../src/lib/format';
import { en } from '../../src/lib/i18n/en';
import { fr } from '../../src/lib/i18n/fr';
import { compareNames, nameFault, nextName, tidyName } from '../../src/lib/names';
import { SourceChanged } from '../../src/lib/upload/types';
import { lostConnection, refusal } from './fakes';

/** Locales separate numbers from units by spaces of several kinds. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

describe('error sentences', () => {
  it('say what happened and what to do, in both languages', () => {
    const taken = refusal(Code.AlreadyExists, 'NAME_TAKEN');
    expect(explain(taken, fr, 'fr')).toContain('Choisissez un autre nom');
    expect(explain(taken, en, 'en')).toContain('Choose another name');
  });

  it('exist for every reason in every language, and never twice the same as the reason', () => {
    for (const [reason, text] of Object.entries({ ...fr.errors.reasons, ...en.errors.reasons })) {
      expect(text, reason).toMatch(/^\p{Lu}.*[.!]$/u);
    }
    expect(Object.keys(en.errors.reasons).sort()).toEqual(Object.keys(fr.errors.reasons).sort());
  });

  it('tell how long to wait when the server does', () => {
    const busy = refusal(Code.ResourceExhausted, 'RATE_LIMITED', 45);
    expect(plain(explain(busy, fr, 'fr'))).toContain('Attendez 45 secondes.');
  });

  it('know a lost connection from a refusal', () => {
    expect(explain(lostConnection(), fr, 'fr')).toBe(fr.errors.network);
    expect(explain(new ConnectError('missing trailer', Code.Unknown), fr, 'fr')).toBe(fr.errors.network);
  });

  it('fall back on the kind of failure, then on the server’s words', () => {
    expect(explain(refusal(Code.PermissionDenied, 'NEW_REASON'), en, 'en')).toBe(en.errors.denied);
    expect(explain(new ConnectError('pick a shorter name', Code.InvalidArgument), en, 'en')).toContain('pick a shorter name');
    expect(explain(new Error('anything'), en, 'en')).toBe(en.errors.other);
  });

  it('say that a file changed', () => {
    expect(explain(new SourceChanged('a'), fr, 'fr')).toBe(fr.uploads.changed);
  });
});

describe('formats', () => {
  it('write sizes as people do', () => {
    expect(plain(formatSize(0, 'fr'))).toBe('0 octet');
    expect(plain(formatSize(1, 'en'))).toBe('1 byte');
    expect(plain(formatSize(999, 'fr'))).toBe('999 octets');
    expect(plain(formatSize(1500n, 'fr'))).toBe('1,5 ko');
    expect(plain(formatSize(999_999, 'fr'))).toBe('1 Mo');
    expect(plain(formatSize(2_345_678_901n, 'en'))).toBe('2.3 GB');
    expect(plain(formatSize(2n ** 40n, 'fr'))).toBe('1,1 To');
  });

  it('write the hour today, the day this year, the date before', () => {
    const now = new Date(2027, 4, 12, 18, 0);
    expect(formatWhen(new Date(2027, 4, 12, 9, 5), now, 'fr')).toBe('09:05');
    expect(formatWhen(new Date(2027, 4, 2), now, 'fr')).toBe('2 mai');
    expect(formatWhen(new Date(2026, 4, 2), now, 'fr')).toBe('2 mai 2026');
  });

  it('count none as one in French and as many in English', () => {
    expect(plural(0, 'fr', '# fichier', '# fichiers')).toBe('0 fichier');
    expect(plural(0, 'en', '# file', '# files')).toBe('0 files');
    expect(plain(plural(10_000, 'fr', '# fichier', '# fichiers'))).toBe('10 000 fichiers');
  });

  it('write waits in seconds, then minutes', () => {
    expect(plain(formatSeconds(30, 'fr'))).toBe('30 secondes');
    expect(plain(formatSeconds(200, 'en'))).toBe('4 minutes');
  });
});

describe('names', () => {
  it('are refused for the server’s reasons, before it is asked', () => {
    expect(nameFault('devoir.pdf')).toBeUndefined();
    expect(nameFault(' ')).toBe('empty');
    expect(nameFault('a/b')).toBe('slash');
    expect(nameFault('a\u202eb')).toBe('control');
    expect(nameFault('..')).toBe('dots');
    expect(nameFault('é'.repeat(128))).toBe('long');
    expect(nameFault('é'.repeat(127))).toBeUndefined();
  });

  it('are composed', () => {
    expect(tidyName('e\u0301te\u0301.txt')).toBe('été.txt');
  });

  it('count up when both are kept', () => {
    expect(nextName('a.txt')).toBe('a (2).txt');
    expect(nextName('a (2).txt')).toBe('a (3).txt');
    expect(nextName('.profile')).toBe('.profile (2)');
    expect(nextName('notes')).toBe('notes (2)');
  });

  it('sort without case', () => {
    expect(['b', 'A', 'c', 'B2'].sort(compareNames)).toEqual(['A', 'b', 'B2', 'c']);
  });
});
