// What a file or a folder may be called: the server's rule, told before the call.

export type NameFault = 'empty' | 'slash' | 'control' | 'dots' | 'long';

const MOST_BYTES = 255;
const CONTROL_OR_BIDI = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/;

export function nameFault(name: string): NameFault | undefined {
  if (name.trim() === '') return 'empty';
  if (name.includes('/')) return 'slash';
  if (CONTROL_OR_BIDI.test(name)) return 'control';
  if (name === '.' || name === '..') return 'dots';
  if (new TextEncoder().encode(name).length > MOST_BYTES) return 'long';
  return undefined;
}

/** As the server stores it. Disks of some makers hand out names decomposed. */
export function tidyName(name: string): string {
  return name.normalize('NFC');
}

/** `devoir.pdf` → `devoir (2).pdf` → `devoir (3).pdf`. */
export function nextName(name: string): string {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  const numbered = / \((\d{1,4})\)$/.exec(stem);
  const base = numbered ? stem.slice(0, numbered.index) : stem;
  return `${base} (${numbered ? Number(numbered[1]) + 1 : 2})${extension}`;
}

/** The server's order, as near as a browser comes: names folded, by code point. */
export function compareNames(a: string, b: string): number {
  const [x, y] = [a.normalize('NFC').toLowerCase(), b.normalize('NFC').toLowerCase()];
  return x < y ? -1 : x > y ? 1 : 0;
}
