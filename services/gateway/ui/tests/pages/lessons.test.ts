// A lesson with a teacher and two pupils, each at their own computer.

import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axe, openBrowser, openPage, overflow, signIn, tabTo, visit, type Stand } from './stand';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

interface Room {
  teacher: Stand;
  imane: Stand;
  theo: Stand;
  /** One more, as that login. */
  enter: (login: string, path: string, options?: BrowserContextOptions) => Promise<Stand>;
}

/** Everybody is on the page of the lesson. */
async function lesson(tell: (room: Room) => Promise<void>, expected: RegExp | undefined = undefined): Promise<void> {
  const teacher = await openPage(browser);
  const others: Stand[] = [];
  const enter = async (login: string, path: string, options: BrowserContextOptions = {}): Promise<Stand> => {
    const stand = await visit(browser, teacher.preau, teacher.origin, options);
    others.push(stand);
    await signIn(stand, path, login);
    return stand;
  };
  try {
    await signIn(teacher, '/app/lessons');
    await teacher.page.getByRole('button', { name: 'Commencer le cours : Seconde 3' }).click();
    await teacher.page.getByRole('list', { name: 'Élèves', exact: true }).waitFor();
    const imane = await enter('imane.brun', '/app/lessons/l1');
    const theo = await enter('theo', '/app/lessons/l1');
    for (const { page } of [imane, theo]) await page.getByRole('button', { name: 'Lever la main' }).waitFor();
    await tell({ teacher, imane, theo, enter });
    const complaints = [teacher, ...others].flatMap((stand) => stand.complaints).filter((text) => !expected?.test(text));
    expect(complaints).toEqual([]);
  } finally {
    for (const stand of others) await stand.close();
    await teacher.close();
  }
}

const NETWORK = /net::ERR_/;
const LOOK = 'Regardez votre enseignant';

const pupil = (page: Page, name: string) => page.getByRole('list', { name: 'Élèves', exact: true }).getByRole('listitem').filter({ hasText: name });
const look = (page: Page) => page.getByRole('dialog', { name: LOOK });

