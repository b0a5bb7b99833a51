// The devices of a school: the list, enrolment, one device and what it is told.

import decodeQR from 'qr/decode.js';
import { Code } from '@connectrpc/connect';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { CommandState, DeviceState } from '../../src/gen/preau/devices/v1/fleet_pb';
import { Role } from '../../src/gen/preau/policy/v1/policy_pb';
import { refusal } from '../unit/fakes';
import { SECRET, type FakeFleet } from './fleet';
import { axe, openBrowser, openPage, signIn, tabTo, type Stand } from './stand';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

const DEVICES = '/app/manage/s1/devices';
const MINUTE = 60_000;

/** In front of a computer whose clock is that many milliseconds fast. */
async function inside(tell: (stand: Stand & { fleet: FakeFleet }) => Promise<void>, fast = 0): Promise<void> {
  const stand = await openPage(browser);
  stand.preau.school.role = Role.SCHOOL_ADMIN;
  // So that a test need not wait for the next look.
  await stand.page.clock.install({ time: Date.now() + fast });
  try {
    await tell({ ...stand, fleet: stand.preau.fleet });
    expect(stand.complaints).toEqual([]);
  } finally {
    await stand.close();
  }
}

const row = (page: Page, name: string) => page.getByRole('list', { name: 'Appareils' }).getByRole('listitem').filter({ hasText: name });
const commands = (page: Page) => page.getByRole('list', { name: 'Commandes' }).getByRole('listitem');
const pass = (page: Page, seconds: number): Promise<void> => page.clock.fastForward(seconds * 1000);

/** To the end, however often that moves, until that is to be read. */
async function scrollTo(page: Page, text: string): Promise<void> {
  await expect.poll(async () => {
    await page.keyboard.press('End');
    return page.getByText(text, { exact: true }).count();
  }, { timeout: 20_000 }).toBe(1);
}

