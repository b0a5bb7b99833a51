// Spaces and folders already seen, so that a path is not asked for twice.

import type { Node, Space } from '$gen/preau/files/v1/files_pb';
import { files, spaces } from './api';
import { call } from './call';
import { required } from './required';

const folders = new Map<string, Node>();

export async function listSpaces(): Promise<Space[]> {
  return (await call(() => spaces.listSpaces({}))).spaces;
}

/** Keeps a folder that a listing showed. */
export function remember(node: Node): void {
  if (node.content === undefined) folders.set(node.nodeId, node);
}

export function forget(nodeId: string): void {
  folders.delete(nodeId);
}

/** The folders from the root to `folderId`, that one last. */
export async function trail(spaceId: string, folderId: string): Promise<Node[]> {
  const path: Node[] = [];
  for (let id = folderId; id !== ''; ) {
    const node = folders.get(id) ?? (await fetchNode(spaceId, id));
    remember(node);
    path.unshift(node);
    id = node.parentId;
  }
  return path;
}

export async function fetchNode(spaceId: string, nodeId: string): Promise<Node> {
  const { node } = await call(() => files.getNode({ spaceId, which: { case: 'nodeId', value: nodeId } }));
  return required(node, 'node');
}
