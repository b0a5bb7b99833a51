// Every page, wide and narrow, light and dark: nothing overflows, axe finds nothing serious, the console is silent.
// With SHOTS=<folder>, pictures of all of them are kept there.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Role } from '../../src/gen/preau/policy/v1/policy_pb';
import { CommandState, DeviceState } from '../../src/gen/preau/devices/v1/fleet_pb';
import { InstallationState } from '../../src/gen/preau/apps/v1/deployment_pb';
import type { FakeFleet } from './fleet';
import { zip } from './school';
import { axe, openBrowser, openPage, overflow, signIn, type Stand } from './stand';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

function furnish({ preau }: Stand): void {
  preau.school.role = Role.SCHOOL_ADMIN;
  preau.put('Chapitre 1');
  preau.put('Travaux pratiques');
  preau.put('dévoir-maison.pdf', {}, 245_000);
  preau.put('Unnomdefichierextrêmementlongsansaucuneespacequidoitsecouperquelquepart_version_finale.odt', { createdBy: 'other' }, 12_000_000);
  preau.put('عرض الدرس.pptx', { createdBy: 'other' }, 3_400_000);
  preau.put('ancien plan.txt', { deleted: true }, 900);
  equip(preau.fleet);
}

function equip(fleet: FakeFleet): void {
  const first = fleet.device('Tablette 01', { locked: true });
  fleet.device(UNBROKEN, { state: DeviceState.OFFLINE, model: UNBROKEN, os: '' });
  fleet.device('عربة', { state: DeviceState.RETIRED });
  const text = { case: 'message' as const, value: { $typeName: 'preau.devices.v1.Action.Message' as const, text: UNBROKEN } };
  for (const state of [CommandState.DONE, CommandState.FAILED, CommandState.SENT, CommandState.QUEUED]) {
    const reason = state === CommandState.FAILED ? UNBROKEN : '';
    fleet.command(first, { state, reason, action: { $typeName: 'preau.devices.v1.Action', what: text } });
  }
  fleet.token({ uses: 3 });
  fleet.token({ uses: 30 });
  const release = fleet.release(`fr.${UNBROKEN.toLowerCase()}.geometrie`, 'Géométrie', '1.0-bêta+20271012');
  fleet.assign(release);
  fleet.say(first, release, InstallationState.FAILED, UNBROKEN);
}

const UNBROKEN = 'Unnomextrêmementlongsansaucuneespacequidoitsecouperquelquepart_sur_un_écran_étroit';

