// The people and classes of an in-memory Préau, and its imports: the zip's text says what is to become of it.

import { create } from '@bufbuild/protobuf';
import { timestampFromDate, timestampNow } from '@bufbuild/protobuf/wkt';
import { Code, type ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect';
import { DirectoryService } from '../../src/gen/preau/identity/v1/directory_pb';
import { Role } from '../../src/gen/preau/policy/v1/policy_pb';
import { ClassService, Part } from '../../src/gen/preau/roster/v1/classes_pb';
import {
  ImportProblemSchema, ImportSchema, ImportService, ImportState, ImportSummarySchema, type Import,
} from '../../src/gen/preau/roster/v1/imports_pb';
import { refusal } from '../unit/fakes';

const PART = 1024;
const SCHOOLS = [
  { schoolId: 's1', uai: '0951099D', name: 'Lycée de la Grande Ourse' },
  { schoolId: 's2', uai: '0951100E', name: 'Collège des Trois-Fontaines-et-de-la-Petite-Rivière-aux-Saules' },
];
const GIVEN = ['Imane', 'Théo', 'Anaïs', 'Nguyên', 'Oumar', 'Zoé', 'Jean-Baptiste', 'Éloïse'];
const FAMILY = ['Brun', 'Le Goff', 'O’Connor', 'Traoré', 'Nguyễn', 'Da Silva', 'Müller', 'Lefèvre-Duchâteau'];

const PUPILS = Array.from({ length: 30 }, (_, at) => `p${at}`);

/** Of the class whose files are in the space `class-1`, and of another; the person who signs in by default teaches both. */
export const CLASSES = [
  { classId: 'c1', schoolId: 's1', name: 'Seconde 3 — sciences numériques', pupils: PUPILS, teachers: ['me', 'p31'] },
  { classId: 'c2', schoolId: 's1', name: 'Première 1', pupils: ['p29'], teachers: ['me'] },
];

/** By login; everybody else is the person of the default. */
const BY_LOGIN: Record<string, number> = { 'imane.brun': 0, 'theo': 1, 'anais': 2, 'collegue': 31 };

/** Whose cookie it is. */
export function whoIs(cookie: string | null | undefined): string {
  const at = BY_LOGIN[decodeURIComponent(/fake=([^;]*)/.exec(cookie ?? '')?.[1] ?? '')];
  return at === undefined ? 'me' : `p${at}`;
}

export const callerOf = (context: HandlerContext): string => whoIs(context.requestHeader.get('cookie'));

export class FakeSchool {
  /** What the signed-in person may do. */
  role = Role.TEACHER;
  schools = SCHOOLS.slice(0, 1);
  classes = ['2de A', '2de B', '1re C'].map((name, at) => ({ classId: `k${at}`, schoolId: 's1', name, mainTeacherId: 'p30' }));
  readonly imports: { known: Import; data: Map<number, Uint8Array> }[] = [];
  /** Person ids that codes were made for, call by call. */
  readonly issued: string[][] = [];
  /** Of those, in place of passwords. */
  readonly resets: string[][] = [];
  /** Thrown by the next ApplyImport or IssueFirstUseCodes. */
  failsOnce: ConnectError | undefined;
  /** The directory says no to the next ApplyImport, after the check found the file good. */
  takesBackOnce = false;

  /** ValidateImport waits for it. */
  private held = Promise.resolve();
  release: () => void = () => undefined;

  /** Checks nothing until `release`. */
  hold(): void {
    this.held = new Promise((resolve) => (this.release = resolve));
  }

  routes(router: ConnectRouter, check: () => void): void {
    this.directory(router, check);
    this.roster(router, check);
    this.importing(router, check);
  }

  /** One more to choose from. */
  twoSchools(): void {
    this.schools = SCHOOLS;
  }

  private directory(router: ConnectRouter, check: () => void): void {
    router.service(DirectoryService, {
      getMe: (_, context) => {
        check();
        // One server, several computers: signed in is who has the cookie.
        if (!context.requestHeader.get('cookie')?.includes('fake=')) throw refusal(Code.Unauthenticated, 'NOT_SIGNED_IN');
        const who = callerOf(context);
        if (who !== 'me') return { person: person(Number(who.slice(1))) };
        return {
          person: {
            personId: 'me', givenName: 'Maëlle', familyName: 'Kerbrat', login: 'maelle.kerbrat',
            grants: [{ grantId: 'g', role: this.role }],
          },
        };
      },
      listSchools: () => {
        check();
        return { schools: this.schools };
      },
      getSchool: ({ schoolId }) => {
        check();
        const school = SCHOOLS.find((one) => one.schoolId === schoolId);
        if (!school) throw refusal(Code.NotFound, 'NOT_FOUND');
        return { school };
      },
      getPerson: ({ personId }) => {
        check();
        return { person: person(Number(personId.slice(1))) };
      },
      getPeople: ({ personIds }) => {
        check();
        return { people: personIds.map((id) => (id === 'me' ? { personId: id, givenName: 'Maëlle', familyName: 'Kerbrat' } : name(id))) };
      },
      listPeople: ({ pageToken }) => {
        check();
        const from = Number(pageToken || 0);
        const people = Array.from({ length: 20 }, (_, at) => person(from + at));
        return { people, nextPageToken: from < 20 ? String(from + 20) : '' };
      },
      issueFirstUseCodes: ({ personIds, reset }) => {
        check();
        this.fail();
        this.issued.push(personIds);
        if (reset) this.resets.push(personIds);
        return {
          codes: personIds
            // Every fifth has a password.
            .filter((id) => id !== 'me' && (reset || Number(id.slice(1)) % 5 !== 4))
            .map((id) => ({ ...person(Number(id.slice(1))), code: 'K7QM-2PXR-T4VD', expiresAt: timestampFromDate(new Date(2027, 9, 12)) })),
        };
      },
    });
  }

  private roster(router: ConnectRouter, check: () => void): void {
    router.service(ClassService, {
      listMyClasses: (_, context) => {
        check();
        const who = callerOf(context);
        const part = ({ pupils, teachers }: (typeof CLASSES)[number]): Part =>
          teachers.includes(who) ? Part.TEACHER : pupils.includes(who) ? Part.STUDENT : Part.UNSPECIFIED;
        return {
          classes: CLASSES.filter((one) => part(one) !== Part.UNSPECIFIED).map((one) => ({
            class: { classId: one.classId, schoolId: one.schoolId, name: one.name }, part: part(one),
          })),
        };
      },
      listClasses: () => {
        check();
        return { classes: this.classes };
      },
      getClass: ({ classId }) => {
        check();
        const found = this.classes.find((one) => one.classId === classId);
        if (!found) throw refusal(Code.NotFound, 'NOT_FOUND');
        return { class: found };
      },
      listMembers: () => {
        check();
        const pupils = Array.from({ length: 30 }, (_, at) => ({ personId: `p${at}`, part: Part.STUDENT }));
        return { members: [...pupils, { personId: 'p30', part: Part.TEACHER }, { personId: 'p31', part: Part.TEACHER }] };
      },
    });
  }

  private importing(router: ConnectRouter, check: () => void): void {
    const held = (importId: string): (typeof this.imports)[number] => {
      check();
      const found = this.imports.find(({ known }) => known.importId === importId);
      if (!found) throw refusal(Code.NotFound, 'NOT_FOUND');
      return found;
    };
    router.service(ImportService, {
      beginImport: ({ schoolId, size }) => {
        check();
        const known = create(ImportSchema, {
          importId: `i${this.imports.length + 1}`, schoolId, state: ImportState.UPLOADING, size, partSize: PART,
          partCount: Math.ceil(Number(size) / PART), createdBy: 'me', createdAt: timestampNow(),
        });
        for (const { known: earlier } of this.imports) {
          if (earlier.state >= ImportState.APPLYING) continue;
          earlier.replacedByImportId ||= known.importId;
          if (earlier.state === ImportState.READY) earlier.state = ImportState.UPLOADING;
        }
        this.imports.unshift({ known, data: new Map() });
        return { import: known };
      },
      putImportPart: ({ importId, index, data }) => {
        held(importId).data.set(index, data);
        return {};
      },
      validateImport: async ({ importId }) => {
        await this.held;
        const { known, data } = held(importId);
        if (known.replacedByImportId !== '') throw refusal(Code.FailedPrecondition, 'IMPORT_REPLACED');
        if (data.size < known.partCount) throw refusal(Code.FailedPrecondition, 'PARTS_MISSING');
        judge(known, Buffer.concat([...data].sort(([a], [b]) => a - b).map(([, part]) => part)).toString());
        return { import: known };
      },
      applyImport: ({ importId, confirmDisabled }) => {
        const { known } = held(importId);
        this.fail();
        if (known.summary?.needsConfirmation && confirmDisabled !== known.summary.peopleDisabled) {
          throw refusal(Code.FailedPrecondition, 'CONFIRMATION_NEEDED');
        }
        if (this.takesBackOnce) {
          this.takesBackOnce = false;
          Object.assign(known, { state: ImportState.INVALID, problems: [TAKEN_BACK], problemCount: 1 });
          throw refusal(Code.FailedPrecondition, 'IMPORT_PEOPLE_REFUSED');
        }
        known.state = ImportState.APPLIED;
        known.appliedAt = timestampNow();
        return { import: known };
      },
      getImport: ({ importId }) => ({ import: held(importId).known }),
      listImports: () => {
        check();
        return { imports: this.imports.map(({ known }) => ({ ...known, problems: [] })) };
      },
    });
  }

  private fail(): void {
    const error = this.failsOnce;
    this.failsOnce = undefined;
    if (error) throw error;
  }
}

/** A zip to the page, and to the server what `what` says. */
export function zip(what: 'good' | 'bad' | 'many' | 'vanished' | 'promoted', size = 5000): { name: string; mimeType: string; buffer: Buffer } {
  const buffer = Buffer.alloc(size, ' ');
  buffer.write('PK\u0003\u0004');
  buffer.write(what, 4);
  return { name: `${what}.zip`, mimeType: 'application/zip', buffer };
}

function judge(known: Import, text: string): void {
  const what = text.slice(4).trim();
  if (what === 'bad' || what === 'many') {
    known.state = ImportState.INVALID;
    known.problems = what === 'bad' ? PROBLEMS : Array.from({ length: 1000 }, (_, at) => problem('users.csv', at + 2, 'role', `élève ${at}`, 'UNKNOWN_ENUMERATION', ''));
    known.problemCount = what === 'bad' ? PROBLEMS.length : 4321;
    return;
  }
  known.state = ImportState.READY;
  known.summary = create(ImportSummarySchema, {
    peopleNew: 99, peopleUnchanged: 1204, peopleChanged: 3, classesNew: 3, enrolmentsAdded: 98, enrolmentsUnchanged: 2410,
    ...(what === 'vanished' ? { peopleDisabled: 23, classesEmptied: 1, enrolmentsRemoved: 31, needsConfirmation: true } : {}),
    ...(what === 'promoted' ? { peopleAdopted: 1, administratorsNew: 2 } : {}),
  });
}

const problem = (file: string, line: number, column: string, value: string, reason: string, message: string) =>
  create(ImportProblemSchema, { file, line, column, value, reason, message });

const PROBLEMS = [
  problem('', 0, '', '', 'SOMETHING_NEW', 'the zip holds a file that nobody knows: leave it out'),
  problem('users.csv', 17, 'role', 'élève', 'UNKNOWN_ENUMERATION', 'not one of the values of role'),
  problem('users.csv', 1042, 'username', '=HYPERLINK("http://exemple.invalid")', 'INVALID_LOGIN', 'a login is …'),
  problem('classes.csv', 3, 'schoolSourcedIds', 'école-inconnue-au-bataillon-avec-un-très-long-identifiant-sans-espace', 'UNKNOWN_SCHOOL', 'unknown school'),
];

const TAKEN_BACK = problem('users.csv', 0, '', '', 'IMPORT_REFUSED', 'nothing was changed: check the file again');

function name(personId: string) {
  const { givenName, familyName } = person(Number(personId.slice(1)));
  return { personId, givenName, familyName };
}

function person(at: number) {
  const [givenName, familyName] = [GIVEN[at % 8] ?? '', FAMILY[(at * 3 + Math.floor(at / 8)) % 8] ?? ''];
  const role = at < 30 ? Role.STUDENT : at === 33 ? Role.SCHOOL_ADMIN : Role.TEACHER;
  return {
    personId: `p${at}`, schoolId: 's1', givenName, familyName,
    login: `${givenName}.${familyName}${at}`.toLowerCase().replace(/[^a-z0-9.]/g, ''),
    grants: [{ grantId: `g${at}`, role }],
  };
}
