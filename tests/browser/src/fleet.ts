// What an administrator does with devices and apps, and where it is to be seen.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { Platform } from './platform';
import type { Visitor } from './visitor';

export async function openDevices({ page }: Visitor): Promise<void> {
  await page.getByRole('link', { name: 'Gestion' }).click();
  await page.getByRole('link', { name: 'Appareils' }).click();
  await page.getByRole('heading', { name: 'Appareils', level: 1 }).waitFor();
}

/** Makes a token and answers the command that enrols with it. */
export async function invite(page: Page, devices: number): Promise<string> {
  await page.getByRole('link', { name: 'Enrôler des appareils' }).click();
  await page.getByRole('button', { name: 'Créer un jeton' }).click();
  await page.getByLabel('Nombre d’appareils').fill(String(devices));
  await page.getByRole('button', { name: 'Créer le jeton' }).click();
  return shownCommand(page);
}

export async function shownCommand(page: Page): Promise<string> {
  const sheet = page.getByRole('region', { name: 'Jeton d’enrôlement' });
  return (await sheet.getByText(/^preau agent enroll /).innerText()).trim();
}

/** One device of the list. */
export function deviceOn(page: Page, name: string): Locator {
  return page.getByRole('list', { name: 'Appareils', exact: true }).getByRole('listitem').filter({ hasText: name });
}

/** What a device was asked, the latest first. */
export function commandsOn(page: Page): Locator {
  return page.getByRole('list', { name: 'Commandes' }).getByRole('listitem');
}

export async function ask(page: Page, button: string, text: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  const dialog = page.getByRole('dialog');
  if (text !== '') await dialog.getByRole('textbox').fill(text);
  await dialog.locator('button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
}

export interface Published {
  app: string;
  name: string;
  version: string;
  bytes: Buffer;
}

/** A publisher with a key, whom devices that enrol from then on trust. */
export async function addPublisher(platform: Platform, name: string): Promise<string> {
  const key = join(platform.folder, `${name}.key`);
  await platform.run('apps', 'keygen', '--out', key);
  await platform.cli(platform.operator, 'apps', 'publisher', 'add', name, key.replace(/key$/, 'pub'));
  return key;
}

export async function publish(platform: Platform, key: string, { app, name, version, bytes }: Published): Promise<void> {
  const file = join(platform.folder, `${app}-${version}.bin`);
  writeFileSync(file, bytes);
  await platform.cli(platform.operator, 'apps', 'publish', file, '--app', app, '--name', name, '--version', version, '--key', key);
}

/** One app on the page of what the devices are to have. */
export function assignedOn(page: Page, name: string): Locator {
  return page.getByRole('list', { name: 'Applications attribuées' }).getByRole('listitem').filter({ hasText: name });
}

export async function assign(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Applications', exact: true }).click();
  await page.getByRole('button', { name: 'Attribuer une application' }).click();
  await page.getByRole('dialog').getByRole('radio', { name: new RegExp(`^${name} `) }).check();
  await page.getByRole('dialog').getByRole('button', { name: 'Attribuer', exact: true }).click();
  await assignedOn(page, name).waitFor();
}
