// A lesson: a teacher and two pupils of the class, each in a browser of their own.

import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { PART, bytes, write } from '../src/bytes';
import { Cable } from '../src/cable';
import {
  attend, endLesson, handsOn, lookUp, pretend, pupilOn, showFile, showLink, shownBy, shownTo, startLesson, twoPupils,
} from '../src/lesson';
import { stage } from '../src/story';
import type { Visitor } from '../src/visitor';

const here = stage();

const PAGE_12 = 'https://exemple.fr/12';
const NETWORK = /net::ERR_/;

const raise = (page: Page): Promise<void> => page.getByRole('button', { name: 'Lever la main' }).click();
const ask = (page: Page): Promise<void> => page.getByRole('button', { name: 'Demander l’attention' }).click();

async function teacherOf(inClass: string): Promise<Visitor> {
  const teacher = await here.visitor();
  await teacher.signIn(here.platform.account('teacher', inClass));
  return teacher;
}

describe('a lesson', () => {
  it('brings a class together: who is here, whose hand is up, what is shown, and who opened it', async () => {
    const { platform } = here;
    const teacher = await teacherOf('2de A');
    const board = teacher.page;
    const plan = bytes('a plan for the lesson', PART + 4_321);
    await teacher.enter('2de A');
    await teacher.choose(write(platform.folder, 'plan.pdf', plan));
    await teacher.row('plan.pdf').waitFor();
    await startLesson(teacher, '2de A');
    await board.getByText('0 présent, 0 déconnecté, 30 absents').waitFor();

    // One pupil is told of it wherever they are, the other looks for it.
    const [told, looking] = twoPupils(platform, '2de A');
    const [ines, bastien] = [await here.visitor(), await here.visitor()];
    await ines.signIn(told);
    await ines.page.getByText('Un cours est ouvert : 2de A.').waitFor();
    await ines.page.getByRole('button', { name: 'Rejoindre' }).click();
    await attend(bastien, looking);
    await board.getByText('2 présents, 0 déconnecté, 28 absents').waitFor();
    await pupilOn(board, told.name).getByText('présent').waitFor();

    await raise(bastien.page);
    await bastien.page.getByText('Votre place : 1.').waitFor();
    await raise(ines.page);
    await ines.page.getByText('Votre place : 2.').waitFor();
    await board.getByText('2 mains levées').waitFor();
    expect(await handsOn(board).allTextContents()).toEqual([looking.name, told.name]);
    await board.getByRole('button', { name: `Baisser la main de ${looking.name}` }).click();
    await bastien.page.getByRole('button', { name: 'Lever la main' }).waitFor();
    await ines.page.getByText('Votre place : 1.').waitFor();
    await ines.page.getByRole('button', { name: 'Baisser la main' }).click();
    await board.getByText('Aucune main levée.').waitFor();

    await showLink(board, PAGE_12, 'Page 12');
    await board.getByText('ouvert par 0, reçu par 2, sur 30').waitFor();
    await pretend(ines, PAGE_12);
    const link = ines.page.getByRole('link', { name: 'Page 12' });
    const [tab] = await Promise.all([ines.context.waitForEvent('page'), link.click()]);
    await tab.getByRole('heading', { name: PAGE_12 }).waitFor();
    await board.getByText('ouvert par 1, reçu par 2, sur 30').click();
    const receipts = board.getByRole('list', { name: 'Accusés de réception : Page 12' }).getByRole('listitem');
    expect(await receipts.filter({ hasText: told.name }).locator('span').textContent()).toBe('ouvert');
    expect(await receipts.filter({ hasText: looking.name }).locator('span').textContent()).toBe('reçu');
    expect(await receipts.filter({ hasText: 'pas encore reçu' }).count()).toBe(28);

    await showFile(board, 'plan.pdf');
    for (const pupil of [ines, bastien]) expect((await pupil.fetched('plan.pdf')).equals(plan)).toBe(true);
    await shownBy(board).filter({ hasText: 'plan.pdf' }).getByText('ouvert par 2, reçu par 2, sur 30').waitFor();

    await bastien.page.goto(`${bastien.origin}/app`);
    await pupilOn(board, looking.name).getByText('déconnecté').waitFor();
    await board.getByText('1 présent, 1 déconnecté, 28 absents').waitFor();
    await bastien.page.goto(board.url());
    await board.getByText('2 présents, 0 déconnecté, 28 absents').waitFor();

    await endLesson(board);
    for (const { page } of [ines, bastien]) {
      await page.getByText('Le cours est terminé.').waitFor();
      expect(await shownTo(page).count()).toBe(2);
      expect(await page.getByRole('button', { name: 'Lever la main' }).count()).toBe(0);
    }
    await ines.page.getByRole('link', { name: 'Retour aux cours' }).click();
    await ines.page.getByText('Aucun cours pour l’instant.').waitFor();
  });

  it('goes on for a pupil whose connection is cut: soon back when the network is, with nothing missed', async () => {
    const { platform } = here;
    const teacher = await teacherOf('2de B');
    const board = teacher.page;
    await teacher.enter('2de B');
    const sheet = bytes('an exercise sheet', 77_000);
    await teacher.choose(write(platform.folder, 'exercices.odt', sheet));
    await teacher.row('exercices.odt').waitFor();
    await startLesson(teacher, '2de B');
    const pupils = twoPupils(platform, '2de B');
    const cables = [await Cable.lay(platform.origin), await Cable.lay(platform.origin)] as const;
    try {
      const [hugo, other] = [await here.visitor({}, cables[0].origin), await here.visitor({}, cables[1].origin)];
      hugo.provoked.push(NETWORK);
      await attend(hugo, pupils[0]);
      await attend(other, pupils[1]);
      await showLink(board, 'https://exemple.fr/1', 'Avant');
      await board.getByText('ouvert par 0, reçu par 2, sur 30').waitFor();
      await raise(hugo.page);
      await board.getByText('1 main levée', { exact: true }).waitFor();

      const waits = watchWaits(hugo.page);
      cables[0].cut();
      await hugo.page.getByText('Connexion perdue').waitFor();
      await pupilOn(board, pupils[0].name).getByText('déconnecté').waitFor();
      await raise(other.page);
      await board.getByText('2 mains levées').waitFor();
      await board.getByRole('button', { name: `Baisser la main de ${pupils[0].name}` }).click();
      await showLink(board, 'https://exemple.fr/2', 'Pendant');
      await showFile(board, 'exercices.odt');
      await shownTo(other.page).filter({ hasText: 'exercices.odt' }).waitFor();
      await shownBy(board).getByText('ouvert par 0, reçu par 1, sur 30').nth(1).waitFor();
      expect(await shownTo(hugo.page).count(), 'nothing arrives through a cable that is cut').toBe(1);
      await expect.poll(() => waits.length, { timeout: 30_000 }).toBeGreaterThan(6);

      // A network that is back is found by the next try: it never waits for long.
      const mended = performance.now();
      cables[0].mend();
      await hugo.page.getByText('Connexion perdue').waitFor({ state: 'detached' });
      await shownTo(hugo.page).filter({ hasText: 'exercices.odt' }).waitFor();
      console.info(`back ${Math.round(performance.now() - mended)} ms after the network, tries ${waits.map(Math.round).join(', ')} ms apart`);
      expect(median(waits), 'milliseconds between a failed try and the next').toBeLessThan(2_000);

      const titles = await titlesOn(shownBy(board));
      expect(titles).toEqual(['exercices.odt', 'Pendant', 'Avant']);
      for (const { page } of [hugo, other]) expect(await titlesOn(shownTo(page))).toEqual(titles);
      await hugo.page.getByRole('button', { name: 'Lever la main' }).waitFor();
      await pupilOn(board, pupils[0].name).getByText('présent').waitFor();
      await expect.poll(() => shownBy(board).getByText('ouvert par 0, reçu par 2, sur 30').count()).toBe(3);
      expect(await handsOn(board).allTextContents()).toEqual([pupils[1].name]);
      expect((await hugo.fetched('exercices.odt')).equals(sheet)).toBe(true);
      expect(await other.page.getByText('Connexion perdue').count()).toBe(0);
      await endLesson(board);
      for (const { page } of [hugo, other]) await page.getByText('Le cours est terminé.').waitFor();
      await Promise.all([hugo.leave(), other.leave()]);
    } finally {
      await Promise.all(cables.map((cable) => cable.remove()));
    }
  });
});

