// Holds calls of one method on their way to the server, so that something happens in the middle of an upload.

import type { Page, Route } from 'playwright-core';

export class Gate {
  private passed = 0;
  private open = false;
  private readonly held: Route[] = [];
  private waiting: (() => void) | undefined;

  private constructor(private readonly first: number) {}

  /** Lets the `first` calls through and holds the others. */
  static async at(page: Page, method: string, first: number): Promise<Gate> {
    const gate = new Gate(first);
    await page.route((url) => url.pathname.endsWith(`/${method}`), (route) => gate.arrive(route));
    return gate;
  }

  /** Resolves once a call is held: those before it are on the server or on their way. */
  async reached(): Promise<void> {
    if (this.held.length > 0) return;
    await new Promise<void>((resolve) => (this.waiting = resolve));
  }

  /** Lets go of what is held and of all that comes. */
  async release(): Promise<void> {
    this.open = true;
    // The page may have given up on some of them.
    await Promise.allSettled(this.held.splice(0).map((route) => route.continue()));
  }

  private async arrive(route: Route): Promise<void> {
    this.passed += 1;
    if (this.open || this.passed <= this.first) return route.continue();
    this.held.push(route);
    this.waiting?.();
  }
}
