// Where things lie.

import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const OUT = join(ROOT, 'target/browser');
export const BINARY = process.env['PREAU'] ?? join(ROOT, 'target/ci/preau');
export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** A folder of one's own, on the disk that holds the build: some journeys write gigabytes. */
export function scratch(): string {
  mkdirSync(OUT, { recursive: true });
  return mkdtempSync(join(OUT, 'run-'));
}

/** Says what is missing and what makes it. */
export function need(path: string, how: string): void {
  if (!existsSync(path)) throw new Error(`${path}: missing: run \`${how}\``);
}
