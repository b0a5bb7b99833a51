// Files that would act in the reader's name if the browser ever opened them as pages of Préau.

import { describe, expect, it } from 'vitest';
import { write } from '../src/bytes';
import { stage } from '../src/story';
import type { Visitor } from '../src/visitor';

const here = stage();

/** Marks the origin that it runs in. */
const ACT = `try{localStorage.setItem('acted','yes')}catch{} try{fetch('/acted')}catch{} try{document.title='acted'}catch{}`;

const HOSTILE: { name: string; type: string; content: string; /** As a page, in Chromium. */ renders: boolean }[] = [
  { name: 'image.svg', type: 'image/svg+xml', renders: true, content: `<svg xmlns="http://www.w3.org/2000/svg" onload="${ACT}"><script>${ACT}</script></svg>` },
  { name: 'page.html', type: 'text/html', renders: true, content: `<!doctype html><title>x</title><script>${ACT}</script><img src=x onerror="${ACT}">` },
  { name: 'feuille.xml', type: 'application/xml', renders: true, content: `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>${ACT}</script></html>` },
  {
    name: 'archive.mhtml', type: 'multipart/related', renders: false,
    content: `MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"; type="text/html"\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Location: http://127.0.0.1/\r\n\r\n<script>${ACT}</script>\r\n--b--\r\n`,
  },
  {
    name: 'poème.pdf', type: 'application/pdf', renders: false,
    content: `%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL('/acted'))>>>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n`,
  },
];

/** A fresh link to a file, by the button that everybody uses; the browser downloads and shows nothing. */
async function linkTo(reader: Visitor, name: string): Promise<string> {
  const download = await reader.download(name);
  await download.path();
  return download.url();
}

/** Whether anything acted in the app's origin. */
async function acted(reader: Visitor, requests: string[]): Promise<boolean> {
  const page = await reader.context.newPage();
  await page.goto(`${reader.origin}/app`);
  const marked = await page.evaluate(() => localStorage.getItem('acted') !== null);
  await page.close();
  return marked || requests.some((url) => new URL(url).pathname === '/acted');
}

describe.each(HOSTILE)('$name', ({ name, type, content }) => {
  it('is handed over as a download and never runs in the origin of the app', async () => {
    const reader = await here.visitor();
    reader.provoked.push(/sandbox/i, /Content Security Policy/i, /acted/);
    const requests: string[] = [];
    reader.context.on('request', (request) => requests.push(request.url()));
    await reader.signIn(here.platform.account('teacher', '2de A'));
    await reader.enter('2de A');
    await reader.choose(write(here.platform.folder, name, Buffer.from(content)));
    await reader.row(name).waitFor();
    const link = await linkTo(reader, name);

    const answer = await fetch(link);
    expect(Buffer.from(await answer.arrayBuffer()).toString()).toBe(content);
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment;/);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toMatch(/(^|;\s*)sandbox\s*(;|$)/);

    // Opened as an address: a download again, and the tab stays where it was.
    const tab = await reader.context.newPage();
    await tab.goto(`${reader.origin}/app`);
    const [download] = await Promise.all([
      tab.waitForEvent('download'),
      tab.goto(link).then(() => Promise.reject(new Error('it was shown')), () => undefined),
    ]);
    expect(download.suggestedFilename()).toBe(name);
    expect(await acted(reader, requests), 'opened as an address').toBe(false);

    // Even a browser that ignored the disposition and guessed the type would not let it act.
    const careless = await reader.context.newPage();
    let guessed = false;
    await careless.route((url) => url.href === link, async (route) => {
      guessed = true;
      const { 'content-disposition': _, ...headers } = (await route.fetch()).headers();
      await route.fulfill({ body: content, headers: { ...headers, 'content-type': type } });
    });
    await careless.goto(link).catch(() => undefined);
    await careless.waitForLoadState('load');
    expect(guessed).toBe(true);
    expect(await acted(reader, requests), 'shown in spite of the disposition').toBe(false);
  });
});

describe.each(HOSTILE.filter(({ renders }) => renders))('$name without any guard', ({ content, type }) => {
  it('would act: the trial is a real one', async () => {
    const victim = await here.visitor();
    victim.provoked.push(/./);
    const requests: string[] = [];
    victim.context.on('request', (request) => requests.push(request.url()));
    await victim.context.route(`${victim.origin}/unguarded`, (route) => route.fulfill({ body: content, contentType: type }));
    await victim.page.goto(`${victim.origin}/unguarded`);
    expect(await acted(victim, requests)).toBe(true);
  });
});

it('no hostile name leaves its place in the header or on the page', async () => {
  const reader = await here.visitor();
  const name = `<img src=x onerror=alert(1)> "; filename="evil.exe`;
  await reader.signIn(here.platform.account('teacher', '2de A'));
  await reader.enter('2de A');
  await reader.choose(write(here.platform.folder, name, Buffer.from('plain')));
  await reader.row(name).waitFor();
  const answer = await fetch(await linkTo(reader, name));
  const disposition = answer.headers.get('content-disposition') ?? '';
  expect(decodeURIComponent(/filename\*=UTF-8''([^;]+)$/.exec(disposition)?.[1] ?? '')).toBe(name);
  expect(disposition).not.toContain('filename="evil.exe');
});
