// What a failed call says in its details: the reason that machines compare, the wait, the fields.

import { Code, ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '$gen/google/rpc/error_details_pb';

export interface Details {
  code: Code;
  /** `NAME_TAKEN` and the like; empty when the server did not say, or was not reached. */
  reason: string;
  metadata: Record<string, string>;
  /** Milliseconds to wait before another try, 0 when not said. */
  retryAfter: number;
  fields: { field: string; description: string }[];
  /** In the server's words. */
  message: string;
  /** The browser could not reach the server, or lost it on the way. */
  isNetwork: boolean;
}

export function detailsOf(error: unknown): Details {
  const known = ConnectError.from(error);
  const info = known.findDetails(ErrorInfoSchema)[0];
  const retry = known.findDetails(RetryInfoSchema)[0]?.retryDelay;
  const bad = known.findDetails(BadRequestSchema)[0];
  return {
    code: known.code,
    reason: info?.reason ?? '',
    metadata: info?.metadata ?? {},
    retryAfter: retry === undefined ? 0 : Number(retry.seconds) * 1000 + Math.ceil(retry.nanos / 1e6),
    fields: (bad?.fieldViolations ?? []).map(({ field, description }) => ({ field, description })),
    message: known.rawMessage,
    isNetwork: isNetwork(known, info !== undefined),
  };
}

/** Browsers report a lost connection as a TypeError, or as a body that ends early. */
function isNetwork(error: ConnectError, said: boolean): boolean {
  if (said) return false;
  return error.cause instanceof TypeError || /^missing (trailer|message|response body)/.test(error.rawMessage)
    || /premature|unexpected EOF|incomplete/i.test(error.rawMessage);
}
