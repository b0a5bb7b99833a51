import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { PersonSchema } from '../../src/gen/preau/identity/v1/directory_pb';
import { Role } from '../../src/gen/preau/policy/v1/policy_pb';
import { ImportProblemSchema } from '../../src/gen/preau/roster/v1/imports_pb';
import { firstUseFault, normalCode, passwordFault, type FirstUse } from '../../src/lib/first-use';
import { en } from '../../src/lib/i18n/en';
import { fr } from '../../src/lib/i18n/fr';
import { manageEn } from '../../src/lib/i18n/manage.en';
import { manageFr } from '../../src/lib/i18n/manage.fr';
import { csvCell, csvFile, problemsCsv } from '../../src/lib/import/csv';
import { zipFault } from '../../src/lib/import/zip';
import { problemSentence } from '../../src/lib/import/words';
import { administers } from '../../src/lib/roles';
import { parallel } from '../../src/lib/parallel';
import { signInSentence } from '../../src/lib/sign-in-words';
import { SignInRefused } from '../../src/lib/sign-in';

describe('a first-use code', () => {
  it('is the same however it is typed', () => {
    for (const typed of ['K7QM-2PXR-T4VD', ' k7qm 2pxr t4vd ', 'K7QM–2PXR—T4VD', 'K7QM\u20112PXR\u00a0T4VD', 'k7qm2pxrt4vd', 'Ｋ７ＱＭ２ＰＸＲＴ４ＶＤ']) {
      expect(normalCode(typed), typed).toBe('K7QM2PXRT4VD');
    }
  });

  it('has no letters that look like digits', () => {
    expect(normalCode('oOiIlL')).toBe('001111');
  });
});

describe('what is wrong with a first sign-in', () => {
  const good: FirstUse = { login: 'imane.brun', code: 'K7QM-2PXR-T4VD', password: 'les pommes', repeat: 'les pommes' };
  const fault = (change: Partial<FirstUse>): string | undefined => firstUseFault({ ...good, ...change })?.fault;

  it('is nothing when all is there', () => expect(firstUseFault(good)).toBeUndefined());

  it('is told by field, the first first', () => {
    expect(fault({ login: ' ', code: '' })).toBe('login');
    expect(fault({ code: ' - ' })).toBe('code');
    expect(fault({ code: 'K7QM-2PXR-T4V' })).toBe('codeShape');
    expect(fault({ code: 'K7QM-2PXR-T4V!' })).toBe('codeLetters');
    expect(fault({ password: 'pommes', repeat: 'pommes' })).toBe('short');
    expect(fault({ password: 'é'.repeat(129), repeat: 'é'.repeat(129) })).toBe('long');
    expect(fault({ password: 'Imane.Brun', repeat: 'Imane.Brun' })).toBe('isLogin');
    expect(fault({ code: 'K0QM-1PXR-T4VD', password: 'koqm lpxr t4vd', repeat: 'koqm lpxr t4vd' })).toBe('isCode');
    expect(fault({ repeat: 'les poires' })).toBe('differs');
  });

  it('is told of the password by the server’s reason, too', () => {
    expect(passwordFault('PASSWORD_TOO_COMMON')).toBe('common');
    expect(passwordFault('PASSWORD_IS_CODE')).toBe('isCode');
    expect(passwordFault('PASSWORD_TOO_SHORT')).toBe('short');
    expect(passwordFault('SIGN_IN_REFUSED')).toBeUndefined();
  });

  it('counts bytes as the server does', () => {
    expect(fault({ password: 'éééé', repeat: 'éééé' })).toBeUndefined();
    // Nine bytes as typed, six as composed.
    expect(fault({ password: 'e\u0301e\u0301e\u0301', repeat: 'e\u0301e\u0301e\u0301' })).toBe('short');
  });
});

describe('refused sign-ins', () => {
  it('have a sentence for every reason, with the wait when there is one', () => {
    const say = (reason: string, wait = 0): string => signInSentence(new SignInRefused(reason, wait, ''), 'WRONG', fr, 'fr');
    expect(say('SIGN_IN_REFUSED')).toBe('WRONG');
    expect(say('ACTIVATION_REFUSED')).toBe('WRONG');
    expect(say('TOO_MANY_ATTEMPTS', 30).replace(/\s/g, ' ')).toContain('Attendez 30 secondes');
    expect(say('RATE_LIMITED')).toContain('une minute');
    expect(say('DATABASE_BUSY')).toBe(fr.errors.reasons.DATABASE_BUSY);
    expect(say('UNREACHABLE')).toBe(fr.signIn.unreachable);
    expect(signInSentence(new Error('x'), 'WRONG', en, 'en')).toBe(en.signIn.unreachable);
  });
});

describe('an administrator', () => {
  const holding = (role: Role, begins?: number, ends?: number) =>
    create(PersonSchema, {
      grants: [{
        grantId: 'g', role,
        ...(begins === undefined ? {} : { beginsAt: timestampFromMs(begins) }),
        ...(ends === undefined ? {} : { endsAt: timestampFromMs(ends) }),
      }],
    });

  it('holds a grant in force that administers', () => {
    expect(administers(holding(Role.SCHOOL_ADMIN), 100)).toBe(true);
    expect(administers(holding(Role.AUTHORITY_ADMIN, 50, 150), 100)).toBe(true);
    expect(administers(holding(Role.PLATFORM_ADMIN, 101), 100)).toBe(false);
    expect(administers(holding(Role.SCHOOL_ADMIN, 50, 100), 100)).toBe(false);
    expect(administers(holding(Role.TEACHER), 100)).toBe(false);
    expect(administers(undefined, 100)).toBe(false);
  });
});

