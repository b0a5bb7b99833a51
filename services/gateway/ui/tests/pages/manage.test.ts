// First sign-ins, and what an administrator does: imports that are refused, applied and confirmed, and codes on paper.

import { readFileSync } from 'node:fs';
import { Code } from '@connectrpc/connect';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Role } from '../../src/gen/preau/policy/v1/policy_pb';
import { refusal } from '../unit/fakes';
import { zip } from './school';
import { axe, openBrowser, openPage, signIn, tabTo, type Stand } from './stand';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

async function inside(tell: (stand: Stand) => Promise<void>): Promise<void> {
  const stand = await openPage(browser);
  stand.preau.school.role = Role.SCHOOL_ADMIN;
  try {
    await tell(stand);
    expect(stand.complaints).toEqual([]);
  } finally {
    await stand.close();
  }
}

const choose = (page: Page, file: ReturnType<typeof zip>): Promise<void> => page.locator('[data-chooser=roster]').setInputFiles(file);
const focused = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.textContent.trim() ?? '');

async function openImports(stand: Stand): Promise<void> {
  await signIn(stand, '/app/manage/s1/imports');
  await stand.page.getByRole('button', { name: 'Choisir un fichier zip' }).waitFor();
}

describe('a first sign-in', () => {
  it('takes the code however it is typed, a password twice, and leads in, by keys alone', () =>
    inside(async ({ page, origin }) => {
      await page.goto(origin);
      await tabTo(page, 'Première connexion ? J’ai un code');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Première connexion' }).waitFor();
      await tabTo(page, 'Identifiant');
      await page.keyboard.type('imane.brun');
      await page.keyboard.press('Tab');
      await page.keyboard.type('k7qm 2pxr-t4vd');
      await page.keyboard.press('Tab');
      await page.keyboard.type('les pommes du verger');
      await page.keyboard.press('Tab');
      await page.keyboard.type('les pommes du verger');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Mes espaces' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/app');
    }));

  it('says what to mend, and takes the focus there', () =>
    inside(async ({ page, origin }) => {
      await page.goto(`${origin}/app/first`);
      const fill = async (code: string, password: string, repeat = password): Promise<void> => {
        await page.getByLabel('Identifiant').fill('imane.brun');
        await page.getByLabel('Code de première connexion').fill(code);
        await page.getByLabel('Nouveau mot de passe').fill(password);
        await page.getByLabel('Confirmez le mot de passe').fill(repeat);
        await page.keyboard.press('Enter');
      };
      await fill('K7QM-2PXR', 'les pommes du verger');
      await page.getByRole('alert').getByText('douze lettres et chiffres').waitFor();
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('first-code');
      await fill('K7QM-2PXR-T4VD', 'les pommes', 'les poires');
      await page.getByRole('alert').getByText('ne sont pas les mêmes').waitFor();
      await fill('K7QM-2PXR-T4VX', 'les pommes du verger');
      await page.getByRole('alert').getByText('demandez un nouveau code').waitFor();
      await fill('K7QM-2PXR-T4VD', 'motdepasse2026');
      await page.getByRole('alert').getByText('parmi les premiers').waitFor();
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('first-password');
    }));
});

