// Uploads that meet what happens in schools: nothing in the file, ten thousand files, a file that changes, a session
// that ends, a server that dies.

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { PART, bytes, write } from '../src/bytes';
import { Gate } from '../src/gate';
import { stage } from '../src/story';
import type { Visitor } from '../src/visitor';

const here = stage();
const MANY = 10_000;

async function teacherInClass(): Promise<Visitor> {
  const teacher = await here.visitor();
  await teacher.signIn(here.platform.account('teacher', '2de A'));
  await teacher.enter('2de A');
  return teacher;
}

/** How many files the tray says are there. */
async function arrived(tray: Locator): Promise<number> {
  const count = /^([\d\s\u202f\u00a0]+) fichiers? envoyés?/.exec(await tray.innerText())?.[1];
  return Number(count?.replace(/\D/g, '') ?? 0);
}

describe('uploads', () => {
  it('take a file without a byte', async () => {
    const teacher = await teacherInClass();
    await teacher.choose(write(here.platform.folder, 'vide.txt', Buffer.alloc(0)));
    await teacher.row('vide.txt').waitFor();
    expect(await teacher.fetched('vide.txt')).toHaveLength(0);
  });

  it('refuse a file that changes while it is read, say so, and keep nothing of it', async () => {
    const teacher = await teacherInClass();
    const path = write(here.platform.folder, 'mesures.bin', bytes('measures', 12 * PART));
    const gate = await Gate.at(teacher.page, 'PutPart', 2);
    await teacher.choose(path);
    await gate.reached();
    appendFileSync(path, 'one more line');
    await gate.release();
    await teacher.page.getByRole('button', { name: 'Montrer le détail' }).click();
    await teacher.page.getByText('Le fichier a changé ou disparu pendant l’envoi').waitFor();
    await teacher.page.reload();
    await teacher.page.getByRole('button', { name: 'Envoyer des fichiers' }).waitFor();
    await teacher.row('vide.txt').waitFor();
    expect(await teacher.row('mesures.bin').count()).toBe(0);
  });

  it('go on after a sign-out everywhere from another browser, once signed in again', async () => {
    const { platform } = here;
    const account = platform.account('teacher', '2de A');
    const [teacher, elsewhere] = [await teacherInClass(), await here.visitor()];
    const film = bytes('film', 8 * PART + 77);
    // Refused before its two mebibytes are read, a part may see a cut connection rather than the refusal.
    teacher.provoked.push(/net::ERR_CONNECTION_RESET/);
    const gate = await Gate.at(teacher.page, 'PutPart', 3);
    await teacher.choose(write(platform.folder, 'film.bin', film));
    await gate.reached();

    await elsewhere.signIn(account, '/app/account');
    await elsewhere.page.getByRole('button', { name: 'Se déconnecter partout' }).click();
    await elsewhere.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
    await gate.release();

    const dialog = teacher.page.getByRole('dialog', { name: 'Reconnectez-vous' });
    await dialog.waitFor();
    await teacher.give(account.login, account.password);
    await dialog.waitFor({ state: 'detached' });
    await teacher.row('film.bin').waitFor();
    expect((await teacher.fetched('film.bin')).equals(film)).toBe(true);
  });

  it('go on after the server was killed and came back', async () => {
    const { platform } = here;
    const teacher = await teacherInClass();
    teacher.provoked.push(/Failed to load resource: net::ERR_/);
    const archive = bytes('archive', 8 * PART + 5);
    const gate = await Gate.at(teacher.page, 'PutPart', 3);
    await teacher.choose(write(platform.folder, 'archive.bin', archive));
    await gate.reached();
    await platform.server.kill();
    const failed = teacher.page.waitForEvent('requestfailed');
    await gate.release();
    await failed;
    await platform.restart();
    await teacher.row('archive.bin').waitFor();
    expect((await teacher.fetched('archive.bin')).equals(archive)).toBe(true);
  });

  it('queue all of ten thousand small files dropped at once: hundreds arrive while the page goes on answering', async () => {
    const teacher = await teacherInClass();
    const folder = join(here.platform.folder, 'Relevés');
    mkdirSync(folder);
    for (let at = 0; at < MANY; at++) writeFileSync(join(folder, `relevé ${at}.csv`), `${at}`);
    await teacher.drop(folder);
    const tray = teacher.page.getByRole('region', { name: 'Envois' });
    // All are in the queue long before all have arrived: a school's line is slower than a disk.
    await tray.getByText(/sur 10[\s\u202f\u00a0]000/).waitFor({ timeout: 90_000 });
    await expect.poll(() => arrived(tray), { timeout: 60_000 }).toBeGreaterThan(500);
    await teacher.page.getByRole('button', { name: 'Montrer le détail' }).click();
    const list = tray.getByRole('group', { name: 'Envois' });
    const rows = list.locator('[data-state]');
    await rows.first().waitFor();
    expect(await rows.count(), 'only what is in sight exists').toBeLessThan(40);
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await list.locator(`[aria-posinset="${MANY}"][aria-setsize="${MANY}"]`).waitFor();
    expect(await rows.count()).toBeLessThan(40);
    await teacher.page.getByRole('button', { name: 'Masquer le détail' }).click();
    await list.waitFor({ state: 'detached' });
    // However slow the machine: a page that answered only once its work was done would have nothing left by now.
    expect(MANY - (await arrived(tray)), 'still waiting').toBeGreaterThan(2_000);
    await teacher.page.getByRole('button', { name: 'Tout annuler' }).click();
    await teacher.page.getByRole('button', { name: 'Effacer la liste' }).waitFor();
    await teacher.page.getByRole('link', { name: 'Relevés' }).click();
    await teacher.page.getByRole('heading', { name: 'Relevés', level: 1 }).waitFor();
    // Those that were on their way still join the list, and would move what is about to be pressed.
    await teacher.page.reload();
    // Which of them arrived is for the disk to say: it hands out a folder's files in an order of its own.
    // Read as written, not as painted: a row that was not painted yet has no inner text.
    const name = (await teacher.page.getByRole('button', { name: /^Télécharger relevé / }).first().textContent())?.trim() ?? '';
    expect((await teacher.fetched(name)).toString()).toBe(/\d+/.exec(name)?.[0]);
  }, 180_000);
});
