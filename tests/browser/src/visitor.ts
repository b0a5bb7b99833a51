// Somebody in front of a browser of their own, and what their console complained of.

import { readFileSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Download, type Locator, type Page } from 'playwright-core';
import { CHROMIUM } from './places';
import type { Account } from './platform';

/** How long a page may take for one step before the journey gives up on it. */
const STEP_MS = 30_000;

export async function openBrowser(downloads: string): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    downloadsPath: downloads,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--no-first-run',
    ],
  });
}

export class Visitor {
  readonly complaints: string[] = [];
  /** What the journey itself provokes, such as a server that is away. */
  readonly provoked: RegExp[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly origin: string,
  ) {
    context.on('page', (another) => this.watch(another));
    this.watch(page);
  }

  static async arrive(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({
      locale: 'fr-FR',
      timezoneId: 'Europe/Paris',
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(STEP_MS);
    return new Visitor(context, await context.newPage(), origin);
  }

  private watch(page: Page): void {
    const heard = (text: string): void => {
      if (!this.provoked.some((pattern) => pattern.test(text))) this.complaints.push(text);
    };
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) heard(`${message.type()}: ${message.text()}`);
    });
    // Somebody always listens, so that no chooser opens in the moment between two who wait for one.
    page.on('filechooser', () => undefined);
    page.on('pageerror', (error) => heard(`thrown: ${String(error)}`));
  }

  async signIn({ login, password }: Account, path = '/app'): Promise<void> {
    await this.page.goto(this.origin + path);
    await this.give(login, password);
    await this.page.getByRole('navigation', { name: 'Menu principal' }).waitFor();
  }

  /** Fills the form that is there and sends it. */
  async give(login: string, password: string): Promise<void> {
    await this.page.getByLabel('Identifiant').fill(login);
    await this.page.getByLabel('Mot de passe', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: 'Se connecter', exact: true }).click();
  }

  /** Opens a class's space from the list of spaces. */
  async enter(space: string): Promise<void> {
    await this.page.getByRole('link', { name: new RegExp(`^${space} `) }).click();
    await this.page.getByRole('heading', { name: space, level: 1 }).waitFor();
    await this.page.getByRole('button', { name: 'Envoyer des fichiers' }).waitFor();
  }

  /** One line of the listing. */
  row(name: string): Locator {
    return this.page.locator('[data-node]').filter({ has: this.page.getByText(name, { exact: true }) });
  }

  /** Chooses something in a line's menu. */
  async act(name: string, action: string): Promise<void> {
    await this.page.getByRole('button', { name: `Actions pour ${name}`, exact: true }).click();
    await this.page.getByRole('menuitem', { name: action }).click();
  }

  /** Sends files by the button. */
  async choose(...paths: string[]): Promise<void> {
    const [chooser] = await Promise.all([
      this.page.waitForEvent('filechooser'),
      this.page.getByRole('button', { name: 'Envoyer des fichiers' }).click(),
    ]);
    await chooser.setFiles(paths);
  }

  /** Drops files or folders of the disk on the page, as the desktop does. */
  async drop(...files: string[]): Promise<void> {
    const client = await this.context.newCDPSession(this.page);
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await client.send('Input.dispatchDragEvent', { type, x: 640, y: 400, data });
    }
    await client.detach();
  }

  async download(name: string): Promise<Download> {
    const begun = this.page.waitForEvent('download');
    // Whoever cannot press the button is told so, and not that nothing came of it.
    begun.catch(() => undefined);
    await this.page.getByRole('button', { name: `Télécharger ${name}`, exact: true }).click();
    try {
      return await begun;
    } catch (silence) {
      const said = await this.page.locator('body').innerText();
      throw new Error(`no download of ${name} began; the page said:\n${said}`, { cause: silence });
    }
  }

  /** The bytes that the browser wrote to the disk. */
  async fetched(name: string): Promise<Buffer> {
    return readFileSync(await (await this.download(name)).path());
  }

  async leave(): Promise<void> {
    await this.context.close();
  }
}
