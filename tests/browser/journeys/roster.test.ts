// An administrator's day: a roster that is refused with every fault in its place, the mended one, codes on paper, and
// the pupil who comes with one.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { Keys, watchPointers } from '../src/keys';
import { Roster, type Newcomer } from '../src/roster';
import { stage } from '../src/story';
import type { Visitor } from '../src/visitor';

const here = stage();

const NOUR: Newcomer = { id: 'eleve-neuve', login: 'nour.hamidi', givenName: 'Nour', familyName: 'Hamidi', classId: 'classe-2a' };
const LOU: Newcomer = { id: 'eleve-lou', login: 'lou.marchetti', givenName: 'Lou', familyName: 'Marchetti', classId: 'classe-2b' };
const PASSWORD = 'les pommes du verger';

/** A roster with one fault of each of four kinds, and where they are. */
function spoiled(): { roster: Roster; faults: [file: string, line: string, column: string, value: string][] } {
  const roster = new Roster();
  const name = roster.spoil('users.csv', 'ines.valmont', 'Inès', '=Inès');
  const role = roster.spoil('roles.csv', 'role-eleve-002', 'student', 'élève');
  const user = roster.spoil('enrollments.csv', 'inscription-006', 'eleve-002', 'eleve-999');
  const date = roster.spoil('academicSessions.csv', 'trimestre-1,', '2026-12-01', '01/12/2026');
  return {
    roster,
    faults: [
      ['academicSessions.csv', String(date), 'endDate', '01/12/2026'],
      ['enrollments.csv', String(user), 'userSourcedId', 'eleve-999'],
      ['roles.csv', String(role), 'role', 'élève'],
      ['users.csv', String(name), 'givenName', '=Inès'],
    ],
  };
}

async function administrator(): Promise<Visitor> {
  const visitor = await here.visitor();
  await visitor.signIn(here.platform.account('admin'));
  await visitor.page.getByRole('link', { name: 'Gestion' }).click();
  await visitor.page.getByRole('link', { name: 'Importation' }).click();
  await visitor.page.getByRole('heading', { name: 'Importation', level: 1 }).waitFor();
  return visitor;
}

async function give(page: Page, path: string): Promise<void> {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Choisir un fichier zip' }).click(),
  ]);
  await chooser.setFiles(path);
}

/** File, line, column and value of each problem that the page shows, sorted; every one must also say what to do. */
async function problems(page: Page): Promise<string[][]> {
  await page.getByRole('heading', { name: /problèmes? : rien n’a été changé/ }).waitFor();
  const rows = await page.getByRole('table', { name: 'Problèmes' }).getByRole('row').all();
  const cells = await Promise.all(rows.slice(1).map((row) => row.getByRole('cell').allTextContents()));
  for (const row of cells) expect(row[4]?.length, row.join()).toBeGreaterThan(10);
  return cells.map((row) => row.slice(0, 4)).sort((a, b) => (a.join() < b.join() ? -1 : 1));
}

async function summary(page: Page, group: 'Personnes' | 'Classes' | 'Inscriptions'): Promise<string[]> {
  const items = await page.getByRole('list', { name: group }).getByRole('listitem').allInnerTexts();
  return items.map((text) => text.replace(/\s+/g, ' ').trim());
}

/** Makes the codes of the page's class and answers the one of a login. */
async function codeOf(page: Page, login: string): Promise<string> {
  const slip = page.getByRole('listitem').filter({ hasText: login });
  await slip.waitFor();
  return (await slip.locator('.code').innerText()).trim();
}

