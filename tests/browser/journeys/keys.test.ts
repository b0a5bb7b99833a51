// The day of a teacher and of a pupil without a mouse.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PART, bytes, write } from '../src/bytes';
import { Keys, watchPointers } from '../src/keys';
import type { Account } from '../src/platform';
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
});
