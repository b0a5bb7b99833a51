// The fleet without a mouse.

import { afterEach, expect, it } from 'vitest';
import { bytes } from '../src/bytes';
import { Device } from '../src/device';
import { addPublisher, assignedOn, commandsOn, deviceOn, publish, shownCommand } from '../src/fleet';
import { Keys, watchPointers } from '../src/keys';
import { stage } from '../src/story';

const here = stage();

let device: Device | undefined;
afterEach(() => device?.stop());

it('by keys alone an administrator enrols a device, speaks to it, locks it, gives it an app and retires it', async () => {
  const { platform } = here;
  const key = await addPublisher(platform, 'editeur');
  await publish(platform, key, { app: 'fr.exemple.geometrie', name: 'Géométrie', version: '1.0', bytes: bytes('geometry', 90_000) });
  const admin = await here.visitor();
  const { page } = admin;
  const pointers = await watchPointers(page);
  const keys = new Keys(page);
  const { login, password } = platform.account('admin');
  await page.goto(admin.origin);
  await page.getByRole('heading', { name: 'Se connecter' }).waitFor();
  await keys.tabTo('Identifiant');
  await keys.type(login);
  await keys.tabTo('Mot de passe');
  await keys.type(password);
  await keys.press('Enter');
  await page.getByRole('link', { name: 'Gestion' }).waitFor();
  await keys.open('Gestion');
  await page.getByRole('link', { name: 'Appareils' }).waitFor();
  await keys.open('Appareils');
  await page.getByRole('link', { name: 'Enrôler des appareils' }).waitFor();
  await keys.open('Enrôler des appareils');
  await page.getByText('Aucun jeton pour l’instant.').waitFor();
  await keys.open('Créer un jeton');
  await page.getByRole('dialog').waitFor();
  await keys.press('Control+a');
  await keys.type('2');
  await keys.open('Créer le jeton');
  const command = await shownCommand(page);
  await page.waitForFunction(() => document.activeElement?.hasAttribute('data-sheet'));
  device = await Device.enrol(platform.folder, 'Tablette 9', command);
  device.run();
  await page.getByRole('list', { name: 'Jetons' }).getByText('1 appareil enrôlé sur 2').waitFor();

  await keys.open('Appareils');
  await deviceOn(page, 'Tablette 9').getByText('en ligne').waitFor();
  await keys.open(/^Tablette 9/);
  await page.getByRole('heading', { name: 'Tablette 9', level: 1 }).waitFor();
  await keys.open('Envoyer un message');
  await page.getByRole('dialog').waitFor();
  await keys.type('Bonjour');
  await keys.open('Envoyer');
  await keys.focusOn('Envoyer un message');
  await commandsOn(page).first().getByText('faite', { exact: true }).waitFor();
  await keys.open('Verrouiller');
  await page.getByRole('dialog').waitFor();
  await keys.type('Au CDI');
  // In a form of one line Enter sends it.
  await keys.press('Enter');
  await page.getByText('verrouillé', { exact: true }).waitFor();
  expect(device.read('locked').toString()).toBe('Au CDI');

  await keys.open('Applications');
  await page.getByText('Aucune application attribuée.').waitFor();
  await keys.open('Attribuer une application');
  await page.getByRole('dialog').getByRole('radio').waitFor();
  await keys.tabTo(/^Géométrie/);
  await keys.press('Space');
  await keys.open('Attribuer');
  await assignedOn(page, 'Géométrie').getByText('installée sur 1').waitFor();
  await keys.open('Voir les appareils : Géométrie');
  await page.getByRole('link', { name: 'Tablette 9' }).waitFor();
  await keys.open('Tablette 9');
  await page.getByRole('heading', { name: 'Tablette 9', level: 1 }).waitFor();
  await keys.open('Retirer l’appareil');
  await page.getByRole('dialog').waitFor();
  await keys.open('Retirer l’appareil');
  await page.getByText('Cet appareil est retiré').waitFor();
  expect(await pointers()).toBe(0);
  // The pages look again every 5 or 15 s by themselves, and this waits for it.
}, 300_000);
