// An import before a server that keeps it in memory and fails on command.

import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { ImportSchema, ImportState, type Import } from '../../src/gen/preau/roster/v1/imports_pb';
import { ImportFlow, type ImportTransport, type Step } from '../../src/lib/import/flow';
import { classify } from '../../src/lib/upload/classify';
import { SourceChanged } from '../../src/lib/upload/types';
import { FakeClock, lostConnection, refusal, settle } from './fakes';

const TEXT = 'abcdefghij';

class FakeImports implements ImportTransport {
  state = ImportState.UPLOADING;
  replacedBy = '';
  readonly parts = new Map<number, string>();
  readonly calls: string[] = [];
  inFlight = 0;
  mostInFlight = 0;
  /** Thrown before the deed, by what is asked; once each. */
  readonly before = new Map<string, unknown[]>();
  /** Thrown after the deed. */
  readonly after = new Map<string, unknown[]>();

  get known(): Import {
    return create(ImportSchema, { importId: 'i', state: this.state, size: BigInt(TEXT.length), partSize: 3, partCount: 4, replacedByImportId: this.replacedBy });
  }

  put = (_: string, index: number, data: Uint8Array): Promise<void> =>
    this.serve(`put ${index}`, () => void this.parts.set(index, Buffer.from(data).toString()));

  validate = (): Promise<Import> =>
    this.serve('validate', () => {
      if (this.parts.size < 4) throw refusal(Code.FailedPrecondition, 'PARTS_MISSING');
      if (this.state === ImportState.UPLOADING) this.state = ImportState.READY;
      return this.known;
    });

  apply = (_: string, confirmDisabled: number): Promise<Import> =>
    this.serve(`apply ${confirmDisabled}`, () => {
      if (this.replacedBy !== '') throw refusal(Code.FailedPrecondition, 'IMPORT_REPLACED');
      this.state = ImportState.APPLIED;
      return this.known;
    });

  look = (): Promise<Import> => this.serve('look', () => this.known);

  private async serve<T>(what: string, run: () => T): Promise<T> {
    this.calls.push(what);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    await Promise.resolve();
    this.inFlight -= 1;
    const before = this.before.get(what)?.shift();
    if (before !== undefined) throw before;
    const answer = run();
    const after = this.after.get(what)?.shift();
    if (after !== undefined) throw after;
    return answer;
  }
}

class Stand {
  readonly server = new FakeImports();
  readonly clock = new FakeClock();
  readonly steps: Step['kind'][] = [];
  readonly flow = new ImportFlow('i', {
    transport: this.server, classify, clock: this.clock, random: () => 0.5,
    onChange: ({ kind }) => {
      if (this.steps.at(-1) !== kind) this.steps.push(kind);
    },
  });

  send(read = (start: number, end: number) => Promise.resolve(new Uint8Array(Buffer.from(TEXT.slice(start, end))))): Promise<void> {
    return this.flow.send(this.server.known, read);
  }

  /** Sits out every wait until `done` is. */
  async through(done: Promise<void>): Promise<void> {
    let over = false;
    void done.finally(() => (over = true));
    await settle();
    for (let turn = 0; turn < 100 && !over; turn++) {
      this.clock.advance(this.clock.next ?? 0);
      await settle();
    }
    await done;
  }

  get failure(): { during: string; error: unknown } {
    if (this.flow.step.kind !== 'failed') throw new Error(`at ${this.flow.step.kind}`);
    return this.flow.step;
  }
}

