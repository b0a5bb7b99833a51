// A running demonstration school with data of its own, which may be killed and come back at the same address.

import { execFile } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { BINARY, scratch } from './places';
import { Process } from './process';

export interface Credentials {
  login: string;
  password: string;
}

export interface Account extends Credentials {
  role: 'admin' | 'teacher' | 'student';
  class: string | null;
  name: string;
}

export class Platform {
  private constructor(
    /** Removed at the end. */
    readonly folder: string,
    private readonly data: string,
    private process: Process,
  ) {}

  static async start(): Promise<Platform> {
    const folder = scratch();
    const data = join(folder, 'data');
    cpSync(inject('demonstration'), data, { recursive: true });
    return new Platform(folder, data, await Process.start(data));
  }

  get origin(): string {
    return this.process.origin;
  }

  get server(): Process {
    return this.process;
  }

  get accounts(): Account[] {
    return JSON.parse(readFileSync(join(this.data, 'demo-accounts.json'), 'utf8')) as Account[];
  }

  /** The first account of a role, in a class if one is given. */
  account(role: Account['role'], inClass?: string): Account {
    const found = this.accounts.find((one) => one.role === role && (inClass === undefined || one.class === inClass));
    if (!found) throw new Error(`the demonstration has no ${role} in ${inClass ?? 'any class'}`);
    return found;
  }

  /** Another start on the same data and the same ports; `kill` or `stop` the server first. */
  async restart(): Promise<void> {
    this.process = await Process.start(this.data, this.process.ready);
  }

  /** Who runs the platform and publishes apps on it. */
  get operator(): Credentials {
    return JSON.parse(readFileSync(join(this.data, 'demo-platform.json'), 'utf8')) as Credentials;
  }

  /** Runs the command line as somebody, and answers its standard output. */
  async cli({ login, password }: Credentials, ...args: string[]): Promise<string> {
    const file = join(this.folder, 'password');
    writeFileSync(file, password, { mode: 0o600 });
    return this.run(...args, '--server', this.origin, '--login', login, '--password-file', file);
  }

  /** Runs the command line as nobody, and answers its standard output. */
  async run(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(BINARY, args, { env: { PATH: process.env['PATH'], HOME: this.folder } });
    return stdout;
  }

  async stop(): Promise<void> {
    await this.process.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
