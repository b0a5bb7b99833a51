// How a browser stays signed in, and how it stops.

import { describe, expect, it } from 'vitest';
import { stage } from '../src/story';

const here = stage();
const NAME = '__Host-preau';

describe('the session cookie', () => {
  it('is kept by Chromium over plain HTTP on loopback, out of reach of scripts and of other sites', async () => {
    const visitor = await here.visitor();
    await visitor.signIn(here.platform.account('teacher', '2de A'));
    const cookies = await visitor.context.cookies();
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatchObject({
      name: NAME, domain: '127.0.0.1', path: '/', secure: true, httpOnly: true, sameSite: 'Strict',
    });
    expect(await visitor.page.evaluate(() => document.cookie)).toBe('');
    expect(await visitor.page.evaluate(() => ({ ...localStorage, ...sessionStorage }))).not.toHaveProperty('token');
    await visitor.page.reload();
    await visitor.page.getByRole('heading', { name: 'Mes espaces' }).waitFor();
  });

  it('changes at every sign-in, and the one before is worth nothing', async () => {
    const visitor = await here.visitor();
    const account = here.platform.account('student', '2de A');
    await visitor.signIn(account);
    const [before] = await visitor.context.cookies();
    // From within the page, as its own form would.
    const status = await visitor.page.evaluate(async ({ login, password }) => {
      const body = JSON.stringify({ login, password });
      return (await fetch('/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status;
    }, account);
    expect(status).toBe(204);
    const [after] = await visitor.context.cookies();
    expect(after?.value).not.toBe(before?.value);

    const stale = await here.visitor();
    if (before) await stale.context.addCookies([before]);
    await stale.page.goto(stale.origin);
    await stale.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
  });

  it('goes at sign-out, in every tab', async () => {
    const visitor = await here.visitor();
    await visitor.signIn(here.platform.account('teacher', '2de A'));
    const other = await visitor.context.newPage();
    await other.goto(`${visitor.origin}/app`);
    await other.getByRole('heading', { name: 'Mes espaces' }).waitFor();
    await visitor.page.goto(`${visitor.origin}/app/account`);
    await visitor.page.getByRole('button', { name: 'Se déconnecter', exact: true }).click();
    await visitor.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
    await other.getByRole('heading', { name: 'Se connecter' }).waitFor();
    expect(await visitor.context.cookies()).toEqual([]);
  });
});

describe('a wrong password', () => {
  it('is told in words, and signs nobody in', async () => {
    const visitor = await here.visitor();
    // Browsers print every refusal.
    visitor.provoked.push(/status of 401/);
    await visitor.page.goto(visitor.origin);
    await visitor.give(here.platform.account('teacher', '2de B').login, 'not-the-password');
    await visitor.page.getByRole('alert').getByText('L’identifiant ou le mot de passe n’est pas le bon.').waitFor();
    expect(await visitor.context.cookies()).toEqual([]);
  });
});
