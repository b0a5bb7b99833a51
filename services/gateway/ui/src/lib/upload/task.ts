// The next call for one file.

import type { UploadItem } from './item';

export type Task = { kind: 'create' } | { kind: 'look' } | { kind: 'commit' } | { kind: 'put'; index: number };

/** `undefined` while the file waits for calls in flight. A part is taken with its task. */
export function nextTask(item: UploadItem): Task | undefined {
  if (item.exclusive) return undefined;
  if (item.upload === undefined) return item.busy === 0 ? { kind: 'create' } : undefined;
  if (item.mustLook) return item.busy === 0 ? { kind: 'look' } : undefined;
  const index = item.parts.take();
  if (index !== undefined) return { kind: 'put', index };
  return item.busy === 0 ? { kind: 'commit' } : undefined;
}
