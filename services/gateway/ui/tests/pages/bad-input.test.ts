// Files and tabs that do not behave.

import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from '@connectrpc/connect';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../unit/fakes';
import { openBrowser, openPage, signIn, type Stand } from './stand';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

async function inFolder(tell: (stand: Stand) => Promise<void>): Promise<void> {
  const stand = await openPage(browser);
  try {
    await signIn(stand, '/app/spaces/class-2');
    await stand.page.getByRole('button', { name: 'Envoyer des fichiers' }).waitFor();
    await tell(stand);
    expect(stand.complaints).toEqual([]);
  } finally {
    await stand.close();
  }
}

/** Drops files on the page as a hand would, and answers when the page has taken them. */
async function drop(page: Page, count: number): Promise<void> {
  await page.evaluate((many) => {
    const transfer = new DataTransfer();
    for (let at = 0; at < many; at++) transfer.items.add(new File(['x'], `f${String(at).padStart(5, '0')}.txt`));
    for (const type of ['dragenter', 'dragover', 'drop']) {
      dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }
  }, count);
}

describe('an upload', () => {
  it('of an empty file leaves an empty file', () =>
    inFolder(async ({ page, preau }) => {
      await page.locator('[data-chooser=files]').setInputFiles({ name: 'vide.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) });
      await page.getByText('1 fichier envoyé sur 1').waitFor();
      await page.getByRole('button', { name: 'Télécharger vide.txt' }).waitFor();
      expect(preau.find('vide.txt')?.content?.size).toBe(0n);
    }));

  it('of a file that changes while it is read says so, keeps nothing of it, and lets the others through', () =>
    inFolder(async ({ page, preau }) => {
      const folder = mkdtempSync(join(tmpdir(), 'preau-'));
      const [changing, steady] = [join(folder, 'mesures.csv'), join(folder, 'plan.txt')];
      writeFileSync(changing, Buffer.alloc(700_000, '1'));
      writeFileSync(steady, 'plan');
      preau.putFails = refusal(Code.Unavailable, 'STORAGE_UNAVAILABLE', 1);
      await page.locator('[data-chooser=files]').setInputFiles([changing, steady]);
      await page.getByText('0 fichier envoyé sur 2').waitFor();
      appendFileSync(changing, 'une mesure de plus');
      preau.putFails = undefined;
      await page.getByRole('button', { name: 'Télécharger plan.txt' }).waitFor();
      await page.getByRole('button', { name: 'Montrer le détail' }).click();
      await page.getByText('Le fichier a changé ou disparu pendant l’envoi').first().waitFor();
      rmSync(folder, { recursive: true });
      expect(preau.find('mesures.csv')).toBeUndefined();
    }));

  it('of ten thousand files dropped at once leaves the page answering while thousands wait, and its list short', () =>
    inFolder(async ({ page, preau }) => {
      await drop(page, 10_000);
      await page.getByText(/sur 10\s000/).waitFor();
      await page.waitForFunction(() => Number(/^\d+/.exec(document.querySelector('.sum p')?.textContent ?? '0')) >= 100);
      await page.getByRole('button', { name: 'Montrer le détail' }).click();
      const list = page.getByRole('group', { name: 'Envois' });
      const rows = list.locator('[data-state]');
      await rows.first().waitFor();
      expect(await rows.count()).toBeLessThan(30);
      await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await list.locator('[aria-posinset="10000"][aria-setsize="10000"]').waitFor();
      expect(await rows.count()).toBeLessThan(30);
      await page.getByRole('button', { name: 'Masquer le détail' }).click();
      await list.waitFor({ state: 'detached' });
      // However slow the machine: a page that answered only once its work was done would have nothing left by now.
      expect([...preau.nodes.values()].length, 'arrived by then').toBeLessThan(8_000);
      await page.getByRole('button', { name: 'Tout annuler' }).click();
      await page.getByRole('button', { name: 'Effacer la liste' }).click();
      await page.getByText(/sur 10\s000/).waitFor({ state: 'detached' });
      expect([...preau.nodes.values()].length).toBeGreaterThanOrEqual(100);
      expect([...preau.nodes.values()].length, 'arrived in spite of the cancelling').toBeLessThan(10_000);
    }), 120_000);
});

describe('two tabs', () => {
  it('that rename the same file: the second is told its new name, and asked again', () =>
    inFolder(async ({ page, origin, preau }) => {
      preau.put('plan.txt', { spaceId: 'class-2' }, 10);
      const other = await page.context().newPage();
      const begin = async (tab: Page, name: string): Promise<void> => {
        await tab.goto(`${origin}/app/spaces/class-2`);
        await tab.getByRole('button', { name: 'Actions pour plan.txt' }).click();
        await tab.getByRole('menuitem', { name: 'Renommer…' }).click();
        await tab.getByRole('textbox', { name: 'Nom' }).fill(name);
      };
      await begin(page, 'plan A.txt');
      await begin(other, 'plan B.txt');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Actions pour plan A.txt' }).waitFor();
      await other.keyboard.press('Enter');
      await other.getByRole('alert').getByText('plan A.txt').waitFor();
      expect(preau.find('plan A.txt')).toBeDefined();
      await other.keyboard.press('Escape');
      await other.getByRole('button', { name: 'Actions pour plan A.txt' }).waitFor();
    }));

  it('of one person: signed out in one, signed out in the other', () =>
    inFolder(async ({ page, origin }) => {
      const other = await page.context().newPage();
      await other.goto(`${origin}/app/account`);
      await other.getByRole('button', { name: 'Se déconnecter partout' }).click();
      await other.getByRole('heading', { name: 'Se connecter' }).waitFor();
      await page.getByRole('heading', { name: 'Se connecter' }).waitFor();
    }));
});