const PAGES: [string, (stand: Stand) => Promise<unknown>][] = [
  ['spaces', ({ page }) => page.getByRole('heading', { name: 'Mes classes' }).waitFor()],
  ['folder', async ({ page, origin }) => {
    await page.goto(`${origin}/app/spaces/class-1`);
    await page.getByText('5 éléments').waitFor();
  }],
  ['menu', async ({ page }) => {
    await page.getByRole('button', { name: 'Actions pour dévoir-maison.pdf' }).click();
    await page.getByRole('menu').waitFor();
  }],
  ['rename', async ({ page }) => {
    await page.getByRole('menuitem', { name: 'Renommer…' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['move', async ({ page }) => {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Actions pour dévoir-maison.pdf' }).click();
    await page.getByRole('menuitem', { name: 'Déplacer…' }).click();
    await page.getByRole('dialog').getByText('Chapitre 1').waitFor();
  }],
  ['uploads', async ({ page, preau }) => {
    await page.keyboard.press('Escape');
    const files = ['notes.txt', 'dévoir-maison.pdf', 'carte.png'];
    await page.locator('[data-chooser=files]').setInputFiles(
      files.map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.alloc(300_000, name) })),
    );
    await page.getByText('2 fichiers envoyés sur 3').waitFor();
    await page.getByRole('button', { name: 'Montrer le détail' }).click();
    await page.getByRole('button', { name: 'Garder les deux dévoir-maison.pdf' }).waitFor();
    expect(preau.find('notes.txt')?.content?.data.length).toBe(300_000);
  }],
  ['empty', async ({ page, origin }) => {
    await page.goto(`${origin}/app/spaces/class-2`);
    await page.getByText('Ce dossier est vide.').waitFor();
  }],
  ['trash', async ({ page, origin }) => {
    await page.goto(`${origin}/app/spaces/class-1/trash`);
    await page.getByText('ancien plan.txt').waitFor();
    await page.getByRole('heading', { name: /Corbeille de Seconde/ }).waitFor();
  }],
  ['purge', async ({ page }) => {
    await page.getByRole('button', { name: 'Supprimer définitivement ancien plan.txt' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['account', async ({ page, origin }) => {
    await page.goto(`${origin}/app/account`);
    await page.getByText('Administration de l’établissement').waitFor();
  }],
  ['classes', async ({ page, origin }) => {
    await page.goto(`${origin}/app/manage/s1`);
    await page.getByRole('link', { name: '2de A' }).waitFor();
  }],
  ['class', async ({ page, origin }) => {
    await page.goto(`${origin}/app/manage/s1/classes/k0`);
    await page.getByText('30 élèves').waitFor();
  }],
  ['staff', async ({ page, origin }) => {
    await page.goto(`${origin}/app/manage/s1/staff`);
    await page.getByRole('listitem').filter({ hasText: 'Enseignant' }).first().waitFor();
  }],
  ['codes-before', async ({ page, origin }) => {
    await page.goto(`${origin}/app/manage/s1/classes/k0/codes`);
    await page.getByRole('button', { name: 'Créer les codes' }).waitFor();
  }],
  ['codes-forgotten', async ({ page }) => {
    await page.getByRole('button', { name: 'Choisir des personnes' }).click();
    await page.getByRole('group', { name: 'Qui a oublié son mot de passe ?' }).waitFor();
  }],
  ['codes', async ({ page }) => {
    await page.getByRole('button', { name: 'Créer les codes' }).click();
    await page.getByText('24 codes à découper.').waitFor();
  }],
  ['import-problems', async ({ page, origin }) => {
    await page.goto(`${origin}/app/manage/s1/imports`);
    await page.locator('[data-chooser=roster]').setInputFiles(zip('bad'));
    await page.getByRole('heading', { name: '4 problèmes' }).waitFor();
  }],
  ['import-checking', async ({ page, origin, preau }) => {
    await page.goto(`${origin}/app/manage/s1/imports`);
    preau.school.hold();
    await page.locator('[data-chooser=roster]').setInputFiles(zip('good'));
    await page.getByRole('heading', { name: 'Vérification du fichier' }).waitFor();
  }],
  ['import-summary', async ({ page, origin, preau }) => {
    preau.school.release();
    await page.getByRole('heading', { name: 'Le fichier est bon' }).waitFor();
    await page.goto(`${origin}/app/manage/s1/imports`);
    await page.locator('[data-chooser=roster]').setInputFiles(zip('vanished'));
    await page.getByRole('heading', { name: 'Le fichier est bon' }).waitFor();
  }],
  ['import-confirm', async ({ page }) => {
    await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['import-done', async ({ page }) => {
    await page.getByRole('button', { name: 'Désactiver 23 personnes et appliquer' }).click();
    await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();
  }],
  ['imports', async ({ page, origin }) => {
    await page.goto(`${origin}/app/manage/s1/imports`);
    await page.getByText('Appliquée', { exact: true }).waitFor();
  }],
  ['devices', async ({ page, origin }) => {
    await page.goto(`${origin}/app/manage/s1/devices`);
    await page.getByLabel('Afficher aussi les appareils retirés').check();
    await page.getByText('3 appareils', { exact: true }).waitFor();
  }],
  ['device', async ({ page, origin }) => {
    await page.goto(`${origin}/app/manage/s1/devices/d1`);
    await page.getByText('Raison donnée par l’appareil').waitFor();
  }],
  ['device-message', async ({ page }) => {
    await page.getByRole('button', { name: 'Envoyer un message' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['device-lock', async ({ page }) => {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Verrouiller', exact: true }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['device-retire', async ({ page }) => {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Retirer l’appareil' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['enrol', async ({ page, origin }) => {
    await page.goto(`${origin}/app/manage/s1/devices/enrolment`);
    await page.getByText('épuisé').waitFor();
    await page.getByRole('button', { name: 'Créer un jeton' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['token', async ({ page }) => {
    await page.getByRole('button', { name: 'Créer le jeton' }).click();
    await page.getByRole('img', { name: /^Code QR/ }).waitFor();
  }],
  ['apps', async ({ page, origin }) => {
    await page.goto(`${origin}/app/manage/s1/apps`);
    await page.getByText('1 échec').waitFor();
  }],
  ['app', async ({ page }) => {
    await page.getByRole('link', { name: 'Voir les appareils : Géométrie' }).click();
    await page.getByText('pas encore de nouvelle').waitFor();
  }],
  ['assign', async ({ page }) => {
    await page.goBack();
    await page.getByRole('button', { name: 'Attribuer une application' }).click();
    await page.getByRole('radio').waitFor();
  }],
  ['schools', async ({ page, origin, preau }) => {
    preau.school.twoSchools();
    await page.goto(`${origin}/app/manage`);
    await page.getByText('UAI 0951100E').waitFor();
  }],
  ['missing', async ({ page, origin }) => {
    await page.goto(`${origin}/app/nowhere`);
    await page.getByText('Cette page n’existe pas.').waitFor();
  }],
];

describe.each([
  { width: 1280, height: 800, colorScheme: 'light' as const },
  { width: 1280, height: 800, colorScheme: 'dark' as const },
  { width: 360, height: 740, colorScheme: 'light' as const },
  { width: 360, height: 740, colorScheme: 'dark' as const },
])('at $width pixels, $colorScheme', ({ width, height, colorScheme }) => {
  it('every page fits and can be used by everybody', async () => {
    const stand = await openPage(browser, { viewport: { width, height }, colorScheme });
    const { page, origin } = stand;
    const look = async (name: string): Promise<void> => {
      const shots = process.env['SHOTS'];
      if (shots) await page.screenshot({ path: `${shots}/${name}-${width}-${colorScheme}.png` });
      expect(await overflow(page), `${name} overflows`).toBeLessThanOrEqual(0);
      expect(await axe(page), name).toEqual([]);
    };
    try {
      furnish(stand);
      await page.goto(origin);
      await page.getByRole('heading', { name: 'Se connecter' }).waitFor();
      await look('sign-in');
      await page.getByRole('link', { name: /Première connexion/ }).click();
      await page.getByRole('heading', { name: 'Première connexion' }).waitFor();
      await look('first');
      await signIn(stand);
      for (const [name, open] of PAGES) {
        await open(stand);
        await look(name);
      }
      expect(stand.complaints).toEqual([]);
    } finally {
      await stand.close();
    }
  }, 240_000);
});
