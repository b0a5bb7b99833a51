// The imports that this page follows, and the browser's side of them.

import type { Import } from '$gen/preau/roster/v1/imports_pb';
import { call } from '../call';
import { clock } from '../clock';
import { onLeaving } from '../leaving';
import { imports } from '../manage/api';
import { forgetNames } from '../people';
import { required } from '../required';
import { classify } from '../upload/classify';
import { SourceChanged } from '../upload/types';
import { ImportFlow, type ImportTransport, type Step } from './flow';

/** As long as the server may take for the longest calls, in milliseconds. */
const LONG_MS = 300_000;
const PART_MS = 60_000;

const transport: ImportTransport = {
  async put(importId, index, data) {
    await call(() => imports.putImportPart({ importId, index, data }, { timeoutMs: PART_MS }));
  },
  async validate(importId) {
    const answer = await call(() => imports.validateImport({ importId }, { timeoutMs: LONG_MS }));
    return required(answer.import, 'import');
  },
  async apply(importId, confirmDisabled) {
    const answer = await call(() => imports.applyImport({ importId, confirmDisabled }, { timeoutMs: LONG_MS }));
    return required(answer.import, 'import');
  },
  async look(importId) {
    return required((await call(() => imports.getImport({ importId }))).import, 'import');
  },
};

/** A flow whose step a page can watch. */
export class Running {
  step = $state.raw<Step>({ kind: 'looking' });
  readonly flow: ImportFlow;

  constructor(importId: string) {
    this.flow = new ImportFlow(importId, {
      transport,
      classify,
      clock,
      random: Math.random,
      onChange: (step) => this.changed(step),
    });
  }

  /** Whether leaving the page would cut it off. */
  get isSending(): boolean {
    return this.step.kind === 'sending';
  }

  private changed(step: Step): void {
    if (step.kind === 'applied') forgetNames();
    this.step = step;
  }
}

const running = new Map<string, Running>();

addEventListener('beforeunload', (event) => {
  if ([...running.values()].some((one) => one.isSending)) event.preventDefault();
});

onLeaving(() => {
  for (const { flow } of running.values()) flow.stop();
  running.clear();
});

/** The import of that id: as this page follows it, and as the server has it when nothing moves here. */
export function follow(importId: string): Running {
  const known = running.get(importId) ?? new Running(importId);
  running.set(importId, known);
  if (!['sending', 'checking', 'applying'].includes(known.step.kind)) void known.flow.look();
  return known;
}

/** Announces the file to the server and begins to send it. Answers the import's id. */
export async function begin(schoolId: string, file: File): Promise<string> {
  const answer = await call(() => imports.beginImport({ schoolId, size: BigInt(file.size) }));
  const known: Import = required(answer.import, 'import');
  const fresh = new Running(known.importId);
  running.set(known.importId, fresh);
  void fresh.flow.send(known, (start, end) => readZip(file, start, end));
  return known.importId;
}

async function readZip(file: File, start: number, end: number): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.slice(start, end).arrayBuffer());
  } catch {
    throw new SourceChanged(file.name);
  }
}
