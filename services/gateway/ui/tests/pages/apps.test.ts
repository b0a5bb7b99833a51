// What a school's devices are to have, and which of them have it.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Code } from '@connectrpc/connect';
import { ReleaseState } from '../../src/gen/preau/apps/v1/catalogue_pb';
import { InstallationState } from '../../src/gen/preau/apps/v1/deployment_pb';
import { DeviceState } from '../../src/gen/preau/devices/v1/fleet_pb';
import { Role } from '../../src/gen/preau/policy/v1/policy_pb';
import { refusal } from '../unit/fakes';
import type { FakeFleet } from './fleet';
import { openBrowser, openPage, signIn, tabTo, type Stand } from './stand';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const APPS = '/app/manage/s1/apps';

async function inside(tell: (stand: Stand & { fleet: FakeFleet }) => Promise<void>): Promise<void> {
  const stand = await openPage(browser);
  stand.preau.school.role = Role.SCHOOL_ADMIN;
  await stand.page.clock.install();
  try {
    await tell({ ...stand, fleet: stand.preau.fleet });
    expect(stand.complaints).toEqual([]);
  } finally {
    await stand.close();
  }
}

const assigned = (page: Page) => page.getByRole('list', { name: 'Applications attribuées' }).getByRole('listitem');

describe('the apps of a school', () => {
  it('are assigned from the catalogue by keys alone, and counted as devices report', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      const [first, second] = [fleet.device('Tablette 01'), fleet.device('Tablette 02')];
      const release = fleet.release('fr.exemple.geometrie', 'Géométrie', '1.0');
      fleet.release('fr.exemple.atlas', 'Atlas', '3', { state: ReleaseState.UPLOADING });
      await signIn(stand, APPS);
      await page.getByText('Aucune application attribuée.').waitFor();
      await tabTo(page, 'Attribuer une application');
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('radio').waitFor();
      expect(await dialog.getByRole('radio').count()).toBe(1);
      await dialog.getByText('fr.exemple.geometrie · 12,4 Mo · signée par Académie de Lyon').waitFor();
      await dialog.getByRole('radio').press('Space');
      await tabTo(page, 'Attribuer');
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await assigned(page).getByText('installée sur 0').waitFor();
      await assigned(page).getByText('par Maëlle Kerbrat').waitFor();
      fleet.say(first, release, InstallationState.INSTALLED);
      fleet.say(second, release, InstallationState.FAILED, 'disque plein');
      await page.clock.fastForward(16_000);
      await assigned(page).getByText('installée sur 1').waitFor();
      await assigned(page).getByText('1 échec').waitFor();
    }));

  it('are replaced by another version, which the dialog says before', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      fleet.assign(fleet.release('fr.exemple.geometrie', 'Géométrie', '1.0'));
      fleet.release('fr.exemple.geometrie', 'Géométrie', '1.1');
      await signIn(stand, APPS);
      await page.getByRole('button', { name: 'Attribuer une application' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Attribuer' }).click();
      await dialog.getByRole('alert').getByText('Choisissez une version.').waitFor();
      await dialog.getByText('attribuée maintenant').waitFor();
      await dialog.getByRole('radio', { name: /1\.1.*remplace la version 1\.0/ }).check();
      fleet.losesOnce = refusal(Code.Unavailable, 'DATABASE_BUSY');
      await dialog.getByRole('button', { name: 'Attribuer' }).click();
      await dialog.getByRole('alert').getByText('très occupé').waitFor();
      await dialog.getByRole('button', { name: 'Attribuer' }).click();
      await dialog.waitFor({ state: 'detached' });
      await assigned(page).getByText('version 1.1').waitFor();
      expect(await assigned(page).count()).toBe(1);
    }));

  it('are unassigned after a question', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      fleet.assign(fleet.release('fr.exemple.geometrie', 'Géométrie', '1.0'));
      await signIn(stand, APPS);
      await page.getByRole('button', { name: 'Ne plus attribuer Géométrie' }).click();
      await page.getByRole('dialog').getByText('supprimeront cette application').waitFor();
      await page.keyboard.press('Escape');
      expect(fleet.assignments).toHaveLength(1);
      await page.getByRole('button', { name: 'Ne plus attribuer Géométrie' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Ne plus attribuer' }).click();
      await page.getByText('Aucune application attribuée.').waitFor();
    }));

  it('cannot be assigned from an empty catalogue, which says whom to ask', () =>
    inside(async (stand) => {
      const { page } = stand;
      await signIn(stand, APPS);
      await page.getByRole('button', { name: 'Attribuer une application' }).click();
      await page.getByRole('dialog').getByText('Demandez à ceux qui exploitent la plateforme').waitFor();
    }));
});

describe('who has an app', () => {
  it('is told by the devices’ names, with their reasons, and those where it is missing', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      const old = fleet.release('fr.exemple.geometrie', 'Géométrie', '1.0');
      const release = fleet.release('fr.exemple.geometrie', 'Géométrie', '1.1');
      fleet.assign(release);
      fleet.say(fleet.device('Tablette 01'), release, InstallationState.INSTALLED);
      fleet.say(fleet.device('Tablette 02'), release, InstallationState.FAILED, 'signature refusée');
      fleet.say(fleet.device('Tablette 03'), old, InstallationState.INSTALLED);
      fleet.device('Tablette 04', { state: DeviceState.OFFLINE });
      fleet.say(fleet.device('Partie', { state: DeviceState.RETIRED }), release, InstallationState.INSTALLED);
      await signIn(stand, APPS);
      await page.getByRole('link', { name: 'Voir les appareils : Géométrie' }).click();
      const list = page.getByRole('list', { name: 'Appareils : Géométrie' }).getByRole('listitem');
      await list.first().waitFor();
      const texts = (await list.allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));
      expect(texts).toEqual([
        expect.stringMatching(/^Tablette 01 installée version 1\.1/),
        expect.stringMatching(/^Tablette 02 échec version 1\.1 .*signature refusée$/),
        expect.stringMatching(/^Tablette 03 installée version 1\.0/),
        expect.stringMatching(/^Tablette 04 pas encore de nouvelle/),
      ]);
      await page.getByLabel('Seulement les appareils où elle manque').check();
      await page.getByText('3 appareils sur 4').waitFor();
      expect(await list.first().innerText()).toContain('Tablette 02');
      await page.getByRole('link', { name: 'Tablette 02' }).click();
      await page.getByRole('heading', { name: 'Tablette 02' }).waitFor();
    }));

  it('is still told when it is no longer assigned', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      const release = fleet.release('fr.exemple.geometrie', 'Géométrie', '1.0');
      fleet.say(fleet.device('Tablette 01'), release, InstallationState.REMOVED);
      fleet.device('Tablette 02');
      await signIn(stand, `${APPS}/fr.exemple.geometrie`);
      await page.getByText('n’est plus attribuée').waitFor();
      await page.getByRole('listitem').filter({ hasText: 'Tablette 01' }).getByText('supprimée').waitFor();
      expect(await page.getByText('Tablette 02').count()).toBe(0);
    }));
});
