// Sums over the whole queue, kept as it goes: nobody counts ten thousand files at every part.

import type { ItemState, UploadItem } from './item';

export class Totals {
  files = 0;
  bytes = 0;
  /** Bytes acknowledged, of everything not cancelled. */
  sent = 0;
  states: Record<ItemState, number> = { waiting: 0, sending: 0, paused: 0, done: 0, failed: 0, cancelled: 0 };

  add(item: UploadItem): void {
    this.files += 1;
    this.bytes += item.total;
    this.sent += item.sent;
    this.states[item.state] += 1;
  }

  move(item: UploadItem, to: ItemState): void {
    this.states[item.state] -= 1;
    this.states[to] += 1;
    if (to === 'cancelled') this.bytes -= item.total;
    item.state = to;
  }

  progress(item: UploadItem, bytes: number): void {
    item.sent += bytes;
    this.sent += bytes;
  }

  recount(items: readonly UploadItem[]): void {
    this.files = this.bytes = this.sent = 0;
    for (const state of Object.keys(this.states) as ItemState[]) this.states[state] = 0;
    for (const item of items) this.add(item);
  }
}
