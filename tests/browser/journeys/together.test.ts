// A teacher and a pupil of the same class, each in a browser of their own, at the same time.

import { describe, expect, it } from 'vitest';
import { PART, bytes, write } from '../src/bytes';
import { stage } from '../src/story';

const here = stage();

describe('a teacher and a pupil', () => {
  it('share files of several parts, and each may change only what is theirs', async () => {
    const { platform } = here;
    const [teacher, pupil] = [await here.visitor(), await here.visitor()];
    const [course, figures] = [bytes('course', 2 * PART + 12_345), bytes('figures', PART + 1)];
    await Promise.all([
      teacher.signIn(platform.account('teacher', '2de A')).then(() => teacher.enter('2de A')),
      pupil.signIn(platform.account('student', '2de A')).then(() => pupil.enter('2de A')),
    ]);

    await teacher.choose(write(platform.folder, 'Cours de géométrie.pdf', course));
    await teacher.row('Cours de géométrie.pdf').waitFor();
    await teacher.drop(write(platform.folder, 'figures.bin', figures));
    await teacher.row('figures.bin').waitFor();
    await teacher.page.getByText('2 fichiers envoyés sur 2').waitFor();

    await teacher.page.getByRole('button', { name: 'Nouveau dossier' }).click();
    await teacher.page.getByRole('textbox', { name: 'Nom' }).fill('Chapitre 1');
    await teacher.page.getByRole('button', { name: 'Créer le dossier' }).click();
    await teacher.act('Chapitre 1', 'Renommer…');
    await teacher.page.getByRole('textbox', { name: 'Nom' }).fill('Géométrie');
    await teacher.page.getByRole('button', { name: 'Renommer', exact: true }).click();
    await teacher.row('Géométrie').waitFor();
    await teacher.act('figures.bin', 'Déplacer…');
    await teacher.page.getByRole('dialog').getByRole('button', { name: 'Géométrie' }).click();
    await teacher.page.getByRole('button', { name: 'Déplacer ici' }).click();
    await teacher.row('figures.bin').waitFor({ state: 'detached' });

    await pupil.page.reload();
    await pupil.row('Géométrie').waitFor();
    expect((await pupil.fetched('Cours de géométrie.pdf')).equals(course)).toBe(true);
    await pupil.page.getByRole('link', { name: 'Géométrie' }).click();
    await pupil.row('figures.bin').waitFor();
    expect((await pupil.fetched('figures.bin')).equals(figures)).toBe(true);

    await pupil.page.getByRole('button', { name: 'Actions pour figures.bin' }).click();
    const offered = await pupil.page.getByRole('menuitem').allTextContents();
    expect(offered).toEqual(['Télécharger', 'Copier…']);
  });

  it('keep what the other made from being lost: refused to the pupil, undone by the teacher', async () => {
    const { platform } = here;
    const [teacher, pupil] = [await here.visitor(), await here.visitor()];
    await Promise.all([
      teacher.signIn(platform.account('teacher', '2de A')).then(() => teacher.enter('2de A')),
      pupil.signIn(platform.account('student', '2de A')).then(() => pupil.enter('2de A')),
    ]);

    // The pupil's folder, in which the teacher leaves something: the folder is the pupil's, what is in it is not.
    await pupil.page.getByRole('button', { name: 'Nouveau dossier' }).click();
    await pupil.page.getByRole('textbox', { name: 'Nom' }).fill('Rendus');
    await pupil.page.getByRole('button', { name: 'Créer le dossier' }).click();
    await pupil.row('Rendus').waitFor();
    await teacher.page.reload();
    await teacher.page.getByRole('link', { name: 'Rendus' }).click();
    await teacher.page.getByRole('heading', { name: 'Rendus' }).waitFor();
    await teacher.choose(write(platform.folder, 'corrigé.txt', Buffer.from('corrigé')));
    await teacher.row('corrigé.txt').waitFor();
    await pupil.act('Rendus', 'Mettre à la corbeille');
    await pupil.page.getByText('C’est, ou cela contient, le travail de quelqu’un d’autre.').waitFor();
    await pupil.page.reload();
    await pupil.row('Rendus').waitFor();

    const work = bytes('work', 4_000);
    await pupil.choose(write(platform.folder, 'devoir.odt', work));
    await pupil.row('devoir.odt').waitFor();
    await teacher.page.getByRole('link', { name: '2de A' }).click();
    await teacher.row('devoir.odt').waitFor();
    await teacher.act('devoir.odt', 'Mettre à la corbeille');
    await teacher.page.getByText('« devoir.odt » est dans la corbeille.').waitFor();
    await pupil.page.reload();
    await pupil.row('Rendus').waitFor();
    expect(await pupil.row('devoir.odt').count()).toBe(0);

    await teacher.page.getByRole('link', { name: 'Corbeille' }).click();
    await teacher.page.getByRole('button', { name: 'Restaurer devoir.odt' }).click();
    await teacher.page.getByText('La corbeille est vide.').waitFor();
    await pupil.page.reload();
    await pupil.row('devoir.odt').waitFor();
    expect((await pupil.fetched('devoir.odt')).equals(work)).toBe(true);
  });

  it('of another class see none of it', async () => {
    const { platform } = here;
    const [teacher, stranger] = [await here.visitor(), await here.visitor()];
    await teacher.signIn(platform.account('teacher', '2de A'));
    await teacher.enter('2de A');
    await stranger.signIn(platform.account('student', '2de B'));
    await stranger.page.getByRole('link', { name: /^2de B / }).waitFor();
    expect(await stranger.page.getByRole('link', { name: /^2de A / }).count()).toBe(0);
    await stranger.page.goto(teacher.page.url());
    await stranger.page.getByText('Cela n’existe plus').first().waitFor();
  });
});

describe('two tabs that rename the same file', () => {
  it('tell the second who was faster, and lose neither name nor bytes', async () => {
    const { platform } = here;
    const first = await here.visitor();
    await first.signIn(platform.account('teacher', '2de A'));
    await first.enter('2de A');
    const plan = bytes('plan', 900);
    await first.choose(write(platform.folder, 'plan.txt', plan));
    await first.row('plan.txt').waitFor();

    const second = await first.context.newPage();
    await second.goto(first.page.url());
    await second.getByRole('button', { name: 'Actions pour plan.txt' }).click();
    await second.getByRole('menuitem', { name: 'Renommer…' }).click();
    await first.act('plan.txt', 'Renommer…');
    await first.page.getByRole('textbox', { name: 'Nom' }).fill('plan de classe.txt');
    await first.page.keyboard.press('Enter');
    await first.row('plan de classe.txt').waitFor();

    await second.getByRole('textbox', { name: 'Nom' }).fill('mon plan.txt');
    await second.keyboard.press('Enter');
    await second.getByRole('alert').getByText('il s’appelle maintenant « plan de classe.txt »').waitFor();
    await second.keyboard.press('Escape');
    await second.locator('[data-node]').getByText('plan de classe.txt', { exact: true }).waitFor();
    await first.page.reload();
    await first.row('plan de classe.txt').waitFor();
    expect(await first.row('mon plan.txt').count()).toBe(0);
    expect((await first.fetched('plan de classe.txt')).equals(plan)).toBe(true);
  });
});
