// A download is the browser's own: it resumes, it shows progress, and the page holds none of its bytes.

import type { Node } from '$gen/preau/files/v1/files_pb';
import { files } from './api';
import { call } from './call';

export async function download(node: Pick<Node, 'spaceId' | 'nodeId'>): Promise<void> {
  const { path } = await call(() => files.createDownloadLink({ spaceId: node.spaceId, nodeId: node.nodeId }));
  if (!path.startsWith('/d/')) throw new Error('the download link is not one');
  const link = document.createElement('a');
  link.href = path;
  link.download = '';
  document.body.append(link);
  link.click();
  link.remove();
}