describe('an administrator', () => {
  it('is told every fault by file, line, column and value; then imports, prints codes, and the pupil comes in', async () => {
    const { platform } = here;
    const admin = await administrator();
    const { page } = admin;
    const { roster, faults } = spoiled();
    await give(page, roster.write(platform.folder, 'export.zip'));
    expect(await problems(page)).toEqual(faults);

    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Télécharger la liste (CSV)' }).click(),
    ]);
    const list = readFileSync(await saved.path(), 'utf8');
    expect(list).toContain('academicSessions.csv');
    expect(list, 'a spreadsheet would run it').not.toMatch(/(^|[;,]"?)=Inès/m);

    await page.getByRole('link', { name: 'Choisir un autre fichier' }).click();
    const mended = new Roster();
    mended.enrol(NOUR);
    await give(page, mended.write(platform.folder, 'export-2.zip'));
    await page.getByRole('heading', { name: 'Le fichier est bon : voici ce qui changera' }).waitFor();
    expect(await summary(page, 'Personnes')).toEqual(['1 nouvelle', '0 modifiée', '99 inchangées', '0 désactivée']);
    await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
    await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();

    await page.getByRole('link', { name: 'Voir les classes' }).click();
    await page.getByRole('link', { name: '2de A' }).click();
    await page.getByRole('button', { name: /^Afficher l’identifiant de .*Hamidi/ }).click();
    await page.getByRole('list', { name: 'Élèves' }).getByText(NOUR.login).waitFor();
    await page.getByRole('link', { name: 'Codes de première connexion' }).click();
    await page.getByText('cesse de fonctionner').waitFor();
    await page.getByRole('button', { name: 'Créer les codes' }).click();
    const code = await codeOf(page, NOUR.login);
    await onPaper(page, code);

    const pupil = await here.visitor();
    pupil.provoked.push(/status of 401/);
    await firstSignIn(pupil.page, pupil.origin, 'AAAA-AAAA-AAAA');
    await pupil.page.getByRole('alert').getByText('L’identifiant ou le code n’est pas le bon').waitFor();
    await firstSignIn(pupil.page, pupil.origin, code.toLowerCase().replaceAll('-', ' '));
    await pupil.page.getByRole('heading', { name: 'Mes espaces' }).waitFor();
    await pupil.enter('2de A');

    const late = await here.visitor();
    late.provoked.push(/status of 401/);
    await firstSignIn(late.page, late.origin, code);
    await late.page.getByRole('alert').getByText('le code a déjà servi ou expiré').waitFor();
    await late.signIn({ ...platform.account('student'), login: NOUR.login, password: PASSWORD });
  });

  it('confirms how many people a file would disable before it does', async () => {
    const { platform } = here;
    const { page } = await administrator();
    const pupil = platform.account('student', '2de B');
    const fewer = new Roster();
    fewer.enrol(NOUR);
    const gone = fewer.pupilsOf('classe-2b').slice(0, 12);
    fewer.forget(gone);
    await give(page, fewer.write(platform.folder, 'fewer.zip'));
    await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
    const dialog = page.getByRole('dialog', { name: 'Désactiver 12 personnes ?' });
    await dialog.getByText('Leurs fichiers restent.').waitFor();
    await dialog.getByRole('button', { name: 'Annuler' }).click();
    await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
    await dialog.getByRole('button', { name: 'Désactiver 12 personnes et appliquer' }).click();
    await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();

    const visitor = await here.visitor();
    visitor.provoked.push(/status of 401/);
    await visitor.page.goto(visitor.origin);
    await visitor.give(pupil.login, pupil.password);
    await visitor.page.getByRole('alert').getByText('n’est pas le bon').waitFor();

    const all = new Roster();
    all.enrol(NOUR);
    await page.getByRole('link', { name: 'Importation', exact: true }).click();
    await give(page, all.write(platform.folder, 'all.zip'));
    await page.getByRole('button', { name: 'Appliquer l’importation' }).click();
    await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();
    await visitor.signIn(pupil);
  });

  it('is told of what is no roster at all', async () => {
    const { platform } = here;
    const { page } = await administrator();
    const file = join(platform.folder, 'notes.zip');
    writeFileSync(file, 'no zip');
    await give(page, file);
    await page.getByRole('alert').getByText('Ce n’est pas un fichier zip.').waitFor();
    const whole = readFileSync(new Roster().write(platform.folder, 'whole.zip'));
    writeFileSync(file, whole.subarray(0, whole.length / 2));
    await give(page, file);
    expect(await problems(page)).toEqual([['le zip', '', '', '']]);
  });

  it('does all of it by keys alone', async () => {
    const { platform } = here;
    const [admin, pupil] = [await here.visitor(), await here.visitor()];
    const pointers = [await watchPointers(admin.page), await watchPointers(pupil.page)];
    const { page } = admin;
    const keys = new Keys(page);
    await page.goto(admin.origin);
    const { login, password } = platform.account('admin');
    await keys.tabTo('Identifiant');
    await keys.type(login);
    await keys.tabTo('Mot de passe');
    await keys.type(password);
    await keys.press('Enter');
    await page.getByRole('link', { name: 'Gestion' }).waitFor();
    await keys.open('Gestion');
    await page.getByRole('link', { name: '2de A' }).waitFor();
    await keys.open('Importation');
    await page.getByRole('heading', { name: 'Importation', level: 1 }).waitFor();
    const { roster, faults } = spoiled();
    await (await keys.chooser('Choisir un fichier zip')).setFiles(roster.write(platform.folder, 'keys.zip'));
    expect(await problems(page)).toEqual(faults);
    await keys.open('Choisir un autre fichier');
    await page.getByRole('button', { name: 'Choisir un fichier zip' }).waitFor();
    const mended = new Roster();
    mended.enrol(NOUR);
    mended.enrol(LOU);
    await (await keys.chooser('Choisir un fichier zip')).setFiles(mended.write(platform.folder, 'keys-2.zip'));
    await page.getByRole('button', { name: 'Appliquer l’importation' }).waitFor();
    await keys.open('Appliquer l’importation');
    await page.getByRole('heading', { name: 'Importation terminée' }).waitFor();
    await keys.open('Voir les classes');
    await page.getByRole('link', { name: '2de B' }).waitFor();
    await keys.open('2de B');
    await page.getByRole('list', { name: 'Élèves' }).waitFor();
    await keys.open('Codes de première connexion');
    await page.getByRole('button', { name: 'Créer les codes' }).waitFor();
    await keys.open('Créer les codes');
    const code = await codeOf(page, LOU.login);

    const typing = new Keys(pupil.page);
    await pupil.page.goto(pupil.origin);
    await pupil.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
    await typing.open(/^Première connexion/);
    await pupil.page.getByRole('heading', { name: 'Première connexion' }).waitFor();
    for (const [field, text] of [
      ['Identifiant', LOU.login], ['Code de première connexion', code],
      ['Nouveau mot de passe', PASSWORD], ['Confirmez le mot de passe', PASSWORD],
    ] as const) {
      await typing.tabTo(field);
      await typing.type(text);
    }
    await typing.press('Enter');
    await pupil.page.getByRole('link', { name: /^2de B / }).waitFor();
    expect(await Promise.all(pointers.map((count) => count()))).toEqual([0, 0]);
  });
});

