// Schools, classes, people and imports on the server, typed.

import { createClient } from '@connectrpc/connect';
import { DirectoryService, type Person, type School } from '$gen/preau/identity/v1/directory_pb';
import { ClassService, type Class, type Member } from '$gen/preau/roster/v1/classes_pb';
import { ImportService } from '$gen/preau/roster/v1/imports_pb';
import { call } from '../call';
import { onLeaving } from '../leaving';
import { required } from '../required';
import { transport } from '../transport';

export const directory = createClient(DirectoryService, transport);
export const classes = createClient(ClassService, transport);
export const imports = createClient(ImportService, transport);

const PAGE = 200;

const schools = new Map<string, School>();

onLeaving(() => schools.clear());

export async function fetchSchool(schoolId: string): Promise<School> {
  const known = schools.get(schoolId);
  if (known) return known;
  const school = required((await call(() => directory.getSchool({ schoolId }))).school, 'school');
  schools.set(schoolId, school);
  return school;
}

export async function fetchClass(classId: string): Promise<Class> {
  return required((await call(() => classes.getClass({ classId }))).class, 'class');
}

/** Every page of a list, one after the other. */
export async function all<T>(page: (token: string) => Promise<{ items: T[]; nextPageToken: string }>): Promise<T[]> {
  const items: T[] = [];
  let token = '';
  do {
    const asked = token;
    const one = await call(() => page(asked));
    items.push(...one.items);
    token = one.nextPageToken;
  } while (token !== '');
  return items;
}

export function fetchClasses(schoolId: string): Promise<Class[]> {
  return all(async (pageToken) => {
    const page = await classes.listClasses({ schoolId, pageSize: PAGE, pageToken });
    return { items: page.classes, nextPageToken: page.nextPageToken };
  });
}

export function fetchMembers(classId: string): Promise<Member[]> {
  return all(async (pageToken) => {
    const page = await classes.listMembers({ classId, pageSize: PAGE, pageToken });
    return { items: page.members, nextPageToken: page.nextPageToken };
  });
}

export function fetchPeople(schoolId: string): Promise<Person[]> {
  return all(async (pageToken) => {
    const page = await directory.listPeople({ schoolId, pageSize: PAGE, pageToken });
    return { items: page.people, nextPageToken: page.nextPageToken };
  });
}
