// Every page of the running platform, wide and narrow: axe finds nothing serious, nothing overflows, no console complains.

import { describe, expect, it } from 'vitest';
import { write } from '../src/bytes';
import { axe, overflow, picture } from '../src/look';
import { stage } from '../src/story';
import type { Visitor } from '../src/visitor';

const here = stage();

/** Each opens one page or dialog, from where the one before ended. */
const PAGES: [string, (visitor: Visitor) => Promise<unknown>][] = [
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
];

const LONG = 'Unnomdefichierextrêmementlongsansaucuneespacequidoitsecouperquelquepart_version_finale.odt';

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
  it('every page fits and can be used by everybody', async () => {
    await furnish();
    const visitor = await here.visitor({ viewport: { width, height }, colorScheme });
    const look = async (name: string): Promise<void> => {
      await picture(visitor.page, `${name}-${width}-${colorScheme}`);
      expect(await overflow(visitor.page), `${name} overflows`).toBeLessThanOrEqual(0);
      expect(await axe(visitor.page), name).toEqual([]);
    };
    await visitor.page.goto(visitor.origin);
    await visitor.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
    await look('sign-in');
    await visitor.signIn(here.platform.account('teacher', '2de A'));
    for (const [name, open] of PAGES) {
      await open(visitor);
      await look(name);
    }
  }, 120_000);
});
