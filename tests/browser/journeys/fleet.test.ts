// A device of the school: it comes in with a token, is seen, is told things and does them, gets an app, and goes.

import { afterEach, describe, expect, it } from 'vitest';
import { bytes } from '../src/bytes';
import { Device } from '../src/device';
import { addPublisher, ask, assign, assignedOn, commandsOn, deviceOn, invite, openDevices, publish } from '../src/fleet';
import { stage } from '../src/story';
import type { Visitor } from '../src/visitor';

const here = stage();

/** Pages look again every 5 or 15 s by themselves: these stories wait for that again and again. */
const LONG_MS = 300_000;

let running: Device[] = [];
afterEach(async () => {
  const leaving = running;
  running = [];
  await Promise.all(leaving.map((device) => device.stop()));
});

function switchOn(device: Device): Device {
  running.push(device);
  device.run();
  return device;
}

async function administrator(): Promise<Visitor> {
  const visitor = await here.visitor();
  await visitor.signIn(here.platform.account('admin'));
  return visitor;
}

const said = (device: Device): string[] =>
  device.read('messages.log').toString().split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { text: string }).text);

describe('an administrator', () => {
  it('enrols a device, sees it come, speaks to it, locks it and lets it go', async () => {
    const { folder } = here.platform;
    const admin = await administrator();
    const { page } = admin;
    await openDevices(admin);
    const command = await invite(page, 1);
    const device = await Device.enrol(folder, 'Tablette 7', command);
    await expect(Device.enrol(folder, 'Tablette de trop', command)).rejects.toThrow(/used by as many devices as it was for/);
    await page.getByRole('list', { name: 'Jetons' }).getByText('1 appareil enrôlé sur 1').waitFor();
    await page.getByText('épuisé').waitFor();

    await page.getByRole('link', { name: 'Appareils', exact: true }).click();
    await deviceOn(page, 'Tablette 7').getByText('hors ligne').waitFor();
    expect(await deviceOn(page, 'Tablette de trop').count()).toBe(0);
    switchOn(device);
    await deviceOn(page, 'Tablette 7').getByText('en ligne').waitFor();
    await deviceOn(page, 'Tablette 7').getByText('vu à l’instant').waitFor();

    await deviceOn(page, 'Tablette 7').getByRole('link').click();
    await page.getByRole('heading', { name: 'Tablette 7', level: 1 }).waitFor();
    await ask(page, 'Envoyer un message', 'Rangez les tablettes\navant 11 h.');
    await commandsOn(page).first().getByText('faite', { exact: true }).waitFor();
    expect(said(device)).toEqual(['Rangez les tablettes\navant 11 h.']);

    await ask(page, 'Verrouiller', 'À rapporter au CDI');
    await commandsOn(page).first().getByText('faite', { exact: true }).waitFor();
    await page.getByText('verrouillé', { exact: true }).waitFor();
    expect(device.read('locked').toString()).toBe('À rapporter au CDI');
    await ask(page, 'Déverrouiller', '');
    await commandsOn(page).first().getByText('faite', { exact: true }).waitFor();
    await page.getByText('verrouillé', { exact: true }).waitFor({ state: 'detached' });
    expect(device.has('locked')).toBe(false);

    // What is asked of a device that is off waits for it.
    await device.stop();
    await page.getByText('hors ligne', { exact: true }).waitFor();
    await ask(page, 'Envoyer un message', 'Bonne rentrée');
    await commandsOn(page).first().getByText('en attente de l’appareil').waitFor();
    switchOn(device);
    await commandsOn(page).first().getByText('faite', { exact: true }).waitFor();
    expect(said(device)).toEqual(['Rangez les tablettes\navant 11 h.', 'Bonne rentrée']);

    await page.getByRole('button', { name: 'Retirer l’appareil' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Retirer l’appareil' }).click();
    await page.getByText('Cet appareil est retiré').waitFor();
    await page.getByRole('link', { name: 'Appareils', exact: true }).click();
    await page.getByText('Aucun appareil pour l’instant.').waitFor();
    await page.getByLabel('Afficher aussi les appareils retirés').check();
    await deviceOn(page, 'Tablette 7').getByText('retiré', { exact: true }).waitFor();
  }, LONG_MS);

  it('has an app installed on the school’s devices, sees who has it, and has it removed', async () => {
    const { platform } = here;
    const geometry = { app: 'fr.exemple.geometrie', name: 'Géométrie', version: '1.0', bytes: bytes('geometry', 700_000) };
    const key = await addPublisher(platform, 'editeur');
    await publish(platform, key, geometry);
    const admin = await administrator();
    const { page } = admin;
    await openDevices(admin);
    const device = switchOn(await Device.enrol(platform.folder, 'Tablette 8', await invite(page, 1)));

    await assign(page, 'Géométrie');
    await assignedOn(page, 'Géométrie').getByText('installée sur 1').waitFor();
    expect(device.read(`apps/${geometry.app}/current/${geometry.app}-1.0.bin`).equals(geometry.bytes)).toBe(true);
    await page.getByRole('link', { name: 'Voir les appareils : Géométrie' }).click();
    await page.getByRole('listitem').filter({ hasText: 'Tablette 8' }).getByText('installée', { exact: true }).waitFor();

    // From a publisher whom the device did not know when it came in.
    const stranger = await addPublisher(platform, 'inconnu');
    await publish(platform, stranger, { app: 'fr.exemple.atlas', name: 'Atlas', version: '3', bytes: bytes('atlas', 1000) });
    await assign(page, 'Atlas');
    await assignedOn(page, 'Atlas').getByText('1 échec').waitFor();
    await page.getByRole('link', { name: 'Voir les appareils : Atlas' }).click();
    await page.getByRole('listitem').filter({ hasText: 'Tablette 8' }).getByText(/publisher/).waitFor();
    expect(device.has('apps/fr.exemple.atlas')).toBe(false);

    await page.getByRole('link', { name: 'Applications', exact: true }).click();
    await page.getByRole('button', { name: 'Ne plus attribuer Géométrie' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Ne plus attribuer' }).click();
    await assignedOn(page, 'Géométrie').waitFor({ state: 'detached' });
    await page.goto(`${page.url()}/${geometry.app}`);
    await page.getByRole('listitem').filter({ hasText: 'Tablette 8' }).getByText('supprimée').waitFor();
    expect(device.has(`apps/${geometry.app}`)).toBe(false);
  }, LONG_MS);
});
