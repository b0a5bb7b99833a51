// A running demonstration school with data of its own, which may be killed and come back at the same address.

import { execFile } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { BINARY, scratch } from './places';
import { Process } from './process';

export interface Account {
  role: 'admin' | 'teacher' | 'student';
  class: string | null;
  name: string;
  login: string;
  password: string;
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

  /** Runs the command line as somebody, and answers its standard output. */
  async cli(account: Account, ...args: string[]): Promise<string> {
    const password = join(this.folder, 'password');
    writeFileSync(password, account.password, { mode: 0o600 });
    const who = ['--server', this.origin, '--login', account.login, '--password-file', password];
    const { stdout } = await promisify(execFile)(BINARY, [...args, ...who], {
      env: { PATH: process.env['PATH'], HOME: this.folder },
    });
    return stdout;
  }

  async stop(): Promise<void> {
    await this.process.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
