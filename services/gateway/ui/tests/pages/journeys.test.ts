// What a teacher does in a day, in a browser: by keys alone, through an expired session, against somebody else's changes.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../unit/fakes';
import { openBrowser, openPage, signIn, tabTo, type Stand } from './stand';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

async function inside(tell: (stand: Stand) => Promise<void>): Promise<void> {
  const stand = await openPage(browser);
  try {
    await tell(stand);
    expect(stand.complaints).toEqual([]);
  } finally {
    await stand.close();
  }
}

describe('signing in', () => {
  it('tells a wrong password, and too many tries with the wait, and takes the focus there', () =>
    inside(async ({ page, origin }) => {
      await page.goto(origin);
      await page.getByLabel('Identifiant').fill('maelle');
      await page.getByLabel('Mot de passe', { exact: true }).fill('wrong');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('n’est pas le bon').waitFor();
      await page.getByLabel('Mot de passe', { exact: true }).fill('slow');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('40 secondes').waitFor();
      expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('alert');
    }));

  it('speaks English when asked, and remembers', () =>
    inside(async ({ page, origin }) => {
      await page.goto(origin);
      await page.getByRole('button', { name: 'English' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await page.reload();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await page.getAttribute('html', 'lang')).toBe('en');
    }));

  it('returns to the page asked for, and leaves it on sign-out', () =>
    inside(async (stand) => {
      stand.preau.put('Chapitre 1');
      await signIn(stand, '/app/spaces/class-1');
      await stand.page.getByRole('link', { name: 'Chapitre 1' }).waitFor();
      await stand.page.getByRole('link', { name: /Maëlle/ }).click();
      await stand.page.getByRole('button', { name: 'Se déconnecter', exact: true }).click();
      await stand.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
    }));
});

describe('files', () => {
  it('are made, renamed, copied, deleted and restored by keys alone', () =>
    inside(async ({ page, origin, preau }) => {
      await page.goto(origin);
      await tabTo(page, 'Identifiant');
      await page.keyboard.type('maelle.kerbrat');
      await page.keyboard.press('Tab');
      await page.keyboard.type('right');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Mes espaces' }).waitFor();
      await tabTo(page, 'Première 1 Partagé avec la classe.');
      await page.keyboard.press('Enter');
      await page.getByText('Ce dossier est vide.').waitFor();
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');

      await tabTo(page, 'Nouveau dossier');
      await page.keyboard.press('Enter');
      await page.keyboard.type('Sorties');
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'Sorties' }).waitFor();

      await tabTo(page, 'Actions pour Sorties');
      await page.keyboard.press('Enter');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Control+A');
      await page.keyboard.type('Voyages');
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'Voyages' }).waitFor();
      expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Actions pour Voyages');

      await page.keyboard.press('Enter');
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.getByText('Ce dossier est vide.').waitFor();
      await tabTo(page, 'Corbeille');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: /Corbeille de/ }).waitFor();
      await tabTo(page, 'Restaurer Voyages');
      await page.keyboard.press('Enter');
      await page.getByText('La corbeille est vide.').waitFor();
      expect(preau.find('Voyages')).toBeDefined();
    }));

  it('come page by page as one scrolls', () =>
    inside(async (stand) => {
      for (let at = 0; at < 450; at++) stand.preau.put(`fiche ${String(at).padStart(3, '0')}.txt`, {}, 10);
      await signIn(stand, '/app/spaces/class-1');
      await stand.page.getByText('fiche 000.txt').waitFor();
      // Far less than all at first: the rest is asked for when one gets there.
      expect(await stand.page.locator('[data-node]').count()).toBeLessThan(450);
      await stand.page.waitForFunction(() => {
        scrollTo(0, document.documentElement.scrollHeight);
        return document.querySelectorAll('[data-node]').length === 450;
      });
      await stand.page.getByText('450 éléments').waitFor();
    }));

  it('move to another space', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      preau.put('plan.txt', {}, 10);
      await signIn(stand, '/app/spaces/class-1');
      await page.getByRole('button', { name: 'Actions pour plan.txt' }).click();
      await page.getByRole('menuitem', { name: 'Déplacer…' }).click();
      await page.getByRole('button', { name: 'Retour' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Première 1' }).click();
      await page.getByRole('button', { name: 'Déplacer ici' }).click();
      await page.getByText('Ce dossier est vide.').waitFor();
      expect(preau.find('plan.txt')?.spaceId).toBe('class-2');
    }));

  it('renamed meanwhile by somebody else: says so, shows the new name, and asks again', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      const held = preau.put('plan.txt', {}, 10);
      await signIn(stand, '/app/spaces/class-1');
      await page.getByRole('button', { name: 'Actions pour plan.txt' }).click();
      await page.getByRole('menuitem', { name: 'Renommer…' }).click();
      held.name = 'plan définitif.txt';
      await page.getByRole('textbox', { name: 'Nom' }).fill('mon plan.txt');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('plan définitif.txt').waitFor();
      await page.locator('[data-node]').getByText('plan définitif.txt').waitFor();
      await page.keyboard.press('Enter');
      await page.locator('[data-node]').getByText('mon plan.txt').waitFor();
    }));

  it('download by the browser itself', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      preau.put('plan.txt', { content: { size: 3n, data: Buffer.from('abc') } });
      await signIn(stand, '/app/spaces/class-1');
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Télécharger plan.txt' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('plan.txt');
    }));
});

