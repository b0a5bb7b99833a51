// A page of another origin that acts in its visitor's name, as far as a browser carries it: `origin` alone stops it.
//
// The browser is made to grant every preflight (it does where its requests are intercepted), so that CORS holds nothing
// back: what a page may send only with leave is sent as well, and the server has to refuse it.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Neighbour } from '../src/neighbour';
import type { Account } from '../src/platform';
import { stage } from '../src/story';
import type { Visitor } from '../src/visitor';
import { Wire, type Exchange } from '../src/wire';

const here = stage();
const COOKIE = '__Host-preau=';
const CREATE = '/preau.files.v1.FileService/CreateFolder';
/** As long as each other, so that one replaces the other within a message. */
const [OWN, FOREIGN] = ['Sortie', 'Intrus'];

let neighbour: Neighbour;
beforeAll(async () => {
  neighbour = await Neighbour.open();
});
afterAll(() => neighbour.close());

/** What a page sends, in terms of `fetch`. */
interface Deed {
  path: string;
  method: 'POST' | 'DELETE';
  type: string;
  body?: number[];
}

const signIn = ({ login, password }: Account, type: string): Deed => ({
  path: '/session', method: 'POST', type, body: [...Buffer.from(JSON.stringify({ login, password }))],
});
const signOut = (path: string): Deed => ({ path, method: 'DELETE', type: 'text/plain' });

/** A teacher in their class, and the call by which they made a folder there, with another name in it. */
async function victim(account: Account): Promise<{ visitor: Visitor; create: Deed }> {
  const visitor = await here.visitor();
  visitor.provoked.push(/CORS policy/, /net::ERR_FAILED/, /status of (403|415)/);
  await visitor.signIn(account);
  await visitor.enter('2de A');
  const sent = visitor.page.waitForRequest((request) => new URL(request.url()).pathname === CREATE);
  await visitor.page.getByRole('button', { name: 'Nouveau dossier' }).click();
  await visitor.page.getByRole('textbox', { name: 'Nom' }).fill(OWN);
  await visitor.page.keyboard.press('Enter');
  await visitor.row(OWN).waitFor();
  const body = (await sent).postDataBuffer();
  if (!body?.includes(OWN)) throw new Error('the call does not hold the name of its folder');
  await visitor.act(OWN, 'Mettre à la corbeille');
  await visitor.row(OWN).waitFor({ state: 'detached' });
  body.write(FOREIGN, body.indexOf(OWN));
  return { visitor, create: { path: CREATE, method: 'POST', type: 'application/grpc-web+proto', body: [...body] } };
}

/** The page of a tab that tries what it can against a server. */
class Attacker {
  private constructor(private readonly tab: Page, private readonly wire: Wire, private readonly target: string) {}

  static async at(page: string, visitor: Visitor, target: string): Promise<Attacker> {
    await visitor.context.route(`${target}/**`, (route) => route.continue());
    const tab = await visitor.context.newPage();
    await tab.goto(page);
    return new Attacker(tab, await Wire.of(tab), target);
  }

  async fetch(deed: Deed): Promise<Exchange> {
    const url = this.target + deed.path;
    const [exchange] = await Promise.all([
      this.wire.next(deed.method, url),
      this.tab.evaluate(async ({ to, method, type, body }) => {
        const given = { method, headers: { 'content-type': type }, body: body ? new Uint8Array(body) : null };
        await fetch(to, { ...given, credentials: 'include' }).catch(() => undefined);
      }, { ...deed, to: url }),
    ]);
    return exchange;
  }

  /** A form, the oldest way: the browser asks nobody. The page is gone afterwards. */
  async submit({ login, password }: Account): Promise<Exchange> {
    const url = `${this.target}/session`;
    const [exchange] = await Promise.all([
      this.wire.next('POST', url),
      this.tab.waitForURL(url),
      this.tab.evaluate(({ action, name }) => {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', enctype: 'text/plain', action });
        form.append(Object.assign(document.createElement('input'), { name, value: '"}' }));
        document.body.append(form);
        form.submit();
      }, { action: url, name: JSON.stringify({ login, password }).slice(0, -2) }),
    ]);
    return exchange;
  }
}

describe.each([
  // Cookies know no ports: to them this is the same site, and SameSite stops nothing.
  { which: 'at another port of the same name', host: '127.0.0.1' as const, carried: true },
  { which: 'of another site', host: 'localhost' as const, carried: false },
])('a page $which', ({ host, carried }) => {
  it('signs nobody in or out and makes nothing: all that it sends arrives, and is refused for its origin', async () => {
    const account = here.platform.account('teacher', '2de A');
    const stranger = here.platform.account('student', '2de B');
    const { visitor, create } = await victim(account);
    const [before] = await visitor.context.cookies(visitor.origin);
    const attacker = await Attacker.at(neighbour.at(host), visitor, visitor.origin);

    const call = await attacker.fetch(create);
    // Without the cookie there is nothing foreign about a call: nobody sends it.
    expect({ carried: call.cookie.includes(COOKIE), status: call.headers['grpc-status'] }).toEqual({ carried, status: carried ? '7' : '16' });
    for (const deed of [
      signIn(stranger, 'text/plain'), signIn(stranger, 'application/json'), signOut('/session'), signOut('/session?everywhere=1'),
    ]) {
      const { cookie, status } = await attacker.fetch(deed);
      expect({ carried: cookie.includes(COOKIE), status }, `${deed.method} ${deed.path}`).toEqual({ carried, status: 403 });
    }
    const { cookie, status } = await attacker.submit(stranger);
    expect({ carried: cookie.includes(COOKIE), status }, 'a form').toEqual({ carried, status: 403 });

    expect(await visitor.context.cookies(visitor.origin)).toEqual([before]);
    await visitor.page.reload();
    await visitor.page.getByRole('link', { name: account.name }).waitFor();
    await visitor.page.getByText('Ce dossier est vide.').waitFor();
  });
});

describe('the same page', () => {
  it('would do all of it if its origin were ours: the trial is a real one', async () => {
    const account = here.platform.account('teacher', '2de A');
    const { visitor, create } = await victim(account);
    const disguise = await Neighbour.disguising(visitor.origin);
    onTestFinished(() => disguise.close());
    const attacker = await Attacker.at(neighbour.at(), visitor, disguise.at());

    expect((await attacker.fetch(create)).status).toBe(200);
    await visitor.page.reload();
    await visitor.row(FOREIGN).waitFor();
    const [before] = await visitor.context.cookies(visitor.origin);
    expect((await attacker.fetch(signIn(account, 'application/json'))).status).toBe(204);
    expect((await visitor.context.cookies(visitor.origin))[0]?.value).not.toBe(before?.value);
    expect((await attacker.fetch(signOut('/session'))).status).toBe(204);
    expect(await visitor.context.cookies(visitor.origin)).toEqual([]);
    await visitor.page.reload();
    await visitor.page.getByRole('heading', { name: 'Se connecter' }).waitFor();
  });
});