describe('problems as a file', () => {
  it('never begin a cell as a formula does', () => {
    for (const bad of ['=1+1', '+33', '-2', '@SUM(A1)', '\t=1', '\r=1', '  =1', '\n=1', '＝1']) {
      expect(csvCell(bad), JSON.stringify(bad)).toBe(`"'${bad}"`);
    }
    expect(csvCell('O’Connor - Brun')).toBe('"O’Connor - Brun"');
  });

  it('quote quotes and keep newlines inside a cell', () => {
    expect(csvCell('a "b"\nc')).toBe('"a ""b""\nc"');
  });

  it('open in the spreadsheets of each language', () => {
    expect(csvFile(['a', 'b'], [['1', '2']], 'fr')).toBe('\ufeff"a";"b"\r\n"1";"2"\r\n');
    expect(csvFile(['a', 'b'], [], 'en')).toBe('\ufeff"a","b"\r\n');
  });

  it('leave the line empty for a whole file', () => {
    const problem = create(ImportProblemSchema, { file: 'users.csv', reason: 'R', value: '=x' });
    expect(problemsCsv([problem], ['h'], () => 'do this', 'fr').split('\r\n')[1]).toBe(`"users.csv";"";"";"'=x";"do this";"R"`);
  });
});

describe('a problem', () => {
  const say = (reason: string, message: string): string => {
    const problem = create(ImportProblemSchema, { reason, message });
    return problemSentence(problem, manageFr.problems).replace(/\s/g, ' ');
  };

  it('is told in the reader’s language, with what only the server knows', () => {
    expect(say('UNKNOWN_ENUMERATION', 'not one of the words allowed here: write student, teacher')).toMatch(/Valeurs permises : student, teacher\.$/);
    expect(say('UNKNOWN_REFERENCE', 'no row of orgs.csv has this id: add it there, or correct it here')).toMatch(/dans orgs\.csv\.$/);
    expect(say('COLUMN_ORDER', 'column status must stand here: keep the order of OneRoster 1.2')).toMatch(/Ici doit venir status\.$/);
    expect(say('FIELD_COUNT', '5 fields where the header has 7: a comma too many')).toMatch(/trouvés : 5, attendus : 7\.$/);
    expect(say('IMPORT_REFUSED', 'nothing was changed: check the file again')).toMatch(/^L’établissement a changé/);
    expect(say('DUPLICATE_LOGIN', 'line 12 has the same login')).toMatch(/Voir la ligne 12\.$/);
  });

  it('is told without that when the server words it otherwise, and in its words when it is new', () => {
    expect(say('UNKNOWN_ENUMERATION', '')).toBe(manageFr.problems.reasons.UNKNOWN_ENUMERATION);
    expect(say('NEWER_THAN_US', 'do this')).toBe('do this');
    expect(say('NEWER_THAN_US', '')).toBe('NEWER_THAN_US');
  });
});

describe('a zip', () => {
  it('is refused empty, of something else, or too large, by its first bytes and its size', async () => {
    const good = new Uint8Array([0x50, 0x4b, 3, 4, 0]);
    expect(await zipFault(new Blob([good]))).toBeUndefined();
    expect(await zipFault(new Blob([]))).toBe('empty');
    expect(await zipFault(new Blob(['PK']))).toBe('notZip');
    expect(await zipFault(new Blob(['sourcedId,status']))).toBe('notZip');
    const huge = { size: 64 * 1024 * 1024 + 1 } as Blob;
    expect(await zipFault(huge)).toBe('large');
    const gone = { size: 5, slice: () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }) } as unknown as Blob;
    expect(await zipFault(gone)).toBe('unreadable');
  });
});

describe('many calls', () => {
  it('run a few at once, all of them, and none after a failure', async () => {
    let [running, most] = [0, 0];
    const done: number[] = [];
    await parallel([1, 2, 3, 4, 5], 2, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      done.push(item);
    });
    expect([most, done.sort()]).toEqual([2, [1, 2, 3, 4, 5]]);

    const begun: number[] = [];
    const failing = parallel([1, 2, 3, 4], 1, (item) => {
      begun.push(item);
      return item === 2 ? Promise.reject(new Error('no')) : Promise.resolve();
    });
    await expect(failing).rejects.toThrow('no');
    expect(begun).toEqual([1, 2]);
  });
});

describe('the administrators’ texts', () => {
  it('explain every problem in both languages, as sentences', () => {
    for (const reasons of [manageFr.problems.reasons, manageEn.problems.reasons]) {
      for (const [reason, text] of Object.entries(reasons)) expect(text, reason).toMatch(/^\p{Lu}.*[.!]$/u);
    }
    expect(Object.keys(manageEn.problems.reasons).sort()).toEqual(Object.keys(manageFr.problems.reasons).sort());
  });
});
