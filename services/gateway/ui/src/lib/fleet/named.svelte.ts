// Names of those who asked for something: administrators of the school. Others, such as the authority's, have none here.

import { fetchNames } from '../people';

export class Named {
  private names = $state.raw<ReadonlyMap<string, string>>(new Map());
  private readonly asked = new Set<string>();

  constructor(private readonly schoolId: string) {}

  /** Empty while it is not known, and for somebody who is not of the school. */
  of(personId: string): string {
    return this.names.get(personId) ?? '';
  }

  async want(personIds: readonly string[]): Promise<void> {
    const fresh = [...new Set(personIds)].filter((id) => id !== '' && !this.asked.has(id));
    if (fresh.length === 0) return;
    for (const id of fresh) this.asked.add(id);
    try {
      const found = await fetchNames(this.schoolId, fresh);
      this.names = new Map([...this.names, ...found.map((one) => [one.personId, `${one.givenName} ${one.familyName}`] as const)]);
    } catch {
      // Told without a name; asked for again with the next answer.
      for (const id of fresh) this.asked.delete(id);
    }
  }
}