function gate(): { passed: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

/** What somebody's telephone would read from the only QR code of the page. */
async function scan(page: Page): Promise<string> {
  const svg = await page.getByRole('img', { name: /^Code QR/ }).evaluate((element) => element.outerHTML);
  // A page without our policy, which lets nothing be drawn from `data:`.
  const paper = await page.context().newPage();
  const { side, bytes } = await paper.evaluate(async (markup) => {
    const [image, canvas] = [new Image(), document.createElement('canvas')];
    image.src = `data:image/svg+xml,${encodeURIComponent(markup.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600"'))}`;
    await image.decode();
    canvas.width = canvas.height = 600;
    const pen = canvas.getContext('2d');
    pen?.drawImage(image, 0, 0);
    return { side: 600, bytes: [...(pen?.getImageData(0, 0, 600, 600).data ?? [])] };
  }, svg);
  await paper.close();
  return decodeQR({ width: side, height: side, data: Uint8Array.from(bytes) });
}

describe('the devices of a school', () => {
  it('are listed by name, with how they are in words and when they were seen', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      fleet.device('Tablette 02', { state: DeviceState.OFFLINE, locked: true, lastSeenAt: timestampFromMs(Date.now() - 5.5 * MINUTE) });
      fleet.device('Tablette 01');
      fleet.device('Portable prêté', { state: DeviceState.RETIRED });
      fleet.device('Neuf', { state: DeviceState.OFFLINE });
      Object.assign(fleet.devices.find(({ name }) => name === 'Neuf') ?? {}, { lastSeenAt: undefined });
      await signIn(stand, '/app/manage/s1');
      await page.getByRole('link', { name: 'Appareils' }).click();
      await page.getByText('3 appareils', { exact: true }).waitFor();
      expect(await page.locator('[data-device] .name').allTextContents()).toEqual(['Neuf', 'Tablette 01', 'Tablette 02']);
      await row(page, 'Tablette 01').getByText('en ligne').waitFor();
      await row(page, 'Tablette 01').getByText('vu à l’instant').waitFor();
      await row(page, 'Tablette 02').getByText('verrouillé', { exact: true }).waitFor();
      await row(page, 'Tablette 02').getByText('hors ligne').waitFor();
      await row(page, 'Tablette 02').getByText('vu il y a 5 minutes').waitFor();
      await row(page, 'Neuf').getByText('jamais vu').waitFor();
      await page.getByLabel('Afficher aussi les appareils retirés').check();
      await row(page, 'Portable prêté').getByText('retiré').waitFor();
    }));

  it('are told apart from the computer’s wrong clock', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      fleet.device('Tablette 01', { lastSeenAt: timestampFromMs(Date.now() - 5.5 * MINUTE) });
      await signIn(stand, DEVICES);
      await row(page, 'Tablette 01').getByText('vu il y a 5 minutes').waitFor();
    }, 47 * MINUTE));

  it('are looked at again by themselves, all that were scrolled to', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      fleet.pageSize = 20;
      const devices = Array.from({ length: 45 }, (_, at) => fleet.device(`Tablette ${String(at).padStart(2, '0')}`));
      await signIn(stand, DEVICES);
      await page.getByText('20 appareils affichés').waitFor();
      await scrollTo(page, '45 appareils');
      Object.assign(devices[44] ?? {}, { state: DeviceState.OFFLINE });
      fleet.device('Tablette 45');
      await pass(page, 16);
      await row(page, 'Tablette 44').getByText('hors ligne').waitFor();
      await page.getByText('46 appareils', { exact: true }).waitFor();
    }));

  it('that somebody scrolls to are all there, although the pages before moved meanwhile', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      fleet.pageSize = 20;
      for (let at = 0; at < 30; at++) fleet.device(`Tablette ${String(at).padStart(2, '0')}`);
      await signIn(stand, DEVICES);
      await page.getByText('20 appareils affichés').waitFor();
      const [look, next] = [gate(), gate()];
      fleet.held.set('', look.passed).set('20', next.passed);
      await pass(page, 16);
      await expect.poll(() => fleet.lists).toBe(2);
      await page.keyboard.press('End');
      await expect.poll(() => fleet.lists).toBe(3);
      fleet.device('Tablette 00 bis');
      fleet.held.clear();
      const looked = page.waitForEvent('requestfinished', (request) => request.url().endsWith('/ListDevices'));
      look.open();
      await looked;
      next.open();
      await page.getByText('30 appareils', { exact: true }).waitFor();
      expect(await row(page, 'Tablette 19').count()).toBe(1);
      await pass(page, 16);
      await page.getByText('31 appareils', { exact: true }).waitFor();
    }));

  it('stay when the server is away, with a word that they may be out of date', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      fleet.device('Tablette 01');
      await signIn(stand, DEVICES);
      await row(page, 'Tablette 01').waitFor();
      fleet.fails = refusal(Code.Unavailable, 'DEPENDENCY_UNAVAILABLE');
      await pass(page, 16);
      await page.getByRole('status').getByText('n’est plus à jour').waitFor();
      expect(await row(page, 'Tablette 01').count()).toBe(1);
      fleet.fails = undefined;
      await pass(page, 61);
      await page.getByRole('status').getByText('n’est plus à jour').waitFor({ state: 'detached' });
    }));

  it('that are none lead to enrolment', () =>
    inside(async (stand) => {
      const { page } = stand;
      await signIn(stand, DEVICES);
      await page.getByText('Aucun appareil pour l’instant.').waitFor();
      await tabTo(page, 'Enrôler des appareils');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Enrôlement', level: 1 }).waitFor();
      await page.getByText('Aucun jeton pour l’instant.').waitFor();
    }));
});

