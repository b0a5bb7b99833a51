// The demonstration school's roster as an export that one can spoil, and mend.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './places';
import { zip } from './zip';

const SOURCES = join(ROOT, 'tests/data/demonstration');

export interface Newcomer {
  id: string;
  login: string;
  givenName: string;
  familyName: string;
  classId: string;
}

export class Roster {
  private readonly files: Map<string, string[]>;

  constructor() {
    const names = readdirSync(SOURCES).filter((name) => name.endsWith('.csv')).sort();
    this.files = new Map(names.map((name) => [name, readFileSync(join(SOURCES, name), 'utf8').trimEnd().split('\n')]));
  }

  /** Changes the one line that contains `mark`; answers its number, as the server counts. */
  spoil(file: string, mark: string, from: string, to: string): number {
    const lines = this.lines(file);
    const at = lines.findIndex((line) => line.includes(mark));
    const line = lines[at];
    if (line === undefined || !line.includes(from)) throw new Error(`${file} has no line with ${mark} and ${from}`);
    lines[at] = line.replace(from, to);
    return at + 1;
  }

  /** Another pupil. */
  enrol({ id, login, givenName, familyName, classId }: Newcomer): void {
    this.lines('users.csv').push(`${id},,,true,${login},,${givenName},${familyName},,,,,,,2de,,,,,,lycee-grande-ourse,`);
    this.lines('roles.csv').push(`role-${id},,,${id},primary,student,,,lycee-grande-ourse,`);
    this.lines('enrollments.csv').push(`inscription-${id},,,${classId},lycee-grande-ourse,${id},student,false,,`);
  }

  /** These people appear nowhere any more. */
  forget(ids: readonly string[]): void {
    for (const name of ['users.csv', 'roles.csv', 'enrollments.csv']) {
      this.files.set(name, this.lines(name).filter((line) => !line.split(',').some((value) => ids.includes(value))));
    }
  }

  /** Ids of the pupils of a class, in the file's order. */
  pupilsOf(classId: string): string[] {
    return this.lines('enrollments.csv')
      .map((line) => line.split(','))
      .filter((values) => values[3] === classId && values[6] === 'student')
      .map((values) => values[5] ?? '');
  }

  /** Writes it as a zip; answers its path. */
  write(folder: string, name: string): string {
    const path = join(folder, name);
    writeFileSync(path, zip([...this.files].map(([file, lines]) => [file, `${lines.join('\n')}\n`])));
    return path;
  }

  private lines(file: string): string[] {
    const lines = this.files.get(file);
    if (!lines) throw new Error(`the roster has no ${file}`);
    return lines;
  }
}
