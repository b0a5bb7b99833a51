// What a failed call means for an upload.

import { Code } from '@connectrpc/connect';
import { detailsOf } from '$lib/details';
import type { Verdict } from './types';

const BY_REASON: Partial<Record<string, Verdict>> = {
  PARTS_MISSING: { kind: 'missing' },
  PART_CONFLICT: { kind: 'changed' },
  // Hashes, lengths and messages are ours: only the way can have damaged them.
  PART_HASH_WRONG: { kind: 'transient', retryAfter: 0 },
  BODY_BROKEN: { kind: 'transient', retryAfter: 0 },
  UPLOAD_COMMITTED: { kind: 'committed' },
  UPLOAD_ABORTED: { kind: 'gone' },
  UPLOAD_CLOSED: { kind: 'gone' },
  UPLOAD_EXPIRED: { kind: 'gone' },
  // Waiting does not make room, nor a request shorter.
  STORAGE_FULL: { kind: 'final' },
  REQUEST_TOO_LARGE: { kind: 'final' },
  MESSAGE_TOO_LARGE: { kind: 'final' },
};

export function classify(error: unknown): Verdict {
  const { code, reason, message, retryAfter, isNetwork } = detailsOf(error);
  const known = BY_REASON[reason];
  if (known !== undefined) return known;
  if (code === Code.Unauthenticated) return { kind: 'session' };
  // The space or its folder may be what is not found: that is for the reader, not for the queue.
  if (code === Code.NotFound && message.startsWith('upload:')) return { kind: 'gone' };
  if (code === Code.DeadlineExceeded) return { kind: 'transient', retryAfter, slow: true };
  if (isNetwork || code === Code.Unavailable || code === Code.ResourceExhausted || code === Code.Aborted) {
    return { kind: 'transient', retryAfter };
  }
  return { kind: 'final' };
}