describe('attention', () => {
  it('is one teacher’s at a time, and ends by itself when their session or their browser is gone', async () => {
    const { platform } = here;
    const [teacher, phone, colleague] = [await teacherOf('2de A'), await teacherOf('2de A'), await here.visitor()];
    await startLesson(teacher, '2de A');
    const pupils = [await here.visitor(), await here.visitor()];
    for (const [at, account] of twoPupils(platform, '2de A').entries()) await attend(pupils[at]!, account);

    await teacher.page.getByRole('textbox', { name: 'Message (facultatif)' }).fill('Livres fermés');
    await ask(teacher.page);
    for (const { page } of pupils) await lookUp(page).getByText('Livres fermés').waitFor();
    for (let press = 0; press < 3; press++) await pupils[0]!.page.keyboard.press('Escape');

    const first = platform.account('teacher', '2de A').name;
    await colleague.signIn(colleagueOf('2de A'), '/app/lessons');
    await colleague.page.getByText(`Cours de ${first}.`).waitFor();
    await colleague.page.getByRole('link', { name: 'Rejoindre : 2de A' }).click();
    await colleague.page.getByText(`${first} demande l’attention de la classe.`).waitFor();
    await ask(colleague.page);
    await colleague.page.getByRole('alert').getByText('Un autre enseignant demande déjà l’attention').waitFor();
    // Renewed for as long as the page and the session live, and then no more.
    await teacher.page.waitForResponse(/\/HoldFocus$/);
    for (const { page } of pupils) expect(await lookUp(page).isVisible()).toBe(true);
    await phone.page.goto(`${phone.origin}/app/account`);
    await phone.page.getByRole('button', { name: 'Se déconnecter partout' }).click();
    await phone.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
    for (const { page } of pupils) await lookUp(page).waitFor({ state: 'detached' });
    await teacher.page.getByText('L’attention n’est plus demandée.').waitFor();

    await ask(colleague.page);
    for (const { page } of pupils) await lookUp(page).waitFor();
    await colleague.leave();
    for (const { page } of pupils) {
      await lookUp(page).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Lever la main' }).waitFor();
    }
  });
});

/** Another teacher of the class than its first. */
function colleagueOf(inClass: string) {
  const { accounts } = here.platform;
  const found = accounts.filter((one) => one.role === 'teacher' && one.class === inClass)[1];
  if (!found) throw new Error(`the demonstration has no second teacher in ${inClass}`);
  return found;
}

/** Milliseconds between the end of each failed Watch from now on and the beginning of the next. */
function watchWaits(page: Page): number[] {
  const waits: number[] = [];
  let failedAt: number | undefined;
  page.on('requestfailed', (request) => {
    if (request.url().endsWith('/Watch')) failedAt = performance.now();
  });
  page.on('request', (request) => {
    if (!request.url().endsWith('/Watch') || failedAt === undefined) return;
    waits.push(performance.now() - failedAt);
    failedAt = undefined;
  });
  return waits;
}

function median(of: readonly number[]): number {
  const sorted = [...of].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
}

async function titlesOn(shown: ReturnType<typeof shownTo>): Promise<(string | null)[]> {
  return Promise.all((await shown.all()).map((one) => one.locator('bdi').first().textContent()));
}
