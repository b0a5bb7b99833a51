// Names of people of a school, those asked for once.

import { createClient } from '@connectrpc/connect';
import { DirectoryService, type PersonName } from '$gen/preau/identity/v1/directory_pb';
import { call } from './call';
import { onLeaving } from './leaving';
import { transport } from './transport';

const directory = createClient(DirectoryService, transport);

/** People of one call, by the contract. */
const AT_ONCE = 200;

const known = new Map<string, PersonName>();

onLeaving(forgetNames);

/** Names change with an import: nothing known before it counts. */
export function forgetNames(): void {
  known.clear();
}

/** The names of those of them who are of the school, in no order. */
export async function fetchNames(schoolId: string, personIds: readonly string[]): Promise<PersonName[]> {
  const missing = personIds.filter((id) => !known.has(id));
  for (let from = 0; from < missing.length; from += AT_ONCE) {
    const asked = missing.slice(from, from + AT_ONCE);
    const { people } = await call(() => directory.getPeople({ schoolId, personIds: asked }));
    for (const person of people) known.set(person.personId, person);
  }
  return personIds.map((id) => known.get(id)).filter((name) => name !== undefined);
}

export function byName<P extends { familyName: string; givenName: string }>(list: readonly P[]): P[] {
  const { compare } = new Intl.Collator('fr');
  return [...list].sort((a, b) => compare(a.familyName, b.familyName) || compare(a.givenName, b.givenName));
}
