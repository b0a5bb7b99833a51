// One sentence or two for every refusal: what happened, and what to do.

import { Code } from '@connectrpc/connect';
import { detailsOf } from './details';
import { formatSeconds, type Lang } from './format';
import type { Catalogue } from './i18n/fr';
import { SourceChanged } from './upload/types';

/** Waits shorter than this are not worth telling. */
const TOLD_WAIT_MS = 2_000;

export function explain(error: unknown, t: Catalogue, lang: Lang): string {
  if (error instanceof SourceChanged) return t.uploads.changed;
  const details = detailsOf(error);
  const texts = t.errors;
  const wait =
    details.retryAfter >= TOLD_WAIT_MS ? ` ${texts.retryIn(formatSeconds(details.retryAfter / 1000, lang))}` : '';
  const known = (texts.reasons as Partial<Record<string, string>>)[details.reason];
  if (known !== undefined) return known + field(details.reason, details.fields) + wait;
  if (details.isNetwork) return texts.network;
  return byCode(details.code, details.message, texts) + wait;
}

/** The server's own words about the value that it refuses: more precise than ours. */
function field(reason: string, fields: { field: string; description: string }[]): string {
  const first = fields[0];
  return reason === 'INVALID_FIELD' && first !== undefined ? ` (${first.field} : ${first.description})` : '';
}

function byCode(code: Code, message: string, texts: Catalogue['errors']): string {
  switch (code) {
    case Code.Unauthenticated:
      return texts.signedOut;
    case Code.PermissionDenied:
      return texts.denied;
    case Code.NotFound:
      return texts.notFound;
    case Code.DeadlineExceeded:
      return texts.slow;
    case Code.Unavailable:
    case Code.ResourceExhausted:
    case Code.Aborted:
      return texts.busy;
    case Code.InvalidArgument:
    case Code.FailedPrecondition:
    case Code.AlreadyExists:
    case Code.OutOfRange:
      return message === '' ? texts.other : texts.said(message);
    default:
      return texts.other;
  }
}
