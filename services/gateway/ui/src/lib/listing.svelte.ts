// A folder or a trash that arrives page by page.

import type { Node } from '$gen/preau/files/v1/files_pb';
import { compareNames } from './names';
import { Pages } from './pages.svelte';

export interface Page {
  nodes: Node[];
  nextPageToken: string;
}

export class Listing extends Pages<Node> {
  constructor(fetchPage: (token: string) => Promise<Page>) {
    super(
      async (token) => {
        const { nodes, nextPageToken } = await fetchPage(token);
        return { items: nodes, nextPageToken };
      },
      (node) => node.nodeId,
    );
  }

  get nodes(): Node[] {
    return this.items;
  }

  /** A node as the server has it now. */
  put(node: Node): void {
    this.putAll([node]);
  }

  putAll(nodes: readonly Node[]): void {
    const ids = new Set(nodes.map((node) => node.nodeId));
    const kept = this.items.filter((node) => !ids.has(node.nodeId));
    const last = this.items.at(-1);
    // Beyond the last loaded page it will come with its own page.
    const seen = nodes.filter((node) => this.complete || (last !== undefined && compareNames(node.name, last.name) <= 0));
    this.items = [...kept, ...seen].sort((a, b) => compareNames(a.name, b.name));
  }

  remove(nodeId: string): void {
    this.items = this.items.filter((node) => node.nodeId !== nodeId);
  }
}
