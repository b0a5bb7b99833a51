// The day of a teacher and of a pupil without a mouse.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PART, bytes, write } from '../src/bytes';
import { Keys, watchPointers } from '../src/keys';
import type { Account } from '../src/platform';
import { Roster } from '../src/roster';
import { stage } from '../src/story';
import type { Visitor } from '../src/visitor';

const here = stage();

async function signIn(visitor: Visitor, keys: Keys, { login, password }: Account): Promise<void> {
  await visitor.page.goto(visitor.origin);
  await visitor.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
  await keys.tabTo('Identifiant');
  await keys.type(login);
  await keys.tabTo('Mot de passe');
  await keys.type(password);
  await keys.press('Enter');
  await visitor.page.getByRole('heading', { name: 'Mes espaces' }).waitFor();
}

async function downloadBy(visitor: Visitor, keys: Keys, name: string): Promise<Buffer> {
  await keys.tabTo(`Télécharger ${name}`);
  const [download] = await Promise.all([visitor.page.waitForEvent('download'), keys.press('Enter')]);
  return readFileSync(await download.path());
}

describe('by keys alone', () => {
  it('a teacher uploads, makes, renames, moves, deletes and restores; a pupil fetches', async () => {
    const { platform } = here;
    const [teacher, pupil] = [await here.visitor(), await here.visitor()];
    const pointers = [await watchPointers(teacher.page), await watchPointers(pupil.page)];
    const keys = new Keys(teacher.page);
    const course = bytes('course by keys', PART + 99);

    await signIn(teacher, keys, platform.account('teacher', '2de A'));
    await keys.open(/^2de A /);
    await teacher.page.getByRole('heading', { name: '2de A' }).waitFor();
    await keys.focusOn('2de A');
    const chooser = await keys.chooser('Envoyer des fichiers');
    await chooser.setFiles(write(platform.folder, 'cours.pdf', course));
    await teacher.row('cours.pdf').waitFor();

    await keys.open('Nouveau dossier');
    await keys.type('Sorties');
    await keys.press('Enter');
    await teacher.row('Sorties').waitFor();
    await keys.act('Sorties', 'Renommer…');
    await keys.press('Control+A');
    await keys.type('Voyages');
    await keys.press('Enter');
    await teacher.row('Voyages').waitFor();
    await keys.focusOn('Actions pour Voyages');

    await keys.act('cours.pdf', 'Déplacer…');
    await keys.open('Voyages');
    await teacher.page.getByRole('dialog').getByText('Pas de sous-dossier ici.').waitFor();
    await keys.open('Déplacer ici');
    await teacher.row('cours.pdf').waitFor({ state: 'detached' });

    await keys.act('Voyages', 'Mettre à la corbeille');
    await teacher.page.getByText('Ce dossier est vide.').waitFor();
    await keys.open('Corbeille');
    await teacher.page.getByRole('heading', { name: 'Corbeille de 2de A' }).waitFor();
    await keys.open('Restaurer Voyages');
    await teacher.page.getByText('La corbeille est vide.').waitFor();

    const pupilKeys = new Keys(pupil.page);
    await signIn(pupil, pupilKeys, platform.account('student', '2de A'));
    await pupilKeys.open(/^2de A /);
    await pupilKeys.open('Voyages');
    await pupil.row('cours.pdf').waitFor();
    expect((await downloadBy(pupil, pupilKeys, 'cours.pdf')).equals(course)).toBe(true);

    await keys.open(platform.account('teacher', '2de A').name);
    await keys.open('Se déconnecter');
    await teacher.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
    expect(await Promise.all(pointers.map((count) => count()))).toEqual([0, 0]);
  });

  it('an upload is paused, resumed and cancelled', async () => {
    const { platform } = here;
    const teacher = await here.visitor();
    const pointers = await watchPointers(teacher.page);
    const keys = new Keys(teacher.page);
    await signIn(teacher, keys, platform.account('teacher', '2de B'));
    await keys.open(/^2de B /);
    await teacher.page.getByText('Ce dossier est vide.').waitFor();
    // No part arrives until it is let through, so that there is something to pause.
    await teacher.page.route('**/PutPart', () => undefined);
    const content = bytes('long', 6 * PART);
    const chooser = await keys.chooser('Envoyer des fichiers');
    await chooser.setFiles([write(platform.folder, 'long.bin', content), write(platform.folder, 'autre.bin', content)]);
    await keys.open('Montrer le détail');
    await keys.open('Mettre en pause long.bin');
    await teacher.page.getByText(/^En pause/).waitFor();
    await keys.open('Annuler l’envoi de autre.bin');
    await teacher.page.getByText('autre.bin').waitFor({ state: 'detached' });
    await teacher.page.unroute('**/PutPart');
    await keys.open('Reprendre long.bin');
    await teacher.row('long.bin').waitFor();
    expect((await downloadBy(teacher, keys, 'long.bin')).equals(content)).toBe(true);
    expect(await teacher.row('autre.bin').count()).toBe(0);
    expect(await pointers()).toBe(0);
  });

  it('a teacher copies within the class and to their own space, and purges for good', async () => {
    const { platform } = here;
    const teacher = await here.visitor();
    const pointers = await watchPointers(teacher.page);
    const keys = new Keys(teacher.page);
    const sheet = bytes('sheet by keys', 4_321);
    await signIn(teacher, keys, platform.account('teacher', '2de A'));
    await keys.open(/^2de A /);
    await teacher.page.getByRole('button', { name: 'Envoyer des fichiers' }).waitFor();
    const chooser = await keys.chooser('Envoyer des fichiers');
    await chooser.setFiles(write(platform.folder, 'fiche.odt', sheet));
    await teacher.row('fiche.odt').waitFor();

    await keys.act('fiche.odt', 'Copier…');
    await teacher.page.getByRole('dialog', { name: 'Copier « fiche.odt »' }).waitFor();
    await keys.tabTo('Nom de la copie');
    await keys.press('Control+A');
    await keys.type('fiche à rendre.odt');
    await keys.open('Copier ici');
    await teacher.row('fiche à rendre.odt').waitFor();
    expect((await downloadBy(teacher, keys, 'fiche à rendre.odt')).equals(sheet)).toBe(true);

    await keys.act('fiche.odt', 'Copier…');
    await keys.open('Retour');
    await keys.open('Mon espace personnel');
    await teacher.page.getByRole('dialog').getByRole('heading', { name: 'Mon espace personnel' }).waitFor();
    await keys.open('Copier ici');
    await teacher.page.getByText('Copié sous le nom « fiche.odt » dans « Mon espace personnel ».').waitFor();

    await keys.act('fiche à rendre.odt', 'Mettre à la corbeille');
    await teacher.row('fiche à rendre.odt').waitFor({ state: 'detached' });
    await keys.open('Corbeille');
    await keys.open('Supprimer définitivement fiche à rendre.odt');
    const dialog = teacher.page.getByRole('dialog', { name: 'Supprimer « fiche à rendre.odt » pour toujours ?' });
    await dialog.waitFor();
    await keys.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await keys.focusOn('Supprimer définitivement fiche à rendre.odt');
    await keys.press('Enter');
    await keys.open('Supprimer définitivement');
    await teacher.page.getByText('« fiche à rendre.odt » est supprimé pour toujours.').waitFor();
    expect(await teacher.page.getByRole('button', { name: 'Restaurer fiche à rendre.odt' }).count()).toBe(0);
    expect(await pointers()).toBe(0);
  });

  it('whoever was signed out elsewhere signs in again in the dialog, and what they began is done', async () => {
    const { platform } = here;
    const account = platform.account('teacher', '2de B');
    const [teacher, elsewhere] = [await here.visitor(), await here.visitor()];
    const pointers = [await watchPointers(teacher.page), await watchPointers(elsewhere.page)];
    const [keys, others] = [new Keys(teacher.page), new Keys(elsewhere.page)];
    await signIn(teacher, keys, account);
    await keys.open(/^2de B /);
    await teacher.page.getByRole('button', { name: 'Nouveau dossier' }).waitFor();
    await keys.open('Nouveau dossier');
    await keys.type('Exposés');

    await signIn(elsewhere, others, account);
    await others.open(account.name);
    await elsewhere.page.getByRole('button', { name: 'Se déconnecter partout' }).waitFor();
    await others.open('Se déconnecter partout');
    await elsewhere.page.getByRole('heading', { name: 'Se connecter' }).waitFor();

    await keys.press('Enter');
    const dialog = teacher.page.getByRole('dialog', { name: 'Reconnectez-vous' });
    await dialog.waitFor();
    await keys.press('Escape');
    await keys.tabTo('Identifiant');
    await keys.type(account.login);
    await keys.tabTo('Mot de passe');
    await keys.type(account.password);
    await keys.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await teacher.row('Exposés').waitFor();
    expect(await Promise.all(pointers.map((count) => count()))).toEqual([0, 0]);
  });

  it('two tabs rename the same file: the second is told, and the name of the first stands', async () => {
    const { platform } = here;
    const first = await here.visitor();
    const pointers = [await watchPointers(first.page)];
    const keys = new Keys(first.page);
    await signIn(first, keys, platform.account('teacher', '2de A'));
    await keys.open(/^2de A /);
    await first.page.getByRole('button', { name: 'Envoyer des fichiers' }).waitFor();
    const chooser = await keys.chooser('Envoyer des fichiers');
    await chooser.setFiles(write(platform.folder, 'plan.txt', bytes('plan by keys', 700)));
    await first.row('plan.txt').waitFor();

    const second = await first.context.newPage();
    pointers.push(await watchPointers(second));
    const others = new Keys(second);
    await second.goto(first.page.url());
    await second.getByRole('button', { name: 'Actions pour plan.txt' }).waitFor();
    for (const [hands, name] of [[others, 'mon plan.txt'], [keys, 'plan de classe.txt']] as const) {
      await hands.act('plan.txt', 'Renommer…');
      await hands.press('Control+A');
      await hands.type(name);
    }
    await keys.press('Enter');
    await first.row('plan de classe.txt').waitFor();
    await others.press('Enter');
    await second.getByRole('alert').getByText('il s’appelle maintenant « plan de classe.txt »').waitFor();
    await others.press('Escape');
    await second.getByRole('button', { name: 'Actions pour plan de classe.txt' }).waitFor();
    expect(await second.getByText('mon plan.txt', { exact: true }).count()).toBe(0);
    expect(await Promise.all(pointers.map((count) => count()))).toEqual([0, 0]);
  });

  it('an administrator confirms how many people a file disables, after a first no', async () => {
    const { platform } = here;
    const admin = await here.visitor();
    const pointers = await watchPointers(admin.page);
    const { page } = admin;
    const keys = new Keys(page);
    await signIn(admin, keys, platform.account('admin'));
    await keys.open('Gestion');
    await page.getByRole('link', { name: '2de A' }).waitFor();
    await keys.open('Importation');
    await page.getByRole('button', { name: 'Choisir un fichier zip' }).waitFor();
    const fewer = new Roster();
    fewer.forget(fewer.pupilsOf('classe-2b').slice(0, 12));
    await (await keys.chooser('Choisir un fichier zip')).setFiles(fewer.write(platform.folder, 'fewer.zip'));
    await page.getByRole('button', { name: 'Appliquer l’importation' }).waitFor();
    await keys.open('Appliquer l’importation');
    const dialog = page.getByRole('dialog', { name: 'Désactiver 12 personnes ?' });
    await dialog.waitFor();
    await keys.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await keys.focusOn('Appliquer l’importation');
    await keys.press('Enter');
    await keys.open('Désactiver 12 personnes et appliquer');
    await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();
    expect(await pointers()).toBe(0);
  });
});
