// What one does to a node, with the message that tells it. They throw what the server refuses with.

import { Code } from '@connectrpc/connect';
import type { Node } from '$gen/preau/files/v1/files_pb';
import { files } from './api';
import { call } from './call';
import { detailsOf } from './details';
import { fetchNode, forget, remember } from './known';
import { required } from './required';
import type { Place } from './place';

export async function createFolder(spaceId: string, parentId: string, name: string): Promise<Node> {
  const { node } = await call(() => files.createFolder({ spaceId, parentId, name }));
  return required(node, 'node');
}

export type Renamed =
  | { kind: 'renamed'; node: Node }
  /** It has another name than the page showed: somebody was faster. */
  | { kind: 'conflict'; node: Node };

/** Renames what still has the name that the reader saw. */
export async function rename(seen: Node, name: string): Promise<Renamed> {
  const now = await fetchNode(seen.spaceId, seen.nodeId);
  if (now.name !== seen.name) return { kind: 'conflict', node: now };
  const { node } = await call(() => files.renameNode({ spaceId: seen.spaceId, nodeId: seen.nodeId, name }));
  const renamed = required(node, 'node');
  remember(renamed);
  return { kind: 'renamed', node: renamed };
}

export async function move(node: Node, to: Place): Promise<Node> {
  const moved = await call(() =>
    files.moveNode({ spaceId: node.spaceId, nodeId: node.nodeId, toSpaceId: to.spaceId, toParentId: to.parentId }),
  );
  forget(node.nodeId);
  return required(moved.node, 'node');
}

export async function copy(node: Node, to: Place, name: string): Promise<Node> {
  const copied = await call(() =>
    files.copyNode({ spaceId: node.spaceId, nodeId: node.nodeId, toSpaceId: to.spaceId, toParentId: to.parentId, name }),
  );
  return required(copied.node, 'node');
}

export async function toTrash(node: Node): Promise<void> {
  await call(() => files.deleteNode({ spaceId: node.spaceId, nodeId: node.nodeId }));
  forget(node.nodeId);
}

export async function restore(node: Node): Promise<Node> {
  const restored = await call(() => files.restoreNode({ spaceId: node.spaceId, nodeId: node.nodeId }));
  return required(restored.node, 'node');
}

export async function purge(node: Node): Promise<void> {
  await call(() => files.purgeNode({ spaceId: node.spaceId, nodeId: node.nodeId }));
}

/** Whether the server says that the node itself is no longer there. */
export function isGone(error: unknown): boolean {
  return detailsOf(error).code === Code.NotFound;
}
