// A list that arrives page by page.

import type { Node } from '$gen/preau/files/v1/files_pb';
import { call } from './call';
import { compareNames } from './names';

export interface Page {
  nodes: Node[];
  nextPageToken: string;
}

export class Listing {
  nodes = $state.raw<Node[]>([]);
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

  constructor(private readonly fetchPage: (token: string) => Promise<Page>) {}

  async more(): Promise<void> {
    if (!this.loading && !this.complete) await this.load();
  }

  /** From the first page; what is shown stays until that is there. */
  async reload(): Promise<void> {
    this.generation += 1;
    this.token = '';
    await this.load();
  }

  private async load(): Promise<void> {
    const { generation, token } = this;
    this.loading = true;
    this.error = undefined;
    try {
      const page = await call(() => this.fetchPage(token));
      if (generation !== this.generation) return;
      // What came by other ways meanwhile may be on the page, too.
      const shown = token === '' ? [] : this.nodes;
      const known = new Set(shown.map((node) => node.nodeId));
      this.nodes = [...shown, ...page.nodes.filter((node) => !known.has(node.nodeId))];
      this.token = page.nextPageToken;
      this.complete = page.nextPageToken === '';
      this.started = true;
    } catch (error) {
      if (generation === this.generation) this.error = error ?? new Error('no answer');
    } finally {
      if (generation === this.generation) this.loading = false;
    }
  }

  /** A node as the server has it now. */
  put(node: Node): void {
    this.putAll([node]);
  }

  putAll(nodes: readonly Node[]): void {
    const ids = new Set(nodes.map((node) => node.nodeId));
    const kept = this.nodes.filter((node) => !ids.has(node.nodeId));
    const last = this.nodes.at(-1);
    // Beyond the last loaded page it will come with its own page.
    const seen = nodes.filter((node) => this.complete || (last !== undefined && compareNames(node.name, last.name) <= 0));
    this.nodes = [...kept, ...seen].sort((a, b) => compareNames(a.name, b.name));
  }

  remove(nodeId: string): void {
    this.nodes = this.nodes.filter((node) => node.nodeId !== nodeId);
  }
}