describe('a token', () => {
  it('is made by keys alone, and read by eyes, by a telephone and on paper, once', () =>
    inside(async (stand) => {
      const { page, origin } = stand;
      await signIn(stand, `${DEVICES}/enrolment`);
      await tabTo(page, 'Créer un jeton');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Control+a');
      await page.keyboard.type('12');
      await page.keyboard.press('Tab');
      await page.keyboard.press('ArrowDown');
      await tabTo(page, 'Créer le jeton');
      await page.keyboard.press('Enter');
      const sheet = page.getByRole('region', { name: 'Jeton d’enrôlement' });
      await sheet.waitFor();
      await page.waitForFunction(() => document.activeElement?.hasAttribute('data-sheet'));
      await sheet.getByText('Pour 12 appareils, jusqu’au').waitFor();
      await sheet.getByText(SECRET, { exact: true }).waitFor();
      await sheet.getByText(`preau agent enroll --server ${origin} --token ${SECRET}`, { exact: true }).waitFor();
      expect(await scan(page)).toBe(`preau-enrol:?server=${encodeURIComponent(origin)}&token=${SECRET}`);
      await page.getByRole('list', { name: 'Jetons' }).getByText('0 appareil enrôlé sur 12').waitFor();
      expect(await axe(page)).toEqual([]);

      await page.emulateMedia({ media: 'print' });
      expect(await sheet.getByText(SECRET, { exact: true }).isVisible()).toBe(true);
      expect(await sheet.getByRole('img').isVisible()).toBe(true);
      for (const gone of ['Imprimer', 'Copier le jeton', 'Créer un jeton']) {
        expect(await page.getByRole('button', { name: gone }).isVisible(), gone).toBe(false);
      }
      const shots = process.env['SHOTS'];
      const pdf = await page.pdf({ format: 'A4', ...(shots ? { path: `${shots}/token.pdf` } : {}) });
      expect(pdf.toString('latin1').match(/\/Type ?\/Page\b/g)?.length).toBe(1);

      await page.emulateMedia({ media: null });
      await page.reload();
      await page.getByRole('list', { name: 'Jetons' }).waitFor();
      expect(await page.getByText(SECRET).count()).toBe(0);
    }));

  it('is copied, or selected where the browser does not let a page copy', () =>
    inside(async (stand) => {
      const { page } = stand;
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await signIn(stand, `${DEVICES}/enrolment`);
      await page.getByRole('button', { name: 'Créer un jeton' }).click();
      await page.getByRole('button', { name: 'Créer le jeton' }).click();
      await page.getByRole('button', { name: 'Copier le jeton' }).click();
      await page.getByRole('status').getByText('Copié.').waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(SECRET);
      await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
      await page.getByRole('button', { name: 'Copier la commande' }).click();
      await page.getByRole('status').getByText('Ctrl+C').waitFor();
      expect(await page.evaluate(() => getSelection()?.toString())).toMatch(/^preau agent enroll .*M2$/);
    }));

  it('is not made for a number that is none, nor when the server says no', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      await signIn(stand, `${DEVICES}/enrolment`);
      await page.getByRole('button', { name: 'Créer un jeton' }).click();
      for (const wrong of ['0', '10001', 'beaucoup', '']) {
        await page.getByLabel('Nombre d’appareils').fill(wrong);
        await page.keyboard.press('Enter');
        await page.getByRole('alert').getByText('de 1 à 10 000').waitFor();
        expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT');
      }
      await page.getByLabel('Nombre d’appareils').fill('10 000');
      fleet.fails = refusal(Code.PermissionDenied, 'RELATION_MISSING');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('pas accès').waitFor();
      expect(fleet.tokens).toHaveLength(0);
      fleet.fails = undefined;
      await page.getByRole('button', { name: 'Créer le jeton' }).click();
      await page.getByText('Pour 10 000 appareils').waitFor();
    }));

  it('says what it is still good for, and is revoked after a question', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      const ago = timestampFromMs(Date.now() - MINUTE);
      fleet.token({ uses: 5, maxUses: 5 });
      fleet.token({ expiresAt: ago });
      fleet.token({ revokedAt: ago });
      fleet.token({ uses: 2 });
      await signIn(stand, `${DEVICES}/enrolment`);
      const tokens = page.getByRole('list', { name: 'Jetons' }).getByRole('listitem');
      await tokens.first().waitFor();
      for (const [at, words] of [/valable jusqu’au/, /révoqué le/, /expiré le/, /épuisé/].entries()) {
        expect(await tokens.nth(at).innerText()).toMatch(words);
      }
      expect(await page.getByRole('button', { name: /^Révoquer/ }).count()).toBe(1);
      await tabTo(page, await page.getByRole('button', { name: /^Révoquer/ }).getAttribute('aria-label') ?? '');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'Révoquer ce jeton ?' }).waitFor();
      await tabTo(page, 'Révoquer');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await tokens.first().innerText()).toMatch(/révoqué le/);
    }));
});

