// A list that arrives page by page, by keyset.

import { call } from './call';

export interface PageOf<T> {
  items: T[];
  /** Empty on the last page. */
  nextPageToken: string;
}

export class Pages<T> {
  items = $state.raw<T[]>([]);
  /** Nothing follows. */
  complete = $state(false);
  loading = $state(false);
  /** Why the last page did not come. */
  error = $state.raw<unknown>(undefined);
  /** At least one page came. */
  started = $state(false);

  private token = '';
  // A page asked for before a reload must not land in the list after it.
  private generation = 0;

  constructor(
    private readonly fetchPage: (token: string) => Promise<PageOf<T>>,
    protected readonly idOf: (item: T) => string,
  ) {}

  async more(): Promise<void> {
    if (!this.loading && !this.complete) await this.load();
  }

  /** From the first page; what is shown stays until that is there. */
  async reload(): Promise<void> {
    this.generation += 1;
    this.token = '';
    await this.load();
  }

  /**
   * As much as is shown, as it is now, and all of it at once; what is shown stays when that does not come. Rejects with
   * what it failed with. Dropped while the next page is on its way: that one begins where the old pages end.
   */
  async refresh(): Promise<void> {
    if (!this.started) return this.reload();
    if (this.loading) return;
    const { generation } = this;
    const items: T[] = [];
    let token = '';
    do {
      const asked = token;
      const page = await call(() => this.fetchPage(asked));
      items.push(...page.items);
      token = page.nextPageToken;
    } while (token !== '' && items.length < this.items.length);
    if (generation !== this.generation || this.loading) return;
    this.items = items;
    this.token = token;
    this.complete = token === '';
    this.error = undefined;
  }

  private async load(): Promise<void> {
    const { generation, token } = this;
    this.loading = true;
    this.error = undefined;
    try {
      const page = await call(() => this.fetchPage(token));
      if (generation !== this.generation) return;
      // What came by other ways meanwhile may be on the page, too.
      const shown = token === '' ? [] : this.items;
      const known = new Set(shown.map(this.idOf));
      this.items = [...shown, ...page.items.filter((item) => !known.has(this.idOf(item)))];
      this.token = page.nextPageToken;
      this.complete = page.nextPageToken === '';
      this.started = true;
    } catch (error) {
      if (generation === this.generation) this.error = error ?? new Error('no answer');
    } finally {
      if (generation === this.generation) this.loading = false;
    }
  }
}