describe('uploads', () => {
  it('outlive the session: sign in again on the page, and they go on', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await signIn(stand, '/app/spaces/class-1');
      await page.getByText('Ce dossier est vide.').waitFor();
      preau.signedIn = true;
      preau.putFails = refusal(Code.Unavailable, 'STORAGE_UNAVAILABLE', 1);
      await page.locator('[data-chooser=files]').setInputFiles({
        name: 'film.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(700_000, 'film'),
      });
      await page.getByText('0 fichier envoyé sur 1').waitFor();
      preau.signedIn = false;
      preau.putFails = undefined;
      await page.getByRole('dialog', { name: 'Reconnectez-vous' }).waitFor();
      await page.getByLabel('Identifiant').fill('maelle.kerbrat');
      await page.getByLabel('Mot de passe', { exact: true }).fill('right');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Télécharger film.bin' }).waitFor();
      expect(preau.find('film.bin')?.content?.data.equals(Buffer.alloc(700_000, 'film'))).toBe(true);
    }));

  it('take hundreds of small files while the list stays small', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await signIn(stand, '/app/spaces/class-1');
      await page.getByText('Ce dossier est vide.').waitFor();
      await page.evaluate(() => {
        const transfer = new DataTransfer();
        for (let at = 0; at < 300; at++) transfer.items.add(new File(['x'], `f${at}.txt`));
        const input = document.querySelector<HTMLInputElement>('[data-chooser=files]');
        if (!input) throw new Error('no chooser');
        input.files = transfer.files;
        input.dispatchEvent(new Event('change', { bubbles: true }));
      });
      await page.getByRole('button', { name: 'Montrer le détail' }).click();
      expect(await page.locator('[data-state]').count()).toBeLessThan(30);
      await page.getByText('300 fichiers envoyés sur 300').waitFor({ timeout: 60_000 });
      expect([...preau.nodes.values()]).toHaveLength(300);
    }), 90_000);

  it('take a folder with what is in it, and the folders that exist already as they are', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      const folder = mkdtempSync(join(tmpdir(), 'preau-'));
      mkdirSync(join(folder, 'Sorties', 'Musée'), { recursive: true });
      writeFileSync(join(folder, 'Sorties', 'plan.txt'), 'plan');
      writeFileSync(join(folder, 'Sorties', 'Musée', 'œuvres.txt'), 'tableaux');
      const held = preau.put('Sorties', { spaceId: 'class-2' });
      await signIn(stand, '/app/spaces/class-2');
      await page.locator('[data-chooser=folder]').setInputFiles(join(folder, 'Sorties'));
      await page.getByText('2 fichiers envoyés sur 2').waitFor();
      rmSync(folder, { recursive: true });
      expect(preau.find('plan.txt')?.parentId).toBe(held.nodeId);
      expect(preau.find('Musée')?.parentId).toBe(held.nodeId);
      expect(preau.find('œuvres.txt')?.content?.data.toString()).toBe('tableaux');
    }));

  it('pause and go on', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await signIn(stand, '/app/spaces/class-1');
      await page.getByText('Ce dossier est vide.').waitFor();
      preau.putFails = refusal(Code.Unavailable, 'STORAGE_UNAVAILABLE', 1);
      await page.locator('[data-chooser=files]').setInputFiles({ name: 'a.bin', mimeType: 'text/plain', buffer: Buffer.alloc(200_000) });
      await page.getByRole('button', { name: 'Tout mettre en pause' }).click();
      await page.getByRole('button', { name: 'Montrer le détail' }).click();
      await page.getByText('En pause', { exact: false }).waitFor();
      preau.putFails = undefined;
      await page.getByRole('button', { name: 'Reprendre a.bin' }).click();
      await page.getByRole('button', { name: 'Télécharger a.bin' }).waitFor();
    }));
});
