// The problems of an import as a file for a spreadsheet.

import type { ImportProblem } from '$gen/preau/roster/v1/imports_pb';
import type { Lang } from '../format';

/** Spreadsheets take cells that begin so for formulas, and would run them. */
const FORMULA = /^\s*[=+\-@＝＋－＠\t\r]/;

/** One cell: quoted, and never a formula. */
export function csvCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return `"${safe.replace(/"/g, '""')}"`;
}

/** With a byte order mark and the separator that spreadsheets of the language expect. */
export function csvFile(header: readonly string[], rows: readonly (readonly string[])[], lang: Lang): string {
  const separator = lang === 'fr' ? ';' : ',';
  const lines = [header, ...rows].map((cells) => cells.map(csvCell).join(separator));
  return `\ufeff${lines.join('\r\n')}\r\n`;
}

export function problemsCsv(
  problems: readonly ImportProblem[],
  header: readonly string[],
  explain: (problem: ImportProblem) => string,
  lang: Lang,
): string {
  const rows = problems.map((problem) => [
    problem.file,
    problem.line === 0 ? '' : String(problem.line),
    problem.column,
    problem.value,
    explain(problem),
    problem.reason,
  ]);
  return csvFile(header, rows, lang);
}

/** Hands a text to the browser as a file to save. */
export function saveText(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
