// The queue's transport over gRPC-web.

import { required } from '$lib/required';
import type { Upload } from '$gen/preau/files/v1/files_pb';
import { uploads } from '$lib/api';
import type { OpenUpload, UploadTransport } from './types';

const PART_TIMEOUT_MS = 60_000;

export const rpcTransport: UploadTransport = {
  async create(target, size, signal) {
    const { upload } = await uploads.createUpload({ ...target, size: BigInt(size) }, { signal });
    return opened(upload);
  },
  async look(uploadId, signal) {
    const { upload } = await uploads.getUpload({ uploadId }, { signal });
    return opened(upload);
  },
  async put(uploadId, index, { data, sha256 }, signal) {
    await uploads.putPart({ uploadId, index, sha256, data }, { signal, timeoutMs: PART_TIMEOUT_MS });
  },
  async commit(uploadId, signal) {
    const { node } = await uploads.commit({ uploadId }, { signal });
    return required(node, 'node');
  },
  async abort(uploadId) {
    await uploads.abort({ uploadId });
  },
};

function opened(upload: Upload | undefined): OpenUpload {
  const { uploadId, partSize, partCount, missing } = required(upload, 'upload');
  return { id: uploadId, partSize, partCount, missing: missing.map(({ first, count }) => ({ first, count })) };
}
