// What can be seen of a page by those who test it: faults of accessibility, overflow, a picture.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { OUT } from './places';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds serious or critical, by rule and element. */
export async function axe(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's policy does not bind.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    type Found = { id: string; impact: string; nodes: { html: string; failureSummary: string }[] };
    const { axe: engine } = window as unknown as {
      axe: { run: (where: Document, how: object) => Promise<{ violations: Found[]; passes: Found[] }> };
    };
    const { violations, passes } = await engine.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    if (passes.length === 0) return ['axe looked at nothing'];
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`));
  });
}

/** Pixels that the page is wider than the window. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Keeps a picture under target/browser/pictures. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = join(OUT, 'pictures');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
