// What a page shows, kept up to date while it is looked at.

import { clock } from '../clock';
import { Refresh } from './refresh';

/** Milliseconds between two looks at what changes by itself. */
export const SELDOM_MS = 15_000;
/** While something that was asked for is under way. */
export const OFTEN_MS = 5_000;

/** Where that many devices are shown: each look asks for all of them. */
const MANY = 500;
const RARELY_MS = 60_000;

/** By how many devices a look asks for. */
export const paceOf = (devices: number): number => (devices > MANY ? RARELY_MS : SELDOM_MS);

export class Refreshing {
  /** Why the last question failed; what is shown may be out of date. */
  error = $state.raw<unknown>();
  private readonly refresh: Refresh;

  constructor(ask: () => Promise<void>, pace: () => number = () => SELDOM_MS) {
    this.refresh = new Refresh({
      ask,
      pace,
      clock,
      random: Math.random,
      isVisible: () => document.visibilityState === 'visible',
      onAnswer: (error) => (this.error = error),
    });
  }

  /** The answer ends it. */
  start(): () => void {
    const look = (): void => this.refresh.look();
    document.addEventListener('visibilitychange', look);
    addEventListener('online', look);
    this.refresh.start();
    return () => {
      document.removeEventListener('visibilitychange', look);
      removeEventListener('online', look);
      this.refresh.stop();
    };
  }

  now(): Promise<void> {
    return this.refresh.now();
  }
}
