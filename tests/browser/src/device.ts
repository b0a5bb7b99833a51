// A device of the school: the binary's agent, with a state and a prefix of its own.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BINARY } from './places';

export class Device {
  private child: ChildProcess | undefined;
  private log = '';

  private constructor(
    private readonly folder: string,
    private readonly state: string,
    /** Where commands and apps have their effect. */
    readonly prefix: string,
  ) {}

  /** Enrols as the page says: `command` is what stands there. Rejects with what the agent said. */
  static async enrol(folder: string, name: string, command: string): Promise<Device> {
    const [program, ...args] = command.split(' ');
    if (program !== 'preau') throw new Error(`not a command of ours: ${command}`);
    const state = join(folder, 'devices', name.replace(/\W/g, '-'));
    mkdirSync(state, { recursive: true, mode: 0o700 });
    const device = new Device(folder, state, `${state}-prefix`);
    await promisify(execFile)(BINARY, [...args, '--name', name, '--state', state], { env: device.env });
    return device;
  }

  /** Starts the agent, which goes on until `stop`. */
  run(): void {
    const args = ['agent', 'run', '--state', this.state, '--prefix', this.prefix];
    this.child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'pipe'], env: this.env });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => (this.log = (this.log + String(chunk)).slice(-8_000)));
    }
  }

  /** As the machine is shut down. */
  async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
  }

  has(path: string): boolean {
    return existsSync(join(this.prefix, path));
  }

  read(path: string): Buffer {
    return readFileSync(join(this.prefix, path));
  }

  /** What the agent said last, for whoever wonders why. */
  get said(): string {
    return this.log;
  }

  private get env(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: this.folder };
  }
}
