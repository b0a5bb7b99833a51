// Why nobody is signed in, in a sentence: what the sign-in page and the first sign-in have in common.

import { formatSeconds, type Lang } from './format';
import type { Catalogue } from './i18n/fr';
import { SignInRefused } from './sign-in';

/** `wrong` is what to say of a login that does not match what came with it. */
export function signInSentence(error: unknown, wrong: string, catalogue: Catalogue, lang: Lang): string {
  const t = catalogue.signIn;
  if (!(error instanceof SignInRefused)) return t.unreachable;
  switch (error.reason) {
    case 'WRONG_CREDENTIALS':
    case 'SIGN_IN_REFUSED':
    case 'ACTIVATION_REFUSED':
      return wrong;
    case 'RATE_LIMITED':
    case 'TOO_MANY_ATTEMPTS':
      return t.limited(error.retryAfter > 0 ? formatSeconds(error.retryAfter, lang) : t.aWhile);
    case 'SIGN_IN_OVERLOADED':
      return t.overloaded;
    case 'FOREIGN_ORIGIN':
      return t.foreign;
    case 'UNREACHABLE':
      return t.unreachable;
    default:
      return byReason(error, catalogue);
  }
}

function byReason(error: SignInRefused, { errors, signIn: t }: Catalogue): string {
  const known = (errors.reasons as Partial<Record<string, string>>)[error.reason];
  if (known !== undefined && error.reason !== 'INVALID_FIELD') return known;
  return error.message === '' ? t.other : `${t.other} (${error.message})`;
}
