// A lesson without a mouse.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bytes, write } from '../src/bytes';
import { Keys, watchPointers } from '../src/keys';
import { lookUp, pretend, pupilOn, shownBy } from '../src/lesson';
import type { Account } from '../src/platform';
import { stage } from '../src/story';
import type { Visitor } from '../src/visitor';

const here = stage();

async function arrive({ page, origin }: Visitor, keys: Keys, { login, password }: Account): Promise<void> {
  await page.goto(origin);
  await page.getByRole('heading', { name: 'Se connecter' }).waitFor();
  await keys.tabTo('Identifiant');
  await keys.type(login);
  await keys.tabTo('Mot de passe');
  await keys.type(password);
  await keys.press('Enter');
  await page.getByRole('heading', { name: 'Mes espaces' }).waitFor();
}

it('by keys alone a teacher gives a lesson, and a pupil takes part', async () => {
  const { platform } = here;
  const [teacher, pupil] = [await here.visitor(), await here.visitor()];
  const pointers = [await watchPointers(teacher.page), await watchPointers(pupil.page)];
  const [keys, typing] = [new Keys(teacher.page), new Keys(pupil.page)];
  const [board, desk] = [teacher.page, pupil.page];
  const account = platform.account('student', '1re C');
  const sheet = bytes('a sheet by keys', 12_345);

  await arrive(teacher, keys, platform.account('teacher', '1re C'));
  await keys.open(/^1re C /);
  await board.getByRole('button', { name: 'Envoyer des fichiers' }).waitFor();
  const chooser = await keys.chooser('Envoyer des fichiers');
  await chooser.setFiles(write(platform.folder, 'fiche.pdf', sheet));
  await teacher.row('fiche.pdf').waitFor();
  await keys.open('Cours');
  await board.getByRole('button', { name: 'Commencer le cours : 1re C' }).waitFor();
  await keys.open('Commencer le cours : 1re C');
  await board.getByRole('list', { name: 'Élèves', exact: true }).waitFor();

  await arrive(pupil, typing, account);
  await typing.open('Cours');
  await desk.getByRole('link', { name: 'Rejoindre : 1re C' }).waitFor();
  await typing.open('Rejoindre : 1re C');
  await desk.getByRole('button', { name: 'Lever la main' }).waitFor();
  await pupilOn(board, account.name).getByText('présent').waitFor();
  await typing.open('Lever la main');
  await desk.getByText('Votre place : 1.').waitFor();
  await board.getByText('1 main levée', { exact: true }).waitFor();
  await keys.open(`Baisser la main de ${account.name}`);
  await desk.getByRole('button', { name: 'Lever la main' }).waitFor();

  await keys.open('Montrer un lien');
  await keys.type('https://exemple.fr/12');
  await keys.tabTo('Titre (facultatif)');
  await keys.type('Page 12');
  await keys.press('Enter');
  await board.getByText('ouvert par 0, reçu par 1, sur 30').waitFor();
  await keys.focusOn('Montrer un lien');
  await pretend(pupil, 'https://exemple.fr/12');
  await typing.tabTo(/^Page 12/);
  const [tab] = await Promise.all([pupil.context.waitForEvent('page'), typing.press('Enter')]);
  await tab.getByRole('heading', { name: 'https://exemple.fr/12' }).waitFor();
  await tab.close();

  await keys.open('Montrer un fichier');
  await board.getByRole('dialog').getByRole('button', { name: 'fiche.pdf' }).waitFor();
  await keys.open('fiche.pdf');
  await desk.getByRole('button', { name: 'Télécharger fiche.pdf' }).waitFor();
  await typing.tabTo('Télécharger fiche.pdf');
  const [download] = await Promise.all([desk.waitForEvent('download'), typing.press('Enter')]);
  expect(readFileSync(await download.path()).equals(sheet)).toBe(true);
  await expect.poll(() => shownBy(board).getByText('ouvert par 1, reçu par 1, sur 30').count()).toBe(2);

  await keys.tabTo('Message (facultatif)');
  await keys.type('Au tableau');
  await keys.press('Enter');
  await lookUp(desk).getByText('Au tableau').waitFor();
  for (let press = 0; press < 3; press++) await typing.press('Escape');
  await keys.focusOn('Rendre l’attention');
  expect(await lookUp(desk).isVisible()).toBe(true);
  await keys.press('Enter');
  await lookUp(desk).waitFor({ state: 'detached' });

  await keys.open('Terminer le cours');
  await board.getByRole('dialog').waitFor();
  await keys.open('Terminer le cours');
  for (const page of [board, desk]) await page.getByText('Le cours est terminé.').waitFor();
  expect(await Promise.all(pointers.map((count) => count()))).toEqual([0, 0]);
});
