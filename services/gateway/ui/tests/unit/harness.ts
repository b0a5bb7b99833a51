// A queue before the fake server, and the words the stories are told in.

import { classify } from '../../src/lib/upload/classify';
import type { UploadItem } from '../../src/lib/upload/item';
import { UploadQueue } from '../../src/lib/upload/queue';
import { SourceChanged, type Part, type Source } from '../../src/lib/upload/types';
import { FakeClock, FakeServer, settle, type TextSource } from './fakes';

export class Stand {
  readonly server: FakeServer;
  readonly clock = new FakeClock();
  readonly queue: UploadQueue;
  readonly done: string[] = [];
  expiries = 0;
  /** Files that the browser can no longer read. */
  readonly unreadable = new Set<string>();

  constructor(partSize = 4, random: () => number = () => 0.5) {
    this.server = new FakeServer(partSize);
    this.queue = new UploadQueue({
      transport: this.server,
      read: (source, start, end) => this.read(source, start, end),
      classify,
      clock: this.clock,
      random,
      onDone: (item) => this.done.push(item.target.name),
      onExpired: () => (this.expiries += 1),
    });
  }

  send(...files: TextSource[]): UploadItem[] {
    return this.queue.add(
      files.map((source) => ({ source, target: { spaceId: 's', parentId: '', name: source.name } })),
    );
  }

  one(source: TextSource): UploadItem {
    const [item] = this.send(source);
    if (item === undefined) throw new Error('nothing was added');
    return item;
  }

  /** Goes on until nothing moves, sitting out every wait. */
  async finish(most = 1000): Promise<void> {
    await settle();
    for (let turn = 0; turn < most && this.clock.next !== undefined; turn++) {
      this.clock.advance(this.clock.next);
      await settle();
    }
  }

  private read(source: Source, start: number, end: number): Promise<Part> {
    if (this.unreadable.has(source.name)) return Promise.reject(new SourceChanged(source.name));
    const data = Uint8Array.from(Buffer.from((source as TextSource).text).subarray(start, end));
    return Promise.resolve({ data, sha256: new Uint8Array(32) });
  }
}
