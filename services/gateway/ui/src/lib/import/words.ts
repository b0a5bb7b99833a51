// A problem of an import in the reader's language.

import type { ImportProblem } from '$gen/preau/roster/v1/imports_pb';
import type { ManageTexts } from '../i18n/manage.fr';

/** Our sentence for its reason with what only the server's message knows; else the server's message as it is. */
export function problemSentence({ reason, message }: ImportProblem, t: ManageTexts['problems']): string {
  const ours = (t.reasons as Partial<Record<string, string>>)[reason];
  if (ours === undefined) return message === '' ? reason : message;
  const more = fact(reason, message, t.facts);
  return more === undefined ? ours : `${ours} ${more}`;
}

/** Lines, words and files that the message names. Nothing when it is worded otherwise: the sentence stands alone. */
function fact(reason: string, message: string, t: ManageTexts['problems']['facts']): string | undefined {
  const [, first, second] = (PATTERNS[reason] ?? /\bline (\d+) has\b/).exec(message) ?? [];
  if (first === undefined) return undefined;
  switch (reason) {
    case 'UNKNOWN_ENUMERATION':
      return t.allowed(first);
    case 'UNKNOWN_REFERENCE':
      return t.file(first);
    case 'COLUMN_ORDER':
      return t.expected(first);
    case 'FIELD_COUNT':
      return t.fields(first, second ?? '');
    default:
      return t.line(first);
  }
}

const PATTERNS: Partial<Record<string, RegExp>> = {
  UNKNOWN_ENUMERATION: /: write (.+)$/,
  UNKNOWN_REFERENCE: /\bno row of ([A-Za-z]+\.csv)\b/,
  COLUMN_ORDER: /\bcolumn (\S+) must stand here\b/,
  FIELD_COUNT: /^(\d+) fields? where the header has (\d+)/,
};