describe('a device', () => {
  it('is sent a message by keys alone, and shows how far that has come', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      const device = fleet.device('Tablette 01');
      await signIn(stand, DEVICES);
      await row(page, 'Tablette 01').waitFor();
      await tabTo(page, (await row(page, 'Tablette 01').getByRole('link').textContent() ?? '').replace(/\s+/g, ' ').trim());
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Tablette 01' }).waitFor();
      await page.getByText('Rien n’a encore été demandé').waitFor();
      await tabTo(page, 'Envoyer un message');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.type('Rangez les tablettes');
      await page.keyboard.press('Enter');
      await page.keyboard.type('avant 11 h.');
      await tabTo(page, 'Envoyer');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await commands(page).getByText('en attente de l’appareil').waitFor();
      await commands(page).getByText('par Maëlle Kerbrat').waitFor();
      expect(fleet.commands[0]?.action?.what).toMatchObject({ case: 'message', value: { text: 'Rangez les tablettes\navant 11 h.' } });
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Envoyer un message');
      Object.assign(fleet.commands[0] ?? {}, { state: CommandState.DONE });
      await pass(page, 6);
      await commands(page).getByText('faite', { exact: true }).waitFor();
      // Nothing is under way any more: looked at seldomer.
      const { looks } = fleet;
      await pass(page, 9);
      expect(fleet.looks).toBe(looks);
      expect(device.deviceId).toBe('d1');
    }));

  it('is told once, although the answer was lost and the button pressed again', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      fleet.device('Tablette 01');
      await signIn(stand, `${DEVICES}/d1`);
      await page.getByRole('button', { name: 'Envoyer un message' }).click();
      await page.getByRole('dialog').getByLabel('Message').fill('Bonjour');
      fleet.losesOnce = refusal(Code.Unavailable, 'DEPENDENCY_UNAVAILABLE');
      await page.getByRole('button', { name: 'Envoyer', exact: true }).click();
      await page.getByRole('alert').getByText('ne répond pas').waitFor();
      await page.getByRole('button', { name: 'Envoyer', exact: true }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect([fleet.calls, fleet.commands.length]).toEqual([2, 1]);
      // The same words on another occasion are another message.
      await page.getByRole('button', { name: 'Envoyer un message' }).click();
      await page.getByRole('dialog').getByLabel('Message').fill('Bonjour');
      await page.getByRole('button', { name: 'Envoyer', exact: true }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(fleet.commands).toHaveLength(2);
    }));

  it('is locked with a notice and a time limit, says why not now, and is unlocked', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      const device = fleet.device('Tablette 01');
      await signIn(stand, `${DEVICES}/d1`);
      await page.getByRole('button', { name: 'Verrouiller', exact: true }).click();
      const dialog = page.getByRole('dialog', { name: 'Verrouiller l’appareil' });
      await dialog.getByLabel('Texte de l’écran verrouillé').fill('x'.repeat(201));
      await dialog.getByRole('button', { name: 'Verrouiller' }).click();
      await dialog.getByRole('alert').getByText('trop long').waitFor();
      await dialog.getByLabel('Texte de l’écran verrouillé').fill('Rapportez-la au CDI');
      await dialog.getByLabel('À faire dans les').selectOption('7 jours');
      await dialog.getByRole('button', { name: 'Verrouiller' }).click();
      await commands(page).getByText('Rapportez-la au CDI').waitFor();
      const [command] = fleet.commands;
      const left = Number(command?.expiresAt?.seconds ?? 0) - Date.now() / 1000;
      expect(Math.round(left / 3600)).toBe(7 * 24);
      Object.assign(command ?? {}, { state: CommandState.NOT_NOW, reason: 'examen en cours' });
      await pass(page, 6);
      await commands(page).getByText('Raison donnée par l’appareil : examen en cours').waitFor();
      await commands(page).getByText('essaiera de nouveau').waitFor();
      Object.assign(command ?? {}, { state: CommandState.DONE, reason: '' });
      device.locked = true;
      await pass(page, 6);
      await page.getByText('verrouillé', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Déverrouiller' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Déverrouiller' }).click();
      await expect.poll(() => fleet.commands[0]?.action?.what.case).toBe('unlock');
    }));

  it('is retired after reading what that means', () =>
    inside(async (stand) => {
      const { page, fleet } = stand;
      fleet.device('Tablette 01');
      await signIn(stand, `${DEVICES}/d1`);
      await page.getByRole('button', { name: 'Retirer l’appareil' }).click();
      await page.getByRole('dialog').getByText('On ne peut pas annuler').waitFor();
      await page.keyboard.press('Escape');
      expect(fleet.devices[0]?.state).toBe(DeviceState.ONLINE);
      await page.getByRole('button', { name: 'Retirer l’appareil' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Retirer l’appareil' }).click();
      await page.getByText('Cet appareil est retiré').waitFor();
      expect(await page.getByRole('button', { name: 'Envoyer un message' }).count()).toBe(0);
    }));

  it('that is not there is said to be gone', () =>
    inside(async (stand) => {
      const { page } = stand;
      await signIn(stand, `${DEVICES}/nobody`);
      await page.getByRole('alert').getByText('Cela n’existe plus').waitFor();
    }));
});