describe('an import', () => {
  it('sends every part, has it checked, and waits for somebody to say yes', async () => {
    const stand = new Stand();
    await stand.send();
    expect([...stand.server.parts].sort().map(([, part]) => part).join('')).toBe(TEXT);
    expect(stand.steps).toEqual(['sending', 'checking', 'ready']);
    expect(stand.server.calls).not.toContain('apply 0');
  });

  it('keeps four parts in flight at most, and counts bytes as they are acknowledged', async () => {
    const stand = new Stand();
    await stand.send();
    expect(stand.server.mostInFlight).toBe(4);
  });

  it('sends a part again after a lost connection or a busy server, and gives up in the end', async () => {
    const stand = new Stand();
    stand.server.before.set('put 1', [lostConnection(), refusal(Code.Unavailable, 'STORAGE_UNAVAILABLE')]);
    await stand.through(stand.send());
    expect(stand.flow.step.kind).toBe('ready');

    const down = new Stand();
    down.server.before.set('put 1', Array.from({ length: 6 }, lostConnection));
    await down.through(down.send());
    expect(down.failure.during).toBe('sending');
    await down.through(down.flow.retry());
    expect(down.flow.step.kind).toBe('ready');
    // What was stored is not sent again.
    expect(down.server.calls.filter((call) => call === 'put 0')).toHaveLength(1);
  });

  it('stops at once when the file changed', async () => {
    const stand = new Stand();
    await stand.send(() => Promise.reject(new SourceChanged('roster.zip')));
    expect(stand.failure).toMatchObject({ during: 'sending', error: expect.any(SourceChanged) });
    expect(stand.server.calls).toEqual([]);
  });

  it('shows problems, and applies nothing', async () => {
    const stand = new Stand();
    stand.server.state = ImportState.INVALID;
    await stand.send();
    expect(stand.flow.step.kind).toBe('invalid');
    await stand.flow.apply(0);
    expect(stand.server.calls).not.toContain('apply 0');
  });

  it('checks again after a check that took too long', async () => {
    const stand = new Stand();
    stand.server.before.set('validate', [refusal(Code.DeadlineExceeded)]);
    await stand.send();
    expect(stand.failure.during).toBe('checking');
    await stand.flow.retry();
    expect(stand.flow.step.kind).toBe('ready');
    expect(stand.server.calls.filter((call) => call.startsWith('put'))).toHaveLength(4);
  });

  it('says back how many people it disables', async () => {
    const stand = new Stand();
    await stand.send();
    await stand.flow.apply(23);
    expect(stand.server.calls).toContain('apply 23');
    expect(stand.flow.step.kind).toBe('applied');
  });

  it('learns that an import whose answer was lost is applied', async () => {
    const stand = new Stand();
    await stand.send();
    stand.server.after.set('apply 0', [lostConnection()]);
    await stand.flow.apply(0);
    expect(stand.flow.step.kind).toBe('applied');
  });

  it('tells why it was not applied, and checks anew before it is ready again', async () => {
    const stand = new Stand();
    await stand.send();
    const refused = refusal(Code.Unavailable, 'DEPENDENCY_UNAVAILABLE');
    stand.server.before.set('apply 0', [refused]);
    await stand.flow.apply(0);
    expect(stand.failure).toMatchObject({ during: 'applying', error: refused });
    await stand.flow.retry();
    expect(stand.flow.step.kind).toBe('ready');
    expect(stand.server.calls.filter((call) => call === 'validate')).toHaveLength(2);
  });

  it('does not take a lost server for a refusal: looks when asked to', async () => {
    const stand = new Stand();
    await stand.send();
    stand.server.after.set('apply 0', [lostConnection()]);
    stand.server.before.set('look', [lostConnection()]);
    await stand.flow.apply(0);
    expect(stand.failure.during).toBe('applying');
    await stand.flow.retry();
    expect(stand.flow.step.kind).toBe('applied');
  });

  it('watches an import that the server is finishing by itself', async () => {
    const stand = new Stand();
    stand.server.state = ImportState.APPLYING;
    await stand.flow.look();
    stand.clock.advance(1_999);
    await settle();
    expect(stand.flow.step.kind).toBe('applying');
    stand.server.state = ImportState.APPLIED;
    stand.clock.advance(1);
    await settle();
    expect(stand.flow.step.kind).toBe('applied');
    expect(stand.clock.next).toBeUndefined();
  });

  it('found on the server without its file can only be checked or replaced', async () => {
    const stand = new Stand();
    await stand.flow.look();
    expect(stand.flow.step.kind).toBe('unfinished');
    await stand.flow.check();
    expect(stand.failure.during).toBe('checking');
  });

  it('ends where another was begun since, also when that is learned by applying', async () => {
    const stand = new Stand();
    stand.server.replacedBy = 'j';
    await stand.flow.look();
    expect(stand.flow.step).toMatchObject({ kind: 'replaced', known: { replacedByImportId: 'j' } });
    const late = new Stand();
    late.server.state = ImportState.READY;
    await late.flow.look();
    late.server.state = ImportState.UPLOADING;
    late.server.replacedBy = 'j';
    await late.flow.apply(0);
    expect(late.flow.step.kind).toBe('replaced');
  });

  it('asks no more once it is stopped', async () => {
    const stand = new Stand();
    stand.server.state = ImportState.APPLYING;
    await stand.flow.look();
    stand.flow.stop();
    expect(stand.clock.next).toBeUndefined();
  });
});
