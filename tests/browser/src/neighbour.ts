// Somebody else's server on this machine.

import { once } from 'node:events';
import { createServer, request as send, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Neighbour {
  private constructor(private readonly server: Server) {}

  /** Serves one empty page. */
  static open(): Promise<Neighbour> {
    return this.listen((request, response) => {
      request.resume();
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end('<!doctype html><title>elsewhere</title><link rel="icon" href="data:,">');
    });
  }

  /** Passes everything on to `origin`, as if one of its own pages had sent it. */
  static disguising(origin: string): Promise<Neighbour> {
    return this.listen((request, response) => {
      const { 'sec-fetch-site': _, ...headers } = request.headers;
      const passed = send(
        new URL(request.url ?? '/', origin),
        { method: request.method, headers: { ...headers, origin, host: new URL(origin).host } },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      request.pipe(passed);
    });
  }

  private static async listen(answer: RequestListener): Promise<Neighbour> {
    const server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Neighbour(server);
  }

  /** Under one of the machine's names: to a browser each is a site of its own, whatever the port. */
  at(host: '127.0.0.1' | 'localhost' = '127.0.0.1'): string {
    return `http://${host}:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
