// One browser before one fake server, with axe and a watch on the console.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { FakePreau } from './server';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export async function openBrowser(): Promise<Browser> {
  if (!existsSync(DIST)) throw new Error('dist/ is missing: npm run build');
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}

export interface Stand {
  preau: FakePreau;
  page: Page;
  origin: string;
  /** What the console complained of. */
  complaints: string[];
  close: () => Promise<void>;
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Stand> {
  const preau = new FakePreau(DIST);
  const stand = await visit(browser, preau, await preau.start(), options);
  const close = async (): Promise<void> => {
    await stand.close();
    preau.stop();
  };
  return { ...stand, close };
}

/** One more computer before the same server. */
export async function visit(browser: Browser, preau: FakePreau, origin: string, options: BrowserContextOptions = {}): Promise<Stand> {
  const context = await browser.newContext({ locale: 'fr-FR', viewport: { width: 1280, height: 800 }, bypassCSP: false, ...options });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    // A refused sign-in is a 401 by design, and browsers print every 4xx.
    const expected = /status of (400|401|429)/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return {
    preau, page, origin, complaints,
    close: () => context.close(),
  };
}

export async function signIn({ page, origin }: Stand, path = '/app', login = 'maelle.kerbrat'): Promise<void> {
  await page.goto(origin + path);
  await page.getByLabel('Identifiant').fill(login);
  await page.getByLabel('Mot de passe', { exact: true }).fill('right');
  await page.getByRole('button', { name: 'Se connecter' }).click();
  await page.locator('a[href="/app/account"]').waitFor();
}

/** What axe finds serious or critical, by rule and element. */
export async function axe(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's policy does not bind.
  const { readFileSync } = await import('node:fs');
  await page.evaluate(readFileSync(AXE, 'utf8'));
  return page.evaluate(async () => {
    type Found = { id: string; impact: string; nodes: { html: string; failureSummary: string }[] };
    const { run } = (window as unknown as { axe: { run: (where: Document, how: object) => Promise<{ violations: Found[] }> } }).axe;
    const { violations } = await run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`));
  });
}

/** Pixels that the page is wider than the window. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Presses Tab until the focus is on what has that accessible name. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let press = 0; press < 60; press++) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement)) return '';
      const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : undefined;
      return (element.getAttribute('aria-label') ?? label ?? element.textContent).replace(/\s+/g, ' ').trim();
    });
    if (here === name) return;
  }
  throw new Error(`Tab never reaches ${name}`);
}