describe('an administrator', () => {
  it('is the only one to be led there, straight to the only school', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await signIn(stand);
      await page.getByRole('link', { name: 'Gestion' }).click();
      await page.getByRole('link', { name: '2de A' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/app/manage/s1');
      preau.school.role = Role.TEACHER;
      await page.goto(`${stand.origin}/app`);
      await page.getByRole('heading', { name: 'Mes espaces' }).waitFor();
      expect(await page.getByRole('link', { name: 'Gestion' }).count()).toBe(0);
    }));

  it('learns every problem with its place, and keeps them as a file without formulas', () =>
    inside(async (stand) => {
      const { page } = stand;
      await openImports(stand);
      await choose(page, zip('bad'));
      await page.getByRole('heading', { name: '4 problèmes : rien n’a été changé' }).waitFor();
      const row = page.getByRole('row').filter({ hasText: 'élève' });
      expect(await row.getByRole('cell').allTextContents()).toEqual(
        ['users.csv', '17', 'role', 'élève', expect.stringContaining('OneRoster 1.2')],
      );
      // A reason of a newer server is told in the server's words.
      await page.getByText('leave it out').waitFor();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Télécharger la liste (CSV)' }).click(),
      ]);
      const lines = readFileSync(await download.path(), 'utf8').split('\r\n');
      expect(lines[0]).toBe('\ufeff"Fichier";"Ligne";"Colonne";"Valeur";"Ce qu’il faut faire";"Code"');
      expect(lines[3]).toContain(`"'=HYPERLINK(""http://exemple.invalid"")"`);
    }));

  it('sees the first thousand of many problems a hundred at a time', () =>
    inside(async (stand) => {
      const { page } = stand;
      await openImports(stand);
      await choose(page, zip('many'));
      await page.getByText('Voici les 1 000 premiers.').waitFor();
      expect(await page.getByRole('row').count()).toBe(101);
      await page.getByRole('button', { name: 'Afficher la suite' }).click();
      expect(await page.getByRole('row').count()).toBe(201);
    }));

  it('imports, by keys alone, with the focus on each step, and finds the import again', () =>
    inside(async (stand) => {
      const { page } = stand;
      await openImports(stand);
      // Asked for early: the browser must know before the key that nobody will be there to choose.
      const chooser = page.waitForEvent('filechooser');
      await tabTo(page, 'Choisir un fichier zip');
      await page.keyboard.press('Enter');
      await (await chooser).setFiles(zip('good'));
      await page.getByRole('heading', { name: 'Le fichier est bon' }).waitFor();
      await page.waitForFunction(() => document.activeElement?.tagName === 'H2');
      expect(await focused(page)).toContain('voici ce qui changera');
      expect(await page.getByRole('list', { name: 'Personnes' }).getByRole('listitem').first().textContent()).toBe('99 nouvelles');
      await tabTo(page, 'Appliquer l’importation');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();
      await page.reload();
      await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();
      await tabTo(page, 'Importation');
      await page.keyboard.press('Enter');
      await page.getByRole('list', { name: 'Importations passées' }).getByText('Appliquée').waitFor();
    }));

  it('cannot miss that a file makes administrators, before it does and after, in both languages', () =>
    inside(async (stand) => {
      const { page, origin } = stand;
      await openImports(stand);
      await choose(page, zip('good'));
      await page.getByRole('heading', { name: 'Le fichier est bon' }).waitFor();
      expect(await page.getByText('Attention').count()).toBe(0);
      await page.getByRole('link', { name: 'Choisir un autre fichier' }).click();
      await choose(page, zip('promoted'));
      const warning = page.getByRole('alert');
      await warning.getByText('Attention : 2 personnes deviennent administratrices de l’établissement.').waitFor();
      await warning.getByText('n’appliquez pas').waitFor();
      await page.getByRole('listitem').filter({ hasText: 'compte créé à la main' }).getByText('1', { exact: true }).waitFor();
      expect(await axe(page)).toEqual([]);
      await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
      await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();
      await warning.getByText('Vérifiez dans « Personnel »').waitFor();
      const here = page.url();
      await page.goto(`${origin}/app/account`);
      await page.getByRole('button', { name: 'English' }).click();
      await page.goto(here);
      await warning.getByText('2 people become administrators of the school.').waitFor();
      await page.getByText('an account made by hand').waitFor();
    }));

  it('says how many people to disable before that happens', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await openImports(stand);
      await choose(page, zip('vanished'));
      await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
      await page.getByRole('dialog', { name: 'Désactiver 23 personnes ?' }).waitFor();
      await page.keyboard.press('Escape');
      expect(preau.school.imports[0]?.known.appliedAt).toBeUndefined();
      await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
      await page.getByRole('button', { name: 'Désactiver 23 personnes et appliquer' }).click();
      await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();
    }));

  it('is told why an import was not applied, and goes on from there', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await openImports(stand);
      await choose(page, zip('good'));
      preau.school.failsOnce = refusal(Code.Unavailable, 'DEPENDENCY_UNAVAILABLE');
      await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
      await page.getByRole('heading', { name: 'L’importation n’a pas été appliquée' }).waitFor();
      await page.getByRole('button', { name: 'Reprendre' }).click();
      await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
      await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();
    }));

  it('has a file checked again that was refused at the last moment, without sending it again', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await openImports(stand);
      await choose(page, zip('good'));
      preau.school.takesBackOnce = true;
      await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
      await page.getByRole('heading', { name: '1 problème : rien n’a été changé' }).waitFor();
      await page.getByText('Vérifiez le fichier de nouveau pour voir quelles lignes').waitFor();
      await page.getByRole('link', { name: 'Choisir un autre fichier' }).waitFor();
      await tabTo(page, 'Vérifier de nouveau');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Le fichier est bon' }).waitFor();
      await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
      await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();
      expect(preau.school.imports).toHaveLength(1);
    }));

  it('learns that somebody began another import since, and is led to it', () =>
    inside(async (stand) => {
      const { page } = stand;
      await openImports(stand);
      await choose(page, zip('good'));
      await page.getByRole('heading', { name: 'Le fichier est bon' }).waitFor();
      const first = page.url();
      await page.goto(`${stand.origin}/app/manage/s1/imports`);
      await choose(page, zip('bad'));
      await page.getByRole('heading', { name: '4 problèmes' }).waitFor();
      const second = page.url();
      await page.goto(`${stand.origin}/app/manage/s1/imports`);
      await page.getByText('Remplacée par une autre').waitFor();
      await page.goto(first);
      await page.getByRole('heading', { name: 'Une autre importation a été commencée depuis' }).waitFor();
      expect(await axe(page)).toEqual([]);
      await page.getByRole('link', { name: 'Voir l’autre importation' }).click();
      await page.getByRole('heading', { name: '4 problèmes' }).waitFor();
      expect(page.url()).toBe(second);
    }));

  it('is told of an empty file and of a file that is no zip, before a byte is sent', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await openImports(stand);
      await choose(page, { name: 'rien.zip', mimeType: 'application/zip', buffer: Buffer.alloc(0) });
      await page.getByRole('alert').getByText('Ce fichier est vide').waitFor();
      await choose(page, { name: 'notes.zip', mimeType: 'application/zip', buffer: Buffer.from('bonjour') });
      await page.getByRole('alert').getByText('pas un fichier zip').waitFor();
      expect(preau.school.imports).toHaveLength(0);
    }));

  it('signs in again in the middle of an import, which goes on', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await openImports(stand);
      preau.signedIn = false;
      await choose(page, zip('good'));
      await page.getByRole('dialog', { name: 'Reconnectez-vous' }).waitFor();
      await page.getByLabel('Identifiant').fill('maelle.kerbrat');
      await page.getByLabel('Mot de passe', { exact: true }).fill('right');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Le fichier est bon' }).waitFor();
    }));

  it('prints codes of a class after reading what that does, for its pupils alone unless asked', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await signIn(stand, '/app/manage/s1/classes/k0');
      await page.getByRole('heading', { name: '2de A' }).waitFor();
      await page.getByRole('link', { name: 'Codes de première connexion' }).click();
      await page.getByText('cesse de fonctionner').waitFor();
      expect(preau.school.issued).toHaveLength(0);
      await page.getByRole('button', { name: 'Créer les codes' }).click();
      await page.getByText('24 codes à découper.').waitFor();
      expect(preau.school.issued[0]).toHaveLength(30);
      await page.getByRole('region', { name: 'Codes : 2de A' }).getByText('K7QM-2PXR-T4VD').first().waitFor();
      await page.getByText('avant le 12 octobre 2027').first().waitFor();
      // On paper: the slips and nothing else, two beside each other.
      await page.emulateMedia({ media: 'print' });
      expect(await page.getByRole('button', { name: 'Imprimer' }).isVisible()).toBe(false);
      expect(await page.getByRole('link', { name: 'Gestion' }).isVisible()).toBe(false);
      const shots = process.env['SHOTS'];
      if (shots) await page.screenshot({ path: `${shots}/codes-print.png` });
      const pdf = await page.pdf({ format: 'A4', ...(shots ? { path: `${shots}/codes.pdf` } : {}) });
      expect(pdf.toString('latin1').match(/\/Type ?\/Page\b/g)?.length).toBe(3);
    }));

  it('prints all classes, each on a sheet of its own, and goes on where a failure stopped it', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await signIn(stand, '/app/manage/s1/codes');
      preau.school.failsOnce = refusal(Code.Unavailable, 'DATABASE_BUSY');
      await page.getByRole('button', { name: 'Créer les codes' }).click();
      await page.getByRole('alert').getByText('très occupé').waitFor();
      await page.getByRole('button', { name: 'Réessayer' }).click();
      await page.getByText('72 codes à découper.').waitFor();
      expect(await page.getByRole('region', { name: /^Codes : / }).count()).toBe(3);
      expect(preau.school.issued).toHaveLength(3);
    }));

  it('replaces forgotten passwords by codes after reading what that ends, by keys alone', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await signIn(stand, '/app/manage/s1/classes/k0/codes');
      await tabTo(page, 'Choisir des personnes');
      await page.keyboard.press('Enter');
      const list = page.getByRole('group', { name: 'Qui a oublié son mot de passe ?' });
      await list.waitFor();
      expect(await list.getByRole('checkbox').count()).toBe(32);
      expect(await page.getByRole('button', { name: 'Remplacer le mot de passe' }).isDisabled()).toBe(true);
      // The focus is in the list: the next keys choose its first two.
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await tabTo(page, 'Remplacer 2 mots de passe');
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'Remplacer 2 mots de passe par des codes ?' });
      await dialog.getByText('toutes les sessions de ces 2 personnes se terminent').waitFor();
      expect(await axe(page)).toEqual([]);
      expect(preau.school.issued).toHaveLength(0);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
      expect(preau.school.issued).toHaveLength(0);
      await page.getByRole('button', { name: 'Remplacer 2 mots de passe' }).click();
      preau.school.failsOnce = refusal(Code.PermissionDenied, 'GRANT_NOT_HELD');
      await dialog.getByRole('button', { name: 'Remplacer 2 mots de passe' }).click();
      await dialog.getByRole('alert').filter({ hasText: /./ }).waitFor();
      await dialog.getByRole('button', { name: 'Remplacer 2 mots de passe' }).click();
      await page.getByText('2 codes à découper.').waitFor();
      expect(preau.school.resets).toHaveLength(1);
      expect(preau.school.resets[0]).toHaveLength(2);
      expect(await page.getByRole('region', { name: 'Codes : 2de A' }).getByRole('listitem').count()).toBe(2);
    }));

  it('prints codes of the staff', () =>
    inside(async (stand) => {
      const { page, preau } = stand;
      await signIn(stand, '/app/manage/s1/staff');
      await page.getByRole('list', { name: 'Enseignants et administration' }).getByRole('listitem').first().waitFor();
      await page.getByRole('link', { name: 'Codes de première connexion' }).click();
      await page.getByRole('button', { name: 'Créer les codes' }).click();
      await page.getByText('codes à découper.').waitFor();
      expect(preau.school.issued).toEqual([Array.from({ length: 10 }, () => expect.stringMatching(/^p3\d$/))]);
    }));
});