async function showLink(page: Page, address: string, title: string): Promise<void> {
  await page.getByRole('button', { name: 'Montrer un lien' }).click();
  await page.getByRole('textbox', { name: 'Adresse du lien' }).fill(address);
  await page.getByRole('textbox', { name: 'Titre (facultatif)' }).fill(title);
  await page.getByRole('button', { name: 'Montrer', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

describe('a lesson', () => {
  it('is found by its pupils wherever they are, and by its teacher again', async () => {
    const teacher = await openPage(browser);
    const imane = await visit(browser, teacher.preau, teacher.origin);
    try {
      teacher.preau.lessons.start('c1', 'me');
      await signIn(imane, '/app', 'imane.brun');
      await imane.page.getByText('Un cours est ouvert : Seconde 3').waitFor();
      await imane.page.getByRole('button', { name: 'Rejoindre' }).click();
      await imane.page.getByRole('button', { name: 'Lever la main' }).waitFor();
      expect(await imane.page.getByText('Un cours est ouvert').count()).toBe(0);
      await imane.page.getByRole('link', { name: 'Cours', exact: true }).first().click();
      await imane.page.getByRole('link', { name: 'Rejoindre : Seconde 3' }).waitFor();
      await signIn(teacher, '/app/lessons');
      await teacher.page.getByRole('button', { name: 'Commencer le cours : Première 1' }).waitFor();
      await teacher.page.getByRole('link', { name: 'Reprendre le cours : Seconde 3' }).click();
      await pupil(teacher.page, 'Imane Brun').getByText('déconnecté').waitFor();
      expect([...teacher.complaints, ...imane.complaints]).toEqual([]);
    } finally {
      await imane.close();
      await teacher.close();
    }
  });

  it('shows the teacher who is here, who left and who never came, by name', () =>
    lesson(async ({ teacher, imane, theo }) => {
      await teacher.page.getByText('2 présents, 0 déconnecté, 28 absents').waitFor();
      await theo.page.getByRole('link', { name: 'Théo Traoré' }).click();
      await pupil(teacher.page, 'Théo Traoré').getByText('déconnecté').waitFor();
      expect(teacher.preau.lessons.watching(teacher.preau.lessons.running[0]!, 'p1'), 'closed when leaving').toBe(0);
      await imane.page.reload();
      await teacher.page.getByText('1 présent, 1 déconnecté, 28 absents').waitFor();
    }));

  it('takes hands in their order, by keys alone, and tells each their place', () =>
    lesson(async ({ teacher, imane, theo }) => {
      await tabTo(theo.page, 'Lever la main');
      await theo.page.keyboard.press('Enter');
      await theo.page.getByText('Votre place : 1.').waitFor();
      await imane.page.getByRole('button', { name: 'Lever la main' }).click();
      await imane.page.getByText('Votre place : 2.').waitFor();
      const hands = teacher.page.getByRole('list', { name: 'Mains levées' }).getByRole('listitem');
      await teacher.page.getByText('2 mains levées').waitFor();
      expect((await hands.allTextContents()).map((text) => /Théo|Imane/.exec(text)?.[0])).toEqual(['Théo', 'Imane']);
      await pupil(teacher.page, 'Imane Brun').getByText('main levée, place 2').waitFor();
      await hands.first().getByRole('button', { name: /^Baisser la main de Théo/ }).click();
      await theo.page.getByRole('button', { name: 'Lever la main' }).waitFor();
      await teacher.page.getByText('1 main levée', { exact: true }).waitFor();
      await imane.page.getByText('Votre place : 1.').waitFor();
      await imane.page.getByRole('button', { name: 'Baisser la main' }).click();
      await teacher.page.getByText('Aucune main levée.').waitFor();
    }));

  it('shows links and files with a receipt from each pupil', () =>
    lesson(async ({ teacher, imane, theo }) => {
      const folder = teacher.preau.put('Chapitre 1');
      teacher.preau.put('plan.txt', { parentId: folder.nodeId, content: { size: 3n, data: Buffer.from('abc') } });
      await teacher.page.getByRole('button', { name: 'Montrer un lien' }).click();
      await teacher.page.getByRole('textbox', { name: 'Adresse du lien' }).fill('javascript:alert(1)');
      await teacher.page.keyboard.press('Enter');
      await teacher.page.getByRole('alert').getByText('Ce n’est pas une adresse du Web').waitFor();
      await teacher.page.keyboard.press('Escape');
      await showLink(teacher.page, `${teacher.origin}/d/none`, 'Page 12');
      await teacher.page.getByText('ouvert par 0, reçu par 2, sur 30').waitFor();
      const link = theo.page.getByRole('link', { name: 'Page 12' });
      expect([await link.getAttribute('target'), await link.getAttribute('rel')]).toEqual(['_blank', 'noopener noreferrer']);
      await link.click();
      await teacher.page.getByText('ouvert par 1, reçu par 2, sur 30').click();
      const receipts = teacher.page.getByRole('list', { name: 'Accusés de réception : Page 12' }).getByRole('listitem');
      expect(await receipts.filter({ hasText: 'Théo Traoré' }).textContent()).toContain('ouvert');
      expect(await receipts.filter({ hasText: 'Imane Brun' }).textContent()).toContain('reçu');

      await tabTo(teacher.page, 'Montrer un fichier');
      await teacher.page.keyboard.press('Enter');
      await teacher.page.getByRole('button', { name: 'Chapitre 1' }).click();
      await tabTo(teacher.page, 'plan.txt');
      await teacher.page.keyboard.press('Enter');
      const [download] = await Promise.all([
        imane.page.waitForEvent('download'),
        imane.page.getByRole('button', { name: 'Télécharger plan.txt' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('plan.txt');
      await teacher.page.getByRole('list', { name: 'Montré à la classe' }).getByRole('listitem').filter({ hasText: 'plan.txt' })
        .getByText('ouvert par 1, reçu par 2, sur 30').waitFor();
    }));

  it('whose pupil is cut off gives them all they missed, once, within two seconds of the network', () =>
    lesson(async ({ teacher, imane, theo }) => {
      const { preau } = teacher;
      await showLink(teacher.page, 'https://exemple.fr/1', 'Avant');
      await imane.page.getByRole('link', { name: 'Avant' }).waitFor();
      preau.cut('p0');
      await imane.page.getByText('Connexion perdue').waitFor();
      await pupil(teacher.page, 'Imane Brun').getByText('déconnecté').waitFor();
      await showLink(teacher.page, 'https://exemple.fr/2', 'Pendant');
      await theo.page.getByRole('link', { name: 'Pendant' }).waitFor();
      const before = preau.lessons.watches.length;
      preau.unreachable.delete('p0');
      const from = Date.now();
      await imane.page.getByRole('link', { name: 'Pendant' }).waitFor();
      expect(Date.now() - from, 'milliseconds until back').toBeLessThan(2_000);
      await imane.page.getByText('Connexion perdue').waitFor({ state: 'detached' });
      expect(await imane.page.getByRole('list', { name: 'Montré par l’enseignant' }).getByRole('listitem').count()).toBe(2);
      const back = preau.lessons.watches.slice(before).find(({ personId }) => personId === 'p0');
      expect(Number(back?.cursor), 'goes on from where it was').toBeGreaterThan(0);
      await pupil(teacher.page, 'Imane Brun').getByText('présent').waitFor();
      await teacher.page.getByText('ouvert par 0, reçu par 2, sur 30').nth(1).waitFor();
    }, NETWORK));

  it('survives a browser that goes offline and comes back', () =>
    lesson(async ({ teacher, imane }) => {
      // A browser told to be offline begins nothing more, and keeps what is open: that is cut at the server.
      await imane.page.context().setOffline(true);
      teacher.preau.cut('p0');
      await pupil(teacher.page, 'Imane Brun').getByText('déconnecté').waitFor();
      await showLink(teacher.page, 'https://exemple.fr/2', 'Pendant');
      teacher.preau.unreachable.delete('p0');
      await imane.page.context().setOffline(false);
      const from = Date.now();
      await imane.page.getByRole('link', { name: 'Pendant' }).waitFor();
      expect(Date.now() - from, 'milliseconds until back').toBeLessThan(2_000);
    }, NETWORK));

  it('reads itself anew when its log is gone', () =>
    lesson(async ({ teacher, imane }) => {
      const { preau } = teacher;
      const running = preau.lessons.running[0]!;
      preau.cut('p0');
      await imane.page.getByText('Connexion perdue').waitFor();
      await showLink(teacher.page, 'https://exemple.fr/2', 'Pendant');
      preau.lessons.trim(running);
      preau.unreachable.delete('p0');
      await imane.page.getByRole('link', { name: 'Pendant' }).waitFor();
    }, NETWORK));

  it('ends for everybody, after a question', () =>
    lesson(async ({ teacher, imane }) => {
      await showLink(teacher.page, 'https://exemple.fr/1', 'Devoirs');
      await teacher.page.getByRole('button', { name: 'Terminer le cours' }).click();
      await teacher.page.getByRole('dialog').getByRole('button', { name: 'Annuler' }).click();
      await imane.page.getByRole('button', { name: 'Lever la main' }).waitFor();
      await teacher.page.getByRole('button', { name: 'Terminer le cours' }).click();
      await teacher.page.getByRole('dialog').getByRole('button', { name: 'Terminer le cours' }).click();
      for (const { page } of [teacher, imane]) await page.getByText('Le cours est terminé.').waitFor();
      await imane.page.getByRole('link', { name: 'Devoirs' }).waitFor();
      expect(await imane.page.getByRole('button', { name: 'Lever la main' }).count()).toBe(0);
    }));

  it('of another class is nobody’s', () =>
    lesson(async ({ teacher, enter }) => {
      teacher.preau.lessons.start('c2', 'me');
      const { page } = await enter('anais', '/app/lessons/l2');
      await page.getByText('Ce cours n’est pas à votre portée.').waitFor();
    }));
});

describe('attention', () => {
  it('fills every pupil’s screen while the teacher’s page lives, is renewed, and is given back', () =>
    lesson(async ({ teacher, imane, theo }) => {
      await teacher.page.getByRole('textbox', { name: 'Message (facultatif)' }).fill('Livres fermés');
      await tabTo(teacher.page, 'Demander l’attention');
      await teacher.page.keyboard.press('Enter');
      for (const { page } of [imane, theo]) await look(page).getByText('Livres fermés').waitFor();
      await teacher.page.getByText('Vous demandez l’attention de la classe.').waitFor();
      for (let press = 0; press < 3; press++) await imane.page.keyboard.press('Escape');
      expect(await look(imane.page).isVisible()).toBe(true);
      await teacher.page.waitForFunction(() => document.activeElement?.textContent === 'Rendre l’attention');
      await expect.poll(() => teacher.preau.lessons.holds.length, { timeout: 12_000 }).toBeGreaterThan(1);
      await teacher.page.keyboard.press('Enter');
      for (const { page } of [imane, theo]) await look(page).waitFor({ state: 'detached' });
      await imane.page.getByRole('button', { name: 'Lever la main' }).click();
      const holds = teacher.preau.lessons.holds.length;
      await teacher.page.getByRole('button', { name: 'Demander l’attention' }).waitFor();
      expect(teacher.preau.lessons.holds.length).toBe(holds);
    }));

  it('ends by itself on a screen that nothing reaches any more', () =>
    lesson(async ({ teacher, imane, theo }) => {
      await teacher.page.getByRole('button', { name: 'Demander l’attention' }).click();
      for (const { page } of [imane, theo]) await look(page).waitFor();
      teacher.preau.cut('p0');
      const from = Date.now();
      await look(imane.page).waitFor({ state: 'detached' });
      expect(Date.now() - from, 'milliseconds').toBeLessThan(16_000);
      await imane.page.getByText('Connexion perdue').waitFor();
      expect(await look(theo.page).isVisible(), 'renewed meanwhile').toBe(true);
      await teacher.page.context().close();
      await look(theo.page).waitFor({ state: 'detached' });
    }, NETWORK));

  it('is one teacher’s at a time, and the other is told why', () =>
    lesson(async ({ teacher, enter }) => {
      await teacher.page.getByRole('button', { name: 'Demander l’attention' }).click();
      const { page } = await enter('collegue', '/app/lessons');
      await page.getByText('Cours de Maëlle Kerbrat.').waitFor();
      await page.getByRole('link', { name: 'Rejoindre : Seconde 3' }).click();
      await page.getByText('Maëlle Kerbrat demande l’attention de la classe.').waitFor();
      await page.getByRole('button', { name: 'Demander l’attention' }).click();
      await page.getByRole('alert').getByText('Un autre enseignant demande déjà l’attention').waitFor();
    }));
});

describe.each([
  { width: 1280, height: 800, colorScheme: 'light' as const },
  { width: 360, height: 740, colorScheme: 'dark' as const },
])('at $width pixels, $colorScheme', (options) => {
  it('a lesson fits and can be used by everybody', () =>
    lesson(async ({ teacher, imane, enter }) => {
      const { width, height, colorScheme } = options;
      const fits = async ({ page }: Stand, name: string): Promise<void> => {
        await page.setViewportSize({ width, height });
        // Colours that still change would be neither the old nor the new.
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const shots = process.env['SHOTS'];
        if (shots) await page.screenshot({ path: `${shots}/lesson-${name}-${width}-${colorScheme}.png` });
        expect(await overflow(page), `${name} overflows`).toBeLessThanOrEqual(0);
        expect(await axe(page), name).toEqual([]);
      };
      const { lessons } = teacher.preau;
      const running = lessons.running[0]!;
      for (let at = 3; at < 20; at++) lessons.setPresence(running, `p${at}`, at % 6 === 0 ? 2 : 1);
      for (const id of ['p7', 'p1', 'p13']) lessons.setHand(running, id, true);
      await showLink(teacher.page, 'https://exemple.fr/tres/long/chemin', 'Unetrèslonguelégendesansaucuneespacequidoitsecouperquelquepart_version_finale');
      await showLink(teacher.page, 'https://exemple.fr/1', 'Page 12');
      await imane.page.getByRole('link', { name: 'Page 12' }).click();
      await imane.page.getByRole('button', { name: 'Lever la main' }).click();
      await imane.page.getByText('Votre place : 4.').waitFor();
      await fits(imane, 'pupil');
      await teacher.page.getByText('ouvert par 1, reçu par 2, sur 30').click();
      await teacher.page.getByText('4 mains levées').waitFor();
      await fits(teacher, 'teacher');
      await teacher.page.getByRole('button', { name: 'Montrer un lien' }).click();
      await fits(teacher, 'link');
      await teacher.page.keyboard.press('Escape');
      await teacher.page.getByRole('button', { name: 'Demander l’attention' }).click();
      await look(imane.page).waitFor();
      await teacher.page.getByText('Vous demandez l’attention de la classe.').waitFor();
      await fits(teacher, 'focus');
      await fits(imane, 'look');
      await teacher.page.getByRole('button', { name: 'Rendre l’attention' }).click();
      const list = await enter('collegue', '/app/lessons');
      await list.page.getByText('Cours de Maëlle Kerbrat.').waitFor();
      await fits(list, 'list');
      const waiting = await enter('anais', '/app/lessons');
      await waiting.page.getByRole('link', { name: 'Rejoindre : Seconde 3' }).waitFor();
      await fits(waiting, 'going');
      lessons.end(running);
      await imane.page.getByText('Le cours est terminé.').waitFor();
      await fits(imane, 'over');
    }, NETWORK), 120_000);
});
