// One demonstration school for the whole run; every file of journeys starts from a copy of it.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { BINARY, CHROMIUM, need, scratch } from './places';
import { Process } from './process';

declare module 'vitest' {
  interface ProvidedContext {
    /** The data directory to copy. */
    demonstration: string;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  need(BINARY, 'make ui && cargo build --profile ci --package preau');
  need(CHROMIUM, 'make deps');
  const folder = scratch();
  const data = join(folder, 'data');
  const made = await Process.start(data);
  try {
    await serves(made.origin);
  } finally {
    await made.stop();
  }
  project.provide('demonstration', data);
  return () => rmSync(folder, { recursive: true, force: true });
}

/** A binary that was built before the interface serves none: every journey would fail, and say something else. */
async function serves(origin: string): Promise<void> {
  const { status } = await fetch(`${origin}/app`);
  if (status !== 200) {
    throw new Error(`${BINARY}: /app answers ${status}: run \`make ui && cargo build --profile ci --package preau\``);
  }
}
