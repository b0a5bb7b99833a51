import { Code } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { file, lostConnection, refusal, settle } from './fakes';
import { Stand } from './harness';

describe('sending', () => {
  it('sends every part and then commits', async () => {
    const stand = new Stand();
    const item = stand.one(file('a', 'one two three'));
    await stand.finish();
    expect(item.state).toBe('done');
    expect(stand.server.contents('a')).toBe('one two three');
    expect(stand.server.count('put')).toBe(4);
    expect(stand.done).toEqual(['a']);
  });

  it('keeps four calls in flight over all files, never five', async () => {
    const stand = new Stand();
    stand.send(file('a', 'x'.repeat(40)), file('b', 'y'.repeat(40)), file('c', 'z'));
    await stand.finish();
    expect(stand.server.mostInFlight).toBe(4);
    expect(stand.done.sort()).toEqual(['a', 'b', 'c']);
  });

  it('does not care in which order parts arrive', async () => {
    const stand = new Stand();
    const put = stand.server.put;
    const held: (() => void)[] = [];
    stand.server.put = async (...given) => {
      await new Promise<void>((resolve) => held.push(resolve));
      await put(...given);
    };
    stand.one(file('a', 'abcdefghijklmnop'));
    await settle();
    expect(held).toHaveLength(4);
    for (const release of held.reverse()) {
      release();
      await settle();
    }
    expect(stand.server.calls.filter(({ op }) => op === 'put').map(({ index }) => index)).toEqual([3, 2, 1, 0]);
    expect(stand.server.contents('a')).toBe('abcdefghijklmnop');
  });

  it('sends an empty file', async () => {
    const stand = new Stand();
    const item = stand.one(file('empty', ''));
    await stand.finish();
    expect(item.state).toBe('done');
    expect(stand.server.count('put')).toBe(0);
    expect(stand.server.contents('empty')).toBe('');
  });

  it('sends ten thousand files and looks at each a bounded number of times', async () => {
    const stand = new Stand();
    stand.send(...Array.from({ length: 10_000 }, (_, index) => file(`f${index}`, 'x')));
    while (stand.queue.isActive) await settle();
    expect(stand.queue.totals.states.done).toBe(10_000);
    expect(stand.queue.totals.sent).toBe(10_000);
    expect(stand.server.calls).toHaveLength(30_000);
    expect(stand.server.mostInFlight).toBe(4);
  });

  it('counts bytes as they are acknowledged', async () => {
    const stand = new Stand();
    const item = stand.one(file('a', 'abcdefghij'));
    await stand.finish();
    expect(item.sent).toBe(10);
    expect(stand.queue.totals).toMatchObject({ files: 1, bytes: 10, sent: 10 });
  });
});

