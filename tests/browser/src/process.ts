// One run of the binary.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { BINARY } from './places';

/** Where a process listens. */
export interface Ready {
  gateway: string;
  mesh: string;
  admin: string;
}

const ANY: Ready = { gateway: 'http://127.0.0.1:0', mesh: '127.0.0.1:0', admin: 'http://127.0.0.1:0' };
const address = (url: string): string => url.replace('http://', '');

export class Process {
  private constructor(
    private readonly child: ChildProcess,
    readonly ready: Ready,
  ) {}

  /** Resolves when it answers; rejects with what it logged when it ends first. */
  static async start(data: string, { gateway, mesh, admin }: Ready = ANY): Promise<Process> {
    const child = spawn(
      BINARY,
      [
        'up', '--demo', '--data-dir', data,
        '--gateway', address(gateway), '--mesh', mesh, '--admin', address(admin),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } },
    );
    let log = '';
    child.stderr.on('data', (chunk) => (log = (log + String(chunk)).slice(-8_000)));
    const ended = once(child, 'close').then(() => {
      throw new Error(`preau ended before it was ready:\n${log}`);
    });
    // Awaited only until it is ready.
    ended.catch(() => undefined);
    return new Process(child, await Promise.race([readyOf(child), ended]));
  }

  get origin(): string {
    return this.ready.gateway;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the process has no id');
    return this.child.pid;
  }

  /** Drains and ends. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Ends at once, as a power cut would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Resident memory in bytes: now, and the most since `forgetPeak`. */
  memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const read = (field: string): number => {
      const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
      if (kib === undefined) throw new Error(`/proc/${this.pid}/status has no ${field}`);
      return Number(kib) * 1024;
    };
    return { now: read('VmRSS'), peak: read('VmHWM') };
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, '5');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const closed = once(this.child, 'close');
    this.child.kill(signal);
    await closed;
  }
}

async function readyOf(child: ChildProcess): Promise<Ready> {
  if (!child.stdout) throw new Error('the process has no standard output');
  return new Promise((resolve) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const json = /^ready (\{.*\})$/.exec(line)?.[1];
      if (json !== undefined) resolve(JSON.parse(json) as Ready);
    });
  });
}
