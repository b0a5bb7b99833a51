// One call for one file, and what came of it.

import type { Node } from '$gen/preau/files/v1/files_pb';
import type { UploadItem } from './item';
import type { Task } from './task';
import { SourceChanged, type OpenUpload, type PartReader, type UploadTransport } from './types';

export type Outcome =
  | { kind: 'opened'; upload: OpenUpload }
  | { kind: 'stored'; bytes: number }
  | { kind: 'committed'; node: Node };

interface Means {
  transport: UploadTransport;
  read: PartReader;
}

/** `undefined` when somebody interrupted the item meanwhile: what came of it counts no more. */
export async function perform(
  item: UploadItem,
  task: Task,
  { transport, read }: Means,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  if (task.kind !== 'look' && item.sourceChanged) throw new SourceChanged(item.source.name);
  if (task.kind === 'create') return create(item, transport, signal);
  const upload = item.upload;
  if (upload === undefined) return undefined;
  let outcome: Outcome;
  if (task.kind === 'look') {
    outcome = { kind: 'opened', upload: await transport.look(upload.id, signal) };
  } else if (task.kind === 'commit') {
    outcome = { kind: 'committed', node: await transport.commit(upload.id, signal) };
  } else {
    const [start, end] = [item.partStart(task.index), item.partEnd(task.index)];
    const part = await read(item.source, start, end);
    if (signal.aborted) return undefined;
    if (part.data.length !== end - start) throw new SourceChanged(item.source.name);
    await transport.put(upload.id, task.index, part, signal);
    outcome = { kind: 'stored', bytes: end - start };
  }
  return signal.aborted ? undefined : outcome;
}

async function create(item: UploadItem, transport: UploadTransport, signal: AbortSignal): Promise<Outcome | undefined> {
  const upload = await transport.create(item.target, item.total, signal);
  if (!signal.aborted) return { kind: 'opened', upload };
  // Nobody will use it: the item was interrupted before it knew.
  void transport.abort(upload.id).catch(() => undefined);
  return undefined;
}