describe('trying again', () => {
  it('comes back after an unavailable server, with what is missing', async () => {
    const stand = new Stand();
    stand.server.fail = (op, nth) => (op === 'put' && nth <= 6 ? refusal(Code.Unavailable) : undefined);
    const item = stand.one(file('a', 'abcdefghijkl'));
    await stand.finish();
    expect(item.state).toBe('done');
    expect(stand.server.contents('a')).toBe('abcdefghijkl');
  });

  it('comes back after a lost connection', async () => {
    const stand = new Stand();
    stand.server.fail = (_, nth) => (nth === 1 ? lostConnection() : undefined);
    const item = stand.one(file('a', 'abc'));
    await stand.finish();
    expect(item.state).toBe('done');
  });

  it('waits at least as long as the server asks', async () => {
    const stand = new Stand(4, () => 0);
    stand.server.fail = (op, nth) => (op === 'create' && nth === 1 ? refusal(Code.ResourceExhausted, 'RATE_LIMITED', 7) : undefined);
    stand.one(file('a', 'abc'));
    await settle();
    expect(stand.clock.next).toBe(7000);
    stand.clock.advance(6999);
    await settle();
    expect(stand.server.count('create')).toBe(1);
    stand.clock.advance(1);
    await settle();
    expect(stand.server.count('create')).toBe(2);
  });

  it('waits longer and longer, by chance between nothing and the ceiling', async () => {
    const stand = new Stand(4, () => 0.999);
    stand.server.fail = () => refusal(Code.Unavailable);
    stand.one(file('a', 'abc'));
    const waits: number[] = [];
    for (let turn = 0; turn < 6; turn++) {
      await settle();
      waits.push(stand.clock.next ?? 0);
      stand.clock.advance(stand.clock.next ?? 0);
    }
    expect(waits).toEqual([299, 599, 1198, 2397, 4795, 9590]);
  });

  it('spares a server that is down the files behind', async () => {
    const stand = new Stand();
    stand.server.fail = () => refusal(Code.Unavailable);
    stand.send(...Array.from({ length: 100 }, (_, index) => file(`f${index}`, 'x')));
    await settle();
    expect(stand.server.count('create')).toBe(4);
  });

  it('gives up in the end, says why, and goes on by hand', async () => {
    const stand = new Stand();
    stand.server.fail = (op) => (op === 'put' ? refusal(Code.Unavailable) : undefined);
    const item = stand.one(file('a', 'abc'));
    await stand.finish();
    expect(item.state).toBe('failed');
    expect(item.error).toMatchObject({ code: Code.Unavailable });
    stand.server.fail = () => undefined;
    stand.queue.retry(item);
    await stand.finish();
    expect(item.state).toBe('done');
    expect(stand.server.count('create')).toBe(1);
  });

  it('sends fewer parts at once on a line too slow for four', async () => {
    const stand = new Stand();
    stand.server.fail = (op, nth) => (op === 'put' && nth <= 4 ? refusal(Code.DeadlineExceeded) : undefined);
    const item = stand.one(file('a', 'x'.repeat(32)));
    await settle();
    stand.server.mostInFlight = 0;
    await stand.finish();
    expect(item.state).toBe('done');
    expect(stand.server.mostInFlight).toBeLessThan(4);
  });

  it('does not hammer a full disk', async () => {
    const stand = new Stand();
    stand.server.fail = () => refusal(Code.ResourceExhausted, 'STORAGE_FULL');
    const item = stand.one(file('a', 'abc'));
    await stand.finish();
    expect(item.state).toBe('failed');
    expect(stand.server.count('create')).toBe(1);
  });
});

