// The cable between one browser and the server, which can be cut and mended.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class Cable {
  private readonly ends = new Set<Socket>();
  private isCut = false;

  private constructor(
    private readonly server: Server,
    private readonly far: { host: string; port: number },
  ) {
    server.on('connection', (near) => this.join(near));
  }

  /** From an address of its own to that of the server. */
  static async lay(origin: string): Promise<Cable> {
    const { hostname, port } = new URL(origin);
    const server = createServer({ noDelay: true });
    const cable = new Cable(server, { host: hostname, port: Number(port) });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return cable;
  }

  /** Where the browser finds the server. */
  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Whatever goes through it breaks off, and whoever tries again is turned away. */
  cut(): void {
    this.isCut = true;
    for (const end of this.ends) end.resetAndDestroy();
  }

  mend(): void {
    this.isCut = false;
  }

  async remove(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket): void {
    near.on('error', () => undefined);
    // The port stays ours, so that nobody else gets it meanwhile.
    if (this.isCut) return void near.resetAndDestroy();
    const far = connect({ ...this.far, noDelay: true });
    for (const [one, other] of [[near, far], [far, near]] as const) {
      this.ends.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.ends.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
