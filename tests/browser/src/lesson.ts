// What people do in a lesson, and where it is to be seen.

import type { Locator, Page } from 'playwright-core';
import type { Account, Platform } from './platform';
import type { Visitor } from './visitor';

/** Two pupils of a class. */
export function twoPupils(platform: Platform, inClass: string): [Account, Account] {
  const [first, second] = platform.accounts.filter((one) => one.role === 'student' && one.class === inClass);
  if (!first || !second) throw new Error(`the demonstration has no two pupils in ${inClass}`);
  return [first, second];
}

export async function startLesson({ page, origin }: Visitor, inClass: string): Promise<void> {
  await page.goto(`${origin}/app/lessons`);
  await page.getByRole('button', { name: `Commencer le cours : ${inClass}` }).click();
  await page.getByRole('list', { name: 'Élèves', exact: true }).waitFor();
}

/** Signs in and goes to the lesson that goes on. */
export async function attend(pupil: Visitor, account: Account): Promise<void> {
  await pupil.signIn(account, '/app/lessons');
  await pupil.page.getByRole('link', { name: `Rejoindre : ${account.class}` }).click();
  await pupil.page.getByRole('button', { name: 'Lever la main' }).waitFor();
}

export async function endLesson(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Terminer le cours' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Terminer le cours' }).click();
  await page.getByText('Le cours est terminé.').waitFor();
}

/** One pupil on the teacher's page. */
export function pupilOn(page: Page, name: string): Locator {
  return page.getByRole('list', { name: 'Élèves', exact: true }).getByRole('listitem').filter({ hasText: name });
}

/** Raised hands on the teacher's page, in their order. */
export function handsOn(page: Page): Locator {
  return page.getByRole('list', { name: 'Mains levées' }).getByRole('listitem').locator('bdi');
}

export async function showLink(page: Page, address: string, title: string): Promise<void> {
  await page.getByRole('button', { name: 'Montrer un lien' }).click();
  await page.getByRole('textbox', { name: 'Adresse du lien' }).fill(address);
  await page.getByRole('textbox', { name: 'Titre (facultatif)' }).fill(title);
  await page.getByRole('button', { name: 'Montrer', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

export async function showFile(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Montrer un fichier' }).click();
  await page.getByRole('dialog').getByRole('button', { name }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

/** What was shown, on the teacher's page; the receipts of each are in it. */
export function shownBy(page: Page): Locator {
  return page.getByRole('list', { name: 'Montré à la classe' }).locator(':scope > li');
}

/** What is shown, on a pupil's page. */
export function shownTo(page: Page): Locator {
  return page.getByRole('list', { name: 'Montré par l’enseignant' }).getByRole('listitem');
}

/** The screen that asks a pupil for their attention. */
export function lookUp(page: Page): Locator {
  return page.getByRole('dialog', { name: 'Regardez votre enseignant' });
}

/** A page of the Web for whoever opens it, without the Web. */
export async function pretend(visitor: Visitor, address: string): Promise<void> {
  const body = `<!doctype html><html lang="fr"><title>${address}</title><h1>${address}</h1>`;
  await visitor.context.route(address, (route) => route.fulfill({ contentType: 'text/html', body }));
}