describe('interruptions', () => {
  it('pauses, then asks what is missing and sends only that', async () => {
    const stand = new Stand();
    let open = (): void => undefined;
    stand.server.fail = (op, nth) => {
      if (op === 'put' && nth === 4) stand.server.gate = new Promise((resolve) => (open = resolve));
      return undefined;
    };
    const item = stand.one(file('a', 'x'.repeat(40)));
    await settle();
    stand.queue.pause(item);
    expect(item.state).toBe('paused');
    open();
    stand.server.gate = undefined;
    await settle();
    const before = stand.server.uploads.get('u1')?.parts.size ?? 0;
    const puts = stand.server.count('put');
    expect(before).toBeGreaterThan(0);
    await stand.finish();
    expect(stand.server.count('put')).toBe(puts);

    stand.queue.resume(item);
    await stand.finish();
    expect(item.state).toBe('done');
    expect(stand.server.count('look')).toBe(1);
    expect(stand.server.count('put') - puts).toBe(10 - before);
    expect(item.sent).toBe(40);
    expect(stand.queue.totals.sent).toBe(40);
  });

  it('waits for a new sign-in, told once, and goes on without losing a part', async () => {
    const stand = new Stand();
    let signedIn = true;
    stand.server.fail = (op, nth) => {
      if (op === 'put' && nth === 3) signedIn = false;
      return signedIn ? undefined : refusal(Code.Unauthenticated, 'SESSION_EXPIRED');
    };
    const items = stand.send(file('a', 'x'.repeat(40)), file('b', 'y'));
    await stand.finish();
    expect(stand.expiries).toBe(1);
    expect(stand.queue.expired).toBe(true);
    const calls = stand.server.calls.length;
    await stand.finish();
    expect(stand.server.calls).toHaveLength(calls);

    signedIn = true;
    stand.server.fail = () => undefined;
    stand.queue.renewed();
    await stand.finish();
    expect(items.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(stand.server.contents('a')).toBe('x'.repeat(40));
  });

  it('cancels: nothing more is sent and the server may forget', async () => {
    const stand = new Stand();
    let open = (): void => undefined;
    stand.server.fail = (op, nth) => {
      if (op === 'put' && nth === 4) stand.server.gate = new Promise((resolve) => (open = resolve));
      return undefined;
    };
    const item = stand.one(file('a', 'x'.repeat(400)));
    await settle();
    expect(item.state).toBe('sending');
    stand.queue.cancel(item);
    open();
    await settle();
    const puts = stand.server.count('put');
    await stand.finish();
    expect(item.state).toBe('cancelled');
    expect(stand.server.count('put')).toBe(puts);
    expect([...stand.server.uploads.values()].every(({ state }) => state === 'aborted')).toBe(true);
    expect(stand.queue.totals).toMatchObject({ bytes: 0, sent: 0 });
  });

  it('learns that a commit whose answer was lost went through', async () => {
    const stand = new Stand();
    stand.server.failAfter = (op, nth) => (op === 'commit' && nth === 1 ? lostConnection() : undefined);
    const item = stand.one(file('a', 'abcdef'));
    await stand.finish();
    expect(item.state).toBe('done');
    expect(stand.server.count('commit')).toBe(2);
  });

  it('sends again what the server lost', async () => {
    const stand = new Stand();
    const item = stand.one(file('a', 'abcdefgh'));
    stand.server.fail = (op, nth) => {
      if (op === 'commit' && nth === 1) stand.server.uploads.get('u1')?.parts.delete(0);
      return undefined;
    };
    await stand.finish();
    expect(item.state).toBe('done');
    expect(stand.server.contents('a')).toBe('abcdefgh');
  });

  it('begins anew, by hand, when the server forgot the upload', async () => {
    const stand = new Stand();
    stand.server.fail = (op) => {
      if (op === 'put') stand.server.forget('u1');
      return undefined;
    };
    const item = stand.one(file('a', 'abc'));
    await stand.finish();
    expect(item.state).toBe('failed');
    stand.server.fail = () => undefined;
    stand.queue.retry(item);
    await stand.finish();
    expect(item.state).toBe('done');
  });
});

describe('files that change and names that are taken', () => {
  it('stops a file that cannot be read any more, and only that one', async () => {
    const stand = new Stand();
    stand.unreadable.add('a');
    const [changed, other] = stand.send(file('a', 'abc'), file('b', 'def'));
    await stand.finish();
    expect(changed?.state).toBe('failed');
    expect(changed?.error).toMatchObject({ name: 'SourceChanged' });
    expect(other?.state).toBe('done');
    expect(stand.server.uploads.get('u1')?.state).toBe('aborted');
  });

  it('stops a file whose date changed while it was sent', async () => {
    const stand = new Stand();
    const source = file('a', 'x'.repeat(40));
    stand.server.fail = (op, nth) => {
      if (op === 'put' && nth === 2) source.lastModified = 2;
      return undefined;
    };
    const item = stand.one(source);
    await stand.finish();
    expect(item.state).toBe('failed');
    expect(item.error).toMatchObject({ name: 'SourceChanged' });
    expect(stand.server.contents('a')).toBeUndefined();
  });

  it('stops a file that became shorter', async () => {
    const stand = new Stand();
    const source = file('a', 'abcdefgh');
    source.text = 'abc';
    const item = stand.one(source);
    await stand.finish();
    expect(item.state).toBe('failed');
  });

  it('keeps both under another name', async () => {
    const stand = new Stand();
    stand.server.fail = (op, nth) => (op === 'create' && nth === 1 ? refusal(Code.AlreadyExists, 'NAME_TAKEN') : undefined);
    const item = stand.one(file('a.txt', 'abc'));
    await stand.finish();
    expect(item.state).toBe('failed');
    stand.queue.retry(item, 'a (2).txt');
    await stand.finish();
    expect(stand.server.contents('a (2).txt')).toBe('abc');
  });

  it('gives the upload back when another name is chosen after a refused commit', async () => {
    const stand = new Stand();
    stand.server.fail = (op, nth) => (op === 'commit' && nth === 1 ? refusal(Code.AlreadyExists, 'NAME_TAKEN') : undefined);
    const item = stand.one(file('a', 'abcdef'));
    await stand.finish();
    stand.queue.retry(item, 'b');
    await stand.finish();
    expect(stand.server.uploads.get('u1')?.state).toBe('aborted');
    expect(stand.server.contents('b')).toBe('abcdef');
    expect(stand.queue.totals.sent).toBe(6);
  });

  it('forgets what is done and keeps what failed', async () => {
    const stand = new Stand();
    stand.unreadable.add('a');
    stand.send(file('a', 'abc'), file('b', 'def'));
    await stand.finish();
    stand.queue.clearSettled();
    expect(stand.queue.items.map(({ target }) => target.name)).toEqual(['a']);
    expect(stand.queue.totals.files).toBe(1);
  });
});
