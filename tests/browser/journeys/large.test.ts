// A film of two gibibytes: it goes through the server and the browser, and stays in neither.

import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isZeros } from '../src/bytes';
import { stage } from '../src/story';

const here = stage();
const MIB = 1 << 20;
const SIZE = 2048 * MIB;

it('a download of two gibibytes raises the server by less than 64 MiB and the page by less than 32', async () => {
  const { platform } = here;
  const account = platform.account('teacher', '2de A');
  const path = join(platform.folder, 'film.bin');
  // Sparse here, and one stored chunk there: what is measured is the way between.
  writeFileSync(path, '');
  truncateSync(path, SIZE);
  await platform.cli(account, 'files', 'put', path, '2de A:/');
  // A server that holds nothing in reserve from the upload.
  await platform.server.stop();
  await platform.restart();

  const teacher = await here.visitor();
  await teacher.signIn(account);
  await teacher.enter('2de A');
  await teacher.row('film.bin').waitFor();
  const client = await teacher.context.newCDPSession(teacher.page);
  await client.send('Performance.enable');
  await client.send('HeapProfiler.collectGarbage');
  const heap = async (): Promise<number> => {
    const { metrics } = await client.send('Performance.getMetrics');
    const used = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value;
    if (used === undefined) throw new Error('the browser does not tell its heap');
    return used;
  };

  const before = { page: await heap(), server: platform.server.memory().now };
  platform.server.forgetPeak();
  const download = await teacher.download('film.bin');
  let [done, most, looks] = [false, 0, 0];
  const finished = download.path().finally(() => (done = true));
  while (!done) {
    most = Math.max(most, await heap());
    looks += 1;
    await Promise.race([finished, teacher.page.evaluate(() => new Promise(requestAnimationFrame))]);
  }
  const got = await finished;
  const raised = { page: (most - before.page) / MIB, server: (platform.server.memory().peak - before.server) / MIB };
  console.info(`raised by ${raised.server.toFixed(1)} MiB in the server, ${raised.page.toFixed(1)} MiB in the page (${looks} looks)`);
  expect(await isZeros(got, SIZE), 'as it was sent').toBe(true);
  expect(looks).toBeGreaterThan(10);
  expect(raised.server).toBeLessThan(64);
  expect(raised.page).toBeLessThan(32);
}, 300_000);
