// Makes the folders that dropped files come in, each once, those that exist already taken as they are.

import { Code } from '@connectrpc/connect';
import type { Node } from '$gen/preau/files/v1/files_pb';
import { files } from '$lib/api';
import { call } from '$lib/call';
import { detailsOf } from '$lib/details';
import { tidyName } from '$lib/names';
import { required } from '$lib/required';
import { backoff } from './backoff';

const MOST_ATTEMPTS = 8;

export class Folders {
  private readonly made = new Map<string, Promise<string>>();

  constructor(
    private readonly spaceId: string,
    private readonly rootId: string,
    private readonly onMade: (node: Node) => void,
  ) {}

  /** The id of the folder at that path below the root. */
  at(path: readonly string[]): Promise<string> {
    const last = path.at(-1);
    if (last === undefined) return Promise.resolve(this.rootId);
    const key = path.map(tidyName).join('/');
    let folder = this.made.get(key);
    if (folder === undefined) {
      folder = this.at(path.slice(0, -1)).then((parentId) => this.make(parentId, tidyName(last)));
      this.made.set(key, folder);
    }
    return folder;
  }

  private async make(parentId: string, name: string): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { node } = await call(() => files.createFolder({ spaceId: this.spaceId, parentId, name }));
        const made = required(node, 'node');
        if (parentId === this.rootId) this.onMade(made);
        return made.nodeId;
      } catch (error) {
        const { code, reason, metadata, retryAfter, isNetwork } = detailsOf(error);
        const taken = metadata['node_id'];
        if (reason === 'NAME_TAKEN' && taken !== undefined && (await this.isFolder(taken))) return taken;
        const passing = isNetwork || code === Code.Unavailable || code === Code.DeadlineExceeded;
        if (!passing || attempt >= MOST_ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, backoff(attempt, retryAfter, Math.random)));
      }
    }
  }

  private async isFolder(nodeId: string): Promise<boolean> {
    const { node } = await call(() => files.getNode({ spaceId: this.spaceId, which: { case: 'nodeId', value: nodeId } }));
    return node !== undefined && node.content === undefined;
  }
}
