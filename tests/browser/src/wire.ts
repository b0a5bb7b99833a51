// What goes over the wire for a page, also where the browser then keeps the answer from it.

import type { Page } from 'playwright-core';

/** One request as it left the browser, and the head of its answer. */
export interface Exchange {
  method: string;
  url: string;
  /** All cookies that went along. */
  cookie: string;
  status: number;
  headers: Record<string, string>;
}

interface Waiting {
  method: string;
  url: string;
  tell: (exchange: Exchange) => void;
}

export class Wire {
  /** By the browser's id of the request: its events come in any order. */
  private readonly begun = new Map<string, Partial<Exchange>>();
  private readonly waiting: Waiting[] = [];

  static async of(page: Page): Promise<Wire> {
    const wire = new Wire();
    const client = await page.context().newCDPSession(page);
    client.on('Network.requestWillBeSent', ({ requestId, request: { method, url } }) => wire.learn(requestId, { method, url }));
    client.on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => {
      wire.learn(requestId, { cookie: headers['Cookie'] ?? headers['cookie'] ?? '' });
    });
    client.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode, headers }) => {
      wire.learn(requestId, { status: statusCode, headers });
    });
    await client.send('Network.enable');
    return wire;
  }

  /** The next such request that the server answers. */
  async next(method: string, url: string): Promise<Exchange> {
    return new Promise((tell) => this.waiting.push({ method, url, tell }));
  }

  private learn(id: string, more: Partial<Exchange>): void {
    const { method, url, cookie, status, headers } = { ...this.begun.get(id), ...more };
    this.begun.set(id, {
      ...(method === undefined ? {} : { method }), ...(url === undefined ? {} : { url }),
      ...(cookie === undefined ? {} : { cookie }), ...(status === undefined ? {} : { status }), ...(headers ? { headers } : {}),
    });
    if (method === undefined || url === undefined || cookie === undefined || status === undefined || !headers) return;
    this.begun.delete(id);
    const at = this.waiting.findIndex((one) => one.method === method && one.url === url);
    if (at >= 0) this.waiting.splice(at, 1)[0]?.tell({ method, url, cookie, status, headers });
  }
}
