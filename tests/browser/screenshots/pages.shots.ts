// Writes docs/screenshots: each page wide and narrow, with an invented school's people and files.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, it } from 'vitest';
import { PART, bytes, write } from '../src/bytes';
import { Device } from '../src/device';
import { addPublisher, ask, assign, assignedOn, deviceOn, invite, openDevices, publish } from '../src/fleet';
import { Gate } from '../src/gate';
import { attend, endLesson, pupilOn, showFile, showLink, startLesson, twoPupils } from '../src/lesson';
import { ROOT } from '../src/places';
import { Roster } from '../src/roster';
import { stage } from '../src/story';
import type { Visitor } from '../src/visitor';

const here = stage();
const INTO = join(ROOT, 'docs/screenshots');

/** Teaches several classes. */
const TEACHER = 'sophie.vauquelin';

const FILES: [name: string, bytes: number][] = [
  ['Chapitre 3 - vecteurs.pdf', 1_840_000],
  ['Corrigé du devoir 2.odt', 96_500],
  ['Figures de géométrie.zip', 3_200_000],
  ['Programme du trimestre.pdf', 214_000],
];

describe.each([
  { size: 'wide', width: 1280, height: 800, space: '2de A' },
  { size: 'narrow', width: 360, height: 740, space: '2de B' },
])('$size', ({ size, width, height, space }) => {
  const keep = async (page: Page, name: string): Promise<void> => {
    mkdirSync(INTO, { recursive: true });
    // From the top, with nothing under the pointer.
    await page.mouse.move(0, 0);
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: join(INTO, `${name}-${size}.png`), animations: 'disabled', caret: 'hide' });
  };
  const arrive = (): Promise<Visitor> => here.visitor({ viewport: { width, height } });
  /** Closes what the page still tells of the steps before. */
  const dismiss = async (page: Page): Promise<void> => {
    const notices = page.locator('.notice');
    while ((await notices.count()) > 0) await notices.first().getByRole('button', { name: 'Fermer' }).click();
  };

  it('a teacher', async () => {
    const { platform } = here;
    const teacher = await arrive();
    await teacher.page.goto(teacher.origin);
    await teacher.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
    await keep(teacher.page, 'sign-in');
    const account = platform.accounts.find(({ login }) => login === TEACHER);
    if (!account) throw new Error(`the demonstration has no ${TEACHER}`);
    await teacher.signIn(account);
    await teacher.page.getByRole('heading', { name: 'Mes classes' }).waitFor();
    await keep(teacher.page, 'spaces');

    await teacher.enter(space);
    for (const folder of ['Devoirs rendus', 'Travaux pratiques']) {
      await teacher.page.getByRole('button', { name: 'Nouveau dossier' }).click();
      await teacher.page.getByRole('textbox', { name: 'Nom' }).fill(folder);
      await teacher.page.getByRole('button', { name: 'Créer le dossier' }).click();
      await teacher.row(folder).waitFor();
    }
    await teacher.choose(...FILES.map(([name, size]) => write(platform.folder, name, bytes(name, size))));
    await teacher.page.getByText('4 fichiers envoyés sur 4').waitFor();
    await teacher.page.getByRole('button', { name: 'Effacer la liste' }).click();
    await teacher.page.reload();
    await teacher.row('Programme du trimestre.pdf').waitFor();
    await keep(teacher.page, 'folder');

    const gate = await Gate.at(teacher.page, 'PutPart', 7);
    const [film, scans] = ['Sortie au musée.mp4', 'Documents numérisés.pdf'].map((name) =>
      write(platform.folder, name, bytes(name, 9 * PART)),
    ) as [string, string];
    await teacher.choose(film, scans);
    await gate.reached();
    await teacher.page.getByRole('button', { name: 'Montrer le détail' }).click();
    await teacher.page.getByRole('button', { name: 'Mettre en pause Sortie au musée.mp4' }).waitFor();
    await keep(teacher.page, 'uploading');
    await gate.release();
    await teacher.page.getByText('2 fichiers envoyés sur 2').waitFor();
  });

  it('a lesson', async () => {
    const { platform } = here;
    const [teacher, first, second] = [await arrive(), await arrive(), await arrive()];
    const account = platform.accounts.find(({ login }) => login === TEACHER);
    if (!account) throw new Error(`the demonstration has no ${TEACHER}`);
    await teacher.signIn(account);
    await startLesson(teacher, space);
    const pupils = twoPupils(platform, space);
    for (const [at, pupil] of [first, second].entries()) await attend(pupil, pupils[at]!);
    await showLink(teacher.page, 'https://www.geogebra.org/classic', 'GeoGebra');
    await showFile(teacher.page, 'Chapitre 3 - vecteurs.pdf');
    await first.fetched('Chapitre 3 - vecteurs.pdf');
    for (const [at, { page }] of [second, first].entries()) {
      await page.getByRole('button', { name: 'Lever la main' }).click();
      await page.getByText(`Votre place : ${at + 1}.`).waitFor();
    }
    await pupilOn(teacher.page, pupils[0].name).getByText('place 2').waitFor();
    await teacher.page.getByText('ouvert par 1, reçu par 2, sur 30').waitFor();
    await dismiss(teacher.page);
    await keep(teacher.page, 'lesson');
    await dismiss(first.page);
    await keep(first.page, 'lesson-pupil');
    await endLesson(teacher.page);
  });

  it('an administrator', async () => {
    const { platform } = here;
    const admin = await arrive();
    const { page } = admin;
    const give = async (roster: Roster): Promise<void> => {
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        page.getByRole('button', { name: 'Choisir un fichier zip' }).click(),
      ]);
      await chooser.setFiles(roster.write(platform.folder, 'export.zip'));
    };
    await admin.signIn(platform.account('admin'));
    await page.getByRole('link', { name: 'Gestion' }).click();
    await page.getByRole('link', { name: 'Importation' }).click();

    const spoiled = new Roster();
    spoiled.spoil('users.csv', 'ines.valmont', 'Inès', '=Inès');
    spoiled.spoil('roles.csv', 'role-eleve-002', 'student', 'élève');
    spoiled.spoil('enrollments.csv', 'inscription-006', 'eleve-002', 'eleve-999');
    spoiled.spoil('academicSessions.csv', 'trimestre-1,', '2026-12-01', '01/12/2026');
    await give(spoiled);
    await page.getByRole('table', { name: 'Problèmes' }).waitFor();
    await keep(page, 'import-problems');

    await page.getByRole('link', { name: 'Choisir un autre fichier' }).click();
    const changed = new Roster();
    changed.enrol({ id: 'eleve-neuve', login: 'nour.hamidi', givenName: 'Nour', familyName: 'Hamidi', classId: 'classe-2a' });
    changed.forget(changed.pupilsOf('classe-1c').slice(-2));
    await give(changed);
    await page.getByRole('button', { name: 'Appliquer l’importation' }).waitFor();
    await keep(page, 'import-summary');

    await page.getByRole('link', { name: 'Classes', exact: true }).click();
    await page.getByRole('link', { name: '1re C' }).click();
    await page.getByRole('link', { name: 'Codes de première connexion' }).click();
    await page.getByRole('button', { name: 'Créer les codes' }).click();
    await page.getByRole('button', { name: 'Imprimer' }).waitFor();
    await keep(page, 'codes');
  });

  it('a fleet', async () => {
    const { platform } = here;
    const admin = await arrive();
    const { page } = admin;
    const wide = size === 'wide';
    const key = await addPublisher(platform, wide ? 'Géométrie libre' : 'Cartes libres');
    const name = wide ? 'Géométrie' : 'Atlas';
    const app = { app: `fr.exemple.${wide ? 'geometrie' : 'atlas'}`, name, version: '3.1', bytes: bytes('app', 1_200_000) };
    await publish(platform, key, app);
    await admin.signIn(platform.account('admin'));
    await openDevices(admin);
    const command = await invite(page, 30);
    await keep(page, 'enrolment');
    const cart = wide ? '0' : '1';
    const names = [`Portable salle 20${cart}`, ...[1, 2, 3, 4].map((number) => `Tablette ${cart}${number}`)];
    const fleet = await Promise.all(names.map((each) => Device.enrol(platform.folder, each, command)));
    try {
      for (const device of fleet.slice(0, 4)) device.run();
      await page.getByRole('link', { name: 'Appareils', exact: true }).click();
      for (const each of names.slice(0, 4)) await deviceOn(page, each).getByText('en ligne').waitFor();
      await deviceOn(page, names[1]!).getByRole('link').click();
      await ask(page, 'Envoyer un message', 'Rangez les tablettes avant 11 h.');
      await ask(page, 'Verrouiller', 'À rapporter au CDI');
      await page.getByText('verrouillé', { exact: true }).waitFor();
      await dismiss(page);
      await keep(page, 'device');
      await page.getByRole('link', { name: 'Appareils', exact: true }).click();
      await deviceOn(page, names[1]!).getByText('verrouillé').waitFor();
      await keep(page, 'devices');
      await assign(page, name);
      await assignedOn(page, name).getByText(/installée sur 4/).waitFor();
      await dismiss(page);
      await assignedOn(page, name).getByRole('link').first().click();
      await page.getByRole('heading', { name, level: 1 }).waitFor();
      await page.getByText(names[0]!).waitFor();
      await keep(page, 'app');
    } finally {
      await Promise.all(fleet.map((device) => device.stop()));
    }
  });
});
