// The session as the page knows it: who, and whether still.

import type { Person } from '$gen/preau/identity/v1/directory_pb';
import { SignInRefused, requestFirstSignIn, requestSignIn, requestSignOut } from './sign-in';

export type SessionState =
  | { kind: 'loading' }
  | { kind: 'unreachable'; error: unknown }
  | { kind: 'out' }
  | { kind: 'in'; person: Person }
  /** Ended while the page was open: what is on it stays until somebody signs in again. */
  | { kind: 'expired'; person: Person };

class Session {
  state = $state.raw<SessionState>({ kind: 'loading' });
  private waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private readonly tabs = new BroadcastChannel('preau-session');

  constructor() {
    this.tabs.onmessage = (event) => {
      if (event.data === 'out') this.end();
      if (event.data === 'in' && this.state.kind === 'expired') void this.renew();
    };
  }

  /** The person, while the page belongs to one. */
  get person(): Person | undefined {
    return this.state.kind === 'in' || this.state.kind === 'expired' ? this.state.person : undefined;
  }

  async load(): Promise<void> {
    this.state = { kind: 'loading' };
    try {
      const { fetchMe } = await import('./me');
      const person = await fetchMe();
      this.state = person === undefined ? { kind: 'out' } : { kind: 'in', person };
    } catch (error) {
      this.state = { kind: 'unreachable', error };
    }
  }

  /** Rejects with `SignInRefused`. */
  async signIn(login: string, password: string): Promise<void> {
    await requestSignIn(login, password);
    await this.begin();
  }

  /** With the code that the school handed out. Rejects with `SignInRefused`. */
  async firstSignIn(login: string, code: string, password: string): Promise<void> {
    await requestFirstSignIn(login, code, password);
    await this.begin();
  }

  private async begin(): Promise<void> {
    this.tabs.postMessage('in');
    if (this.state.kind === 'expired') await this.renew();
    else await this.load();
  }

  async signOut(everywhere: boolean): Promise<void> {
    await requestSignOut(everywhere);
    this.tabs.postMessage('out');
    this.end();
  }

  /** A call was answered that nobody is signed in. */
  expire(): void {
    if (this.state.kind === 'in') this.state = { kind: 'expired', person: this.state.person };
  }

  /** Resolves once somebody signed in again; rejects with `lost` when nobody will. */
  again(lost: unknown): Promise<void> {
    this.expire();
    if (this.state.kind !== 'expired') return Promise.reject(lost);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject: () => reject(lost) }));
  }

  /** Leaves the expired page for the sign-in page. */
  end(): void {
    const waiting = this.waiting;
    this.waiting = [];
    this.state = { kind: 'out' };
    for (const { reject } of waiting) reject(undefined);
  }

  private async renew(): Promise<void> {
    if (this.state.kind !== 'expired') return;
    const before = this.state.person;
    const { fetchMe } = await import('./me');
    const person = await fetchMe();
    if (person === undefined) throw new SignInRefused('', 0, '');
    // Somebody else must not find the page, nor go on with the uploads, of the first.
    if (person.personId !== before.personId) {
      location.assign('/app');
      return;
    }
    this.state = { kind: 'in', person };
    const waiting = this.waiting;
    this.waiting = [];
    for (const { resolve } of waiting) resolve();
  }
}

export const session = new Session();