describe('everybody else', () => {
  it('finds no way there', async () => {
    const teacher = await here.visitor();
    await teacher.signIn(here.platform.account('teacher', '2de A'));
    await teacher.page.getByRole('heading', { name: 'Mes espaces' }).waitFor();
    expect(await teacher.page.getByRole('link', { name: 'Gestion' }).count()).toBe(0);
    await teacher.page.goto(`${teacher.origin}/app/manage`);
    await teacher.page.getByRole('alert').getByText('Votre rôle ne permet pas cela.').waitFor();
  });
});

async function firstSignIn(page: Page, origin: string, code: string): Promise<void> {
  await page.goto(`${origin}/app/first`);
  await page.getByLabel('Identifiant').fill(NOUR.login);
  await page.getByLabel('Code de première connexion').fill(code);
  await page.getByLabel('Nouveau mot de passe').fill(PASSWORD);
  await page.getByLabel('Confirmez le mot de passe').fill(PASSWORD);
  await page.getByRole('button', { name: 'Activer mon compte' }).click();
}

/** The button prints; on paper there are the slips and nothing of the application around them. */
async function onPaper(page: Page, code: string): Promise<void> {
  await page.evaluate(() => {
    window.print = () => document.body.setAttribute('data-printed', '');
  });
  await page.getByRole('button', { name: 'Imprimer' }).click();
  await page.locator('body[data-printed]').waitFor();
  await page.emulateMedia({ media: 'print' });
  expect(await page.getByText(code, { exact: true }).isVisible()).toBe(true);
  expect(await page.getByRole('button', { name: 'Imprimer' }).isVisible()).toBe(false);
  expect(await page.getByRole('navigation').first().isVisible()).toBe(false);
  expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-');
  await page.emulateMedia({ media: null });
}
