// Every page of the running platform, wide and narrow: axe finds nothing serious, nothing overflows, no console complains.

import { describe, expect, it } from 'vitest';
import { write } from '../src/bytes';
import { Device } from '../src/device';
import { addPublisher, ask, commandsOn, publish, shownCommand } from '../src/fleet';
import { endLesson, lookUp, showLink, shownTo, startLesson } from '../src/lesson';
import { axe, overflow, picture } from '../src/look';
import { Roster } from '../src/roster';
import { stage } from '../src/story';
import type { Visitor } from '../src/visitor';

const here = stage();

/** Opens one page or dialog, from where the one before ended. */
type Step = [name: string, open: (visitor: Visitor) => Promise<unknown>];

const STRANGER: Step[] = [
  ['sign-in', async ({ page, origin }) => {
    await page.goto(origin);
    await page.getByRole('heading', { name: 'Se connecter' }).waitFor();
  }],
  ['first', async ({ page }) => {
    await page.getByRole('link', { name: /^Première connexion/ }).click();
    await page.getByRole('heading', { name: 'Première connexion' }).waitFor();
  }],
];

const TEACHER: Step[] = [
  ['spaces', ({ page }) => page.getByRole('heading', { name: 'Mes classes' }).waitFor()],
  ['folder', async (visitor) => {
    await visitor.enter('2de A');
    await visitor.row(LONG).waitFor();
  }],
  ['menu', async ({ page }) => {
    await page.getByRole('button', { name: `Actions pour ${LONG}` }).click();
    await page.getByRole('menu').waitFor();
  }],
  ['rename', async ({ page }) => {
    await page.getByRole('menuitem', { name: 'Renommer…' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['move', async (visitor) => {
    await visitor.page.keyboard.press('Escape');
    await visitor.act(LONG, 'Déplacer…');
    await visitor.page.getByRole('dialog').getByText('Pas de sous-dossier ici.').waitFor();
  }],
  ['trash', async ({ page }) => {
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Corbeille' }).click();
    await page.getByRole('button', { name: 'Supprimer définitivement ancien.txt' }).waitFor();
  }],
  ['purge', async ({ page }) => {
    await page.getByRole('button', { name: 'Supprimer définitivement ancien.txt' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['empty', async ({ page, origin }) => {
    await page.goto(`${origin}/app`);
    await page.getByRole('link', { name: /^Mon espace personnel/ }).click();
    await page.getByText('Ce dossier est vide.').waitFor();
  }],
  ['account', async ({ page, origin }) => {
    await page.goto(`${origin}/app/account`);
    await page.getByText('Enseignant').waitFor();
  }],
  ['missing', async ({ page, origin }) => {
    await page.goto(`${origin}/app/nowhere`);
    await page.getByText('Cette page n’existe pas.').waitFor();
  }],
  ['lessons', async ({ page }) => {
    await page.getByRole('link', { name: 'Cours', exact: true }).first().click();
    await page.getByRole('button', { name: 'Commencer le cours : 2de A' }).waitFor();
  }],
  ['lesson', async (visitor) => {
    await startLesson(visitor, '2de A');
    await showLink(visitor.page, 'https://exemple.fr/12', UNBROKEN);
    await visitor.page.getByText('ouvert par 0, reçu par 0, sur 30').click();
  }],
  ['lesson-link', async ({ page }) => {
    await page.getByRole('button', { name: 'Montrer un lien' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['lesson-file', async ({ page }) => {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Montrer un fichier' }).click();
    await page.getByRole('dialog').getByRole('button', { name: LONG }).waitFor();
  }],
  ['lesson-focus', async ({ page }) => {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Demander l’attention' }).click();
    await page.getByText('Vous demandez l’attention de la classe.').waitFor();
  }],
  ['lesson-end', async ({ page }) => {
    await page.getByRole('button', { name: 'Terminer le cours' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['lesson-over', async ({ page }) => {
    await page.getByRole('dialog').getByRole('button', { name: 'Terminer le cours' }).click();
    await page.getByText('Le cours est terminé.').waitFor();
  }],
];

/** What the pupil's teacher does meanwhile, in a browser of their own. */
let board: Visitor;

const PUPIL: Step[] = [
  ['pupil-spaces', ({ page }) => page.getByRole('heading', { name: 'Mes espaces' }).waitFor()],
  ['pupil-none', async ({ page }) => {
    await page.getByRole('link', { name: 'Cours', exact: true }).first().click();
    await page.getByText('Aucun cours pour l’instant.').waitFor();
  }],
  ['pupil-told', async ({ page }) => {
    await startLesson(board, '2de B');
    await page.getByRole('link', { name: 'Rejoindre : 2de B' }).waitFor();
  }],
  ['pupil-lesson', async ({ page }) => {
    await page.getByRole('link', { name: 'Rejoindre : 2de B' }).click();
    await showLink(board.page, 'https://exemple.fr/12', UNBROKEN);
    await page.getByRole('button', { name: 'Lever la main' }).click();
    await page.getByText('Votre place : 1.').waitFor();
    await shownTo(page).getByText(UNBROKEN).waitFor();
  }],
  ['pupil-focus', async ({ page }) => {
    await board.page.getByRole('textbox', { name: 'Message (facultatif)' }).fill(UNBROKEN);
    await board.page.getByRole('button', { name: 'Demander l’attention' }).click();
    await lookUp(page).getByText(UNBROKEN).waitFor();
  }],
  ['pupil-over', async ({ page }) => {
    await board.page.getByRole('button', { name: 'Rendre l’attention' }).click();
    await endLesson(board.page);
    await page.getByText('Le cours est terminé.').waitFor();
  }],
  ['pupil-gone', async ({ page, origin }) => {
    await page.goto(`${origin}/app/lessons/00000000-0000-7000-8000-000000000000`);
    await page.getByText('Ce cours n’est pas à votre portée.').waitFor();
  }],
];

const ADMINISTRATOR: Step[] = [
  ['classes', async ({ page }) => {
    await page.getByRole('link', { name: 'Gestion' }).click();
    await page.getByRole('link', { name: '2de A' }).waitFor();
  }],
  ['class', async ({ page }) => {
    await page.getByRole('link', { name: '2de A' }).click();
    await page.getByRole('list', { name: 'Élèves' }).waitFor();
  }],
  ['codes', async ({ page }) => {
    await page.getByRole('link', { name: 'Codes de première connexion' }).click();
    await page.getByRole('button', { name: 'Créer les codes' }).waitFor();
  }],
  ['codes-made', async ({ page }) => {
    await page.getByRole('button', { name: 'Créer les codes' }).click();
    await page.getByRole('button', { name: 'Imprimer' }).waitFor();
  }],
  ['staff', async ({ page }) => {
    await page.getByRole('link', { name: 'Personnel' }).click();
    await page.getByRole('list', { name: 'Enseignants et administration' }).waitFor();
  }],
  ['imports', async ({ page }) => {
    await page.getByRole('link', { name: 'Importation', exact: true }).click();
    await page.getByRole('button', { name: 'Choisir un fichier zip' }).waitFor();
  }],
  ['import-problems', async ({ page }) => {
    const roster = new Roster();
    roster.spoil('users.csv', 'ines.valmont', 'Inès', '=Inès');
    await page.locator('[data-chooser=roster]').setInputFiles(roster.write(here.platform.folder, 'bad.zip'));
    await page.getByRole('table', { name: 'Problèmes' }).waitFor();
  }],
  ['import-ready', async ({ page }) => {
    await page.getByRole('link', { name: 'Choisir un autre fichier' }).click();
    const roster = new Roster();
    roster.forget(roster.pupilsOf('classe-2b').slice(0, 12));
    await page.locator('[data-chooser=roster]').setInputFiles(roster.write(here.platform.folder, 'fewer.zip'));
    await page.getByRole('button', { name: 'Appliquer l’importation' }).waitFor();
  }],
  ['import-confirm', async ({ page }) => {
    await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
    await page.getByRole('dialog').waitFor();
  }],
];

/** Devices that were off, and so are a little of everything. */
const FLEET: Step[] = [
  ['devices-none', async ({ page }) => {
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Appareils', exact: true }).click();
    await page.getByRole('link', { name: 'Enrôler des appareils' }).waitFor();
  }],
  ['enrol', async ({ page }) => {
    await page.getByRole('link', { name: 'Enrôler des appareils' }).click();
    await page.getByRole('button', { name: 'Créer un jeton' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['token', async ({ page }) => {
    await page.getByRole('button', { name: 'Créer le jeton' }).click();
    await page.getByRole('img', { name: /^Code QR/ }).waitFor();
  }],
  ['devices', async ({ page }) => {
    const { width } = page.viewportSize() ?? { width: 0 };
    const name = `${UNBROKEN}-${width}-${enrolled++}`;
    await Device.enrol(here.platform.folder, name, await shownCommand(page));
    await page.getByRole('link', { name: 'Appareils', exact: true }).click();
    await page.getByRole('link', { name }).waitFor();
  }],
  ['device', async ({ page }) => {
    await page.getByRole('link', { name: UNBROKEN }).last().click();
    await ask(page, 'Envoyer un message', UNBROKEN);
    await commandsOn(page).getByText('en attente de l’appareil').first().waitFor();
  }],
  ['device-lock', async ({ page }) => {
    await page.getByRole('button', { name: 'Verrouiller', exact: true }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['device-retire', async ({ page }) => {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Retirer l’appareil' }).click();
    await page.getByRole('dialog').waitFor();
  }],
  ['apps-none', async ({ page }) => {
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Applications', exact: true }).click();
    await page.getByRole('button', { name: 'Attribuer une application' }).waitFor();
  }],
  ['assign', async ({ page }) => {
    await page.getByRole('button', { name: 'Attribuer une application' }).click();
    await page.getByRole('radio').waitFor();
  }],
  ['apps', async ({ page }) => {
    await page.getByRole('radio').check();
    await page.getByRole('button', { name: 'Attribuer', exact: true }).click();
    await page.getByText('installée sur 0').waitFor();
  }],
  ['app', async ({ page }) => {
    await page.getByRole('link', { name: /^Voir les appareils/ }).click();
    await page.getByText('pas encore de nouvelle').first().waitFor();
  }],
];

let enrolled = 0;

const LONG = 'Unnomdefichierextrêmementlongsansaucuneespacequidoitsecouperquelquepart_version_finale.odt';
const UNBROKEN = LONG.replace('.odt', '');

/** Something to assign; again it is the same. */
async function stockUp(): Promise<void> {
  if (enrolled > 0) return;
  const key = await addPublisher(here.platform, 'editeur');
  await publish(here.platform, key, { app: 'fr.exemple.geometrie', name: 'Géométrie', version: '1.0', bytes: Buffer.from('plane') });
}

async function furnish(): Promise<void> {
  const teacher = await here.visitor();
  await teacher.signIn(here.platform.account('teacher', '2de A'));
  await teacher.enter('2de A');
  if ((await teacher.row(LONG).count()) > 0) return;
  const files = [LONG, 'عرض الدرس.pptx', 'ancien.txt'].map((name) => write(here.platform.folder, name, Buffer.from(name)));
  await teacher.choose(...files);
  await teacher.row('ancien.txt').waitFor();
  await teacher.act('ancien.txt', 'Mettre à la corbeille');
  await teacher.row('ancien.txt').waitFor({ state: 'detached' });
}

describe.each([
  { width: 1280, height: 800, colorScheme: 'light' as const },
  { width: 1280, height: 800, colorScheme: 'dark' as const },
  { width: 360, height: 740, colorScheme: 'light' as const },
])('at $width pixels, $colorScheme', ({ width, height, colorScheme }) => {
  it.each([
    { who: 'a stranger', role: undefined, steps: STRANGER },
    { who: 'a teacher', role: 'teacher' as const, steps: TEACHER },
    { who: 'a pupil', role: 'student' as const, steps: PUPIL },
    { who: 'an administrator', role: 'admin' as const, steps: [...ADMINISTRATOR, ...FLEET] },
  ])('every page of $who fits and can be used by everybody', async ({ role, steps }) => {
    if (role === 'teacher') await furnish();
    if (role === 'admin') await stockUp();
    if (role === 'student') {
      board = await here.visitor();
      await board.signIn(here.platform.account('teacher', '2de B'));
    }
    const visitor = await here.visitor({ viewport: { width, height }, colorScheme });
    if (role) await visitor.signIn(here.platform.account(role, role === 'student' ? '2de B' : undefined));
    for (const [name, open] of steps) {
      await open(visitor);
      await picture(visitor.page, `${name}-${width}-${colorScheme}`);
      expect(await overflow(visitor.page), `${name} overflows`).toBeLessThanOrEqual(0);
      expect(await axe(visitor.page), name).toEqual([]);
    }
  });
});
