// The frame of a file of journeys: one platform, one browser, visitors who leave when a journey ends.

import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { picture } from './look';
import { Platform } from './platform';
import { Visitor, openBrowser } from './visitor';

export interface Stage {
  readonly platform: Platform;
  readonly browser: Browser;
  /** Somebody new, in a browser profile of their own; at another address of the platform's, if one is given. */
  visitor: (options?: BrowserContextOptions, origin?: string) => Promise<Visitor>;
}

/**
 * Starts both before the file's journeys; after each of them, no console may have complained. Where one failed, what
 * its visitors last saw is kept under target/browser/pictures.
 */
export function stage(): Stage {
  let platform: Platform;
  let browser: Browser;
  let present: Visitor[] = [];

  beforeAll(async () => {
    platform = await Platform.start();
    browser = await openBrowser(platform.folder);
  });
  afterEach(async ({ task }) => {
    const complaints = present.flatMap((visitor) => visitor.complaints);
    const leaving = present;
    present = [];
    if (task.result?.state === 'fail') {
      for (const [at, { page }] of leaving.entries()) await picture(page, `failed-${task.id}-${at}`).catch(() => undefined);
    }
    await Promise.all(leaving.map((visitor) => visitor.leave()));
    expect(complaints, 'the console').toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await platform.stop();
  });

  return {
    get platform() {
      return platform;
    },
    get browser() {
      return browser;
    },
    visitor: async (options, origin = platform.origin) => {
      const visitor = await Visitor.arrive(browser, origin, options);
      present.push(visitor);
      return visitor;
    },
  };
}
