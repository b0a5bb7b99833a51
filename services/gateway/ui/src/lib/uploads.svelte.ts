// The page's one upload queue, and what the page may see of it.

import type { Node } from '$gen/preau/files/v1/files_pb';
import { clock } from './clock';
import { explain } from './explain';
import { i18n } from './i18n.svelte';
import { tidyName } from './names';
import { notices } from './notices.svelte';
import { session } from './session.svelte';
import { classify } from './upload/classify';
import type { Found } from './upload/collect';
import { Folders } from './upload/folders';
import { UploadQueue } from './upload/queue';
import { WorkerReader } from './upload/reader';
import { rpcTransport } from './upload/rpc';

/** Files are handed to the queue by the hundred, so that it starts before the last is found. */
const BATCH = 100;

class Uploads {
  /** Grows, at most once a frame, when something in the queue changed. */
  version = $state(0);
  /** Files found while a drop is still being read; 0 when none is. */
  preparing = $state(0);
  queue = this.fresh();

  private scheduled = false;
  private readonly listeners = new Set<(node: Node) => void>();

  constructor() {
    addEventListener('online', () => this.queue.wakeNow());
    addEventListener('beforeunload', (event) => {
      if (this.queue.isActive) event.preventDefault();
    });
  }

  /** Calls back with each file that arrived and each folder made; the answer stops that. */
  onNode(listener: (node: Node) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async send(spaceId: string, parentId: string, found: AsyncIterable<Found> | Iterable<Found>): Promise<void> {
    const folders = new Folders(spaceId, parentId, (node) => this.tell(node));
    const queue = this.queue;
    let [batch, any]: [Promise<unknown>[], boolean] = [[], false];
    try {
      for await (const one of found) {
        any = true;
        if (one.file !== undefined) this.preparing += 1;
        batch.push(this.place(queue, folders, spaceId, one));
        if (batch.length >= BATCH) {
          await Promise.all(batch);
          batch = [];
        }
      }
      await Promise.all(batch);
      if (!any) notices.refused(i18n.t.uploads.nothing);
    } catch (error) {
      notices.refused(explain(error, i18n.t, i18n.lang));
    } finally {
      this.preparing = 0;
    }
  }

  /** Signed out: nothing goes on under another name. */
  reset(): void {
    this.queue.cancelAll();
    this.queue = this.fresh();
    this.version += 1;
  }

  private async place(queue: UploadQueue, folders: Folders, spaceId: string, { folders: path, file, lost }: Found): Promise<void> {
    if (lost !== undefined) return notices.refused(i18n.t.uploads.lost(lost));
    try {
      const parentId = await folders.at(path);
      if (file !== undefined && queue === this.queue) {
        queue.add([{ source: file, target: { spaceId, parentId, name: tidyName(file.name) } }]);
      }
    } catch (error) {
      const { t, lang } = i18n;
      notices.refused(`${t.uploads.folderFailed(path.join(' / '))} ${explain(error, t, lang)}`);
    }
  }

  private fresh(): UploadQueue {
    const reader = new WorkerReader();
    return new UploadQueue({
      transport: rpcTransport,
      read: reader.read,
      classify,
      clock,
      random: Math.random,
      onChange: () => this.changed(),
      onDone: (_, node) => this.tell(node),
      onExpired: () => void this.renew(),
    });
  }

  private async renew(): Promise<void> {
    const queue = this.queue;
    this.changed();
    try {
      await session.again(undefined);
      queue.renewed();
    } catch {
      queue.cancelAll();
    }
  }

  private tell(node: Node): void {
    for (const listener of this.listeners) listener(node);
  }

  private changed(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    // A timer, not a frame: frames stop in a hidden tab, uploads do not.
    setTimeout(() => {
      this.scheduled = false;
      this.version += 1;
    }, 80);
  }
}

export const uploads = new Uploads();
