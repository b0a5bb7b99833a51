import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { Presence } from '../../src/gen/preau/classroom/v1/lessons_pb';
import { Follower, type View } from '../../src/lib/lesson/follow';
import type { LessonState } from '../../src/lib/lesson/state';
import { FakeClock, lostConnection, refusal, settle } from './fakes';
import { ended, FakeLesson, hand, link, presence } from './lesson-fakes';

class Stand {
  readonly server = new FakeLesson();
  readonly clock = new FakeClock();
  readonly views: View[] = [];
  renewals: { resolve: () => void; reject: () => void }[] = [];
  readonly follower: Follower;

  constructor(random: () => number = () => 0.999) {
    this.follower = new Follower({
      transport: this.server,
      clock: this.clock,
      random,
      onChange: (view) => this.views.push(view),
      renewed: () => new Promise((resolve, reject) => this.renewals.push({ resolve, reject })),
    });
  }

  async begin(): Promise<this> {
    void this.follower.run();
    await settle();
    return this;
  }

  async wait(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settle();
  }

  get state(): LessonState {
    const { view } = this.follower;
    if (view.kind !== 'following' && view.kind !== 'over') throw new Error(`the view is ${view.kind}`);
    return view.state;
  }

  get isConnected(): boolean {
    const { view } = this.follower;
    return view.kind === 'following' && view.isConnected;
  }
}

describe('following a lesson', () => {
  it('reads it once, then goes on from its cursor', async () => {
    const { server, state, isConnected } = await new Stand().begin();
    expect([server.looks, server.connections.length, server.last.cursor, isConnected]).toEqual([1, 1, 10n, true]);
    expect(state.lesson.className).toBe('2de A');
  });

  it('tells each event, and nothing for a keep-alive', async () => {
    const stand = await new Stand().begin();
    stand.server.happen(presence(11, 'a', Presence.HERE));
    await settle();
    expect(stand.state.people.get('a')?.presence).toBe(Presence.HERE);
    const told = stand.views.length;
    stand.server.last.push({ events: [], cursor: 15n });
    await settle();
    expect(stand.views).toHaveLength(told);
  });

  it('is back at once from where it was: nothing missed, nothing twice, nobody told', async () => {
    const stand = await new Stand().begin();
    stand.server.happen(hand(11, 'a', true));
    await settle();
    stand.server.last.end(lostConnection());
    stand.server.log.push(hand(12, 'b', true), link(13, 'x'));
    await settle();
    expect(stand.server.connections.map(({ cursor }) => cursor)).toEqual([10n, 11n]);
    expect([stand.state.hands, stand.state.pushed.length, stand.server.looks]).toEqual([['a', 'b'], 1, 1]);
  });

  it('goes on from the cursor of a keep-alive, past what is for others', async () => {
    const stand = await new Stand().begin();
    stand.server.last.push({ events: [], cursor: 40n });
    await settle();
    stand.server.last.end();
    await settle();
    expect(stand.server.last.cursor).toBe(40n);
  });

  it('misses and repeats nothing however often the connection is cut', async () => {
    const stand = await new Stand().begin();
    for (let cursor = 11; cursor <= 210; cursor++) {
      stand.server.happen(link(cursor, `p${cursor}`));
      if (cursor % 3 === 0) await settle();
      if (cursor % 5 === 0) stand.server.last.end(lostConnection());
      if (cursor % 7 === 0) stand.server.watchesFail.push(refusal(Code.Unavailable, 'NOT_SERVING'));
      await settle();
      await stand.wait(1_500);
    }
    expect(stand.state.pushed.map(({ pushId }) => pushId)).toEqual(Array.from({ length: 200 }, (_, at) => `p${at + 11}`));
    expect(stand.server.live).toBe(1);
  });
});

describe('a network that is gone', () => {
  it('is tried again within two seconds at the latest, for ever', async () => {
    const stand = await new Stand().begin();
    stand.server.watchesFail.push(...Array.from({ length: 40 }, lostConnection));
    stand.server.last.end(lostConnection());
    await settle();
    expect(stand.isConnected).toBe(false);
    for (let turn = 0; turn < 39; turn++) {
      expect(stand.clock.next, `wait ${turn}`).toBeLessThan(2_000);
      await stand.wait(stand.clock.next ?? 0);
    }
    await stand.wait(1_500);
    expect(stand.isConnected).toBe(true);
  });

  it('is tried at different moments by different pupils', async () => {
    const waits = [];
    for (const chance of [0, 0.25, 0.5, 0.75]) {
      const stand = await new Stand(() => chance).begin();
      stand.server.watchesFail.push(lostConnection(), lostConnection());
      stand.server.last.end(lostConnection());
      await settle();
      waits.push(chance === 0 ? 0 : stand.clock.next);
    }
    expect(new Set(waits).size).toBe(4);
  });

  it('is tried at once when the browser says it is back, and when somebody looks', async () => {
    for (const wake of ['online', 'visible'] as const) {
      const stand = await new Stand().begin();
      stand.server.watchesFail.push(lostConnection(), lostConnection(), lostConnection(), lostConnection());
      stand.server.last.end(lostConnection());
      await settle();
      for (let turn = 0; turn < 3; turn++) await stand.wait(stand.clock.next ?? 0);
      expect(stand.isConnected).toBe(false);
      stand.follower[wake]();
      await settle();
      expect(stand.isConnected, wake).toBe(true);
    }
  });

  it('that swallows a try is given another', async () => {
    const stand = await new Stand().begin();
    stand.server.hangs = true;
    stand.server.last.end(lostConnection());
    await settle();
    expect(stand.isConnected).toBe(true);
    await stand.wait(1_000);
    expect(stand.isConnected).toBe(false);
    stand.server.hangs = false;
    await stand.wait(3_000);
    await stand.wait(1_500);
    expect([stand.isConnected, stand.server.live]).toEqual([true, 1]);
  });

  it('that goes silent is dropped after 45 s, sooner when somebody looks', async () => {
    const stand = await new Stand().begin();
    await stand.wait(44_000);
    expect(stand.server.connections).toHaveLength(1);
    stand.server.last.push({ events: [], cursor: 10n });
    await settle();
    await stand.wait(44_000);
    expect(stand.server.connections).toHaveLength(1);
    await stand.wait(1_000);
    expect([stand.server.connections.length, stand.server.live]).toEqual([2, 1]);
    await stand.wait(26_000);
    stand.follower.visible();
    await settle();
    expect(stand.server.connections).toHaveLength(3);
    stand.follower.visible();
    await settle();
    expect(stand.server.connections).toHaveLength(3);
  });

  it('is not hammered when each connection ends as soon as it is there', async () => {
    const stand = await new Stand().begin();
    for (let turn = 0; turn < 6; turn++) {
      stand.server.last.end();
      await settle();
      if (turn > 0) await stand.wait(stand.clock.next ?? 0);
    }
    stand.server.last.end();
    await settle();
    expect(stand.clock.next).toBeGreaterThan(1_000);
  });

  it('waits as long as the server asks', async () => {
    const stand = await new Stand().begin();
    stand.server.last.end(refusal(Code.Unavailable, 'DATABASE_UNAVAILABLE', 5));
    await settle();
    expect(stand.clock.next).toBeGreaterThanOrEqual(5_000);
  });

  it('that is gone from the beginning is said to be', async () => {
    const stand = new Stand();
    stand.server.looksFail.push(lostConnection(), lostConnection());
    await stand.begin();
    expect(stand.follower.view).toEqual({ kind: 'looking', isConnected: false });
    await stand.wait(1_500);
    expect(stand.isConnected).toBe(true);
  });
});

describe('what ends it', () => {
  it('is a cursor that is not known any more: the lesson is read anew', async () => {
    const stand = await new Stand().begin();
    stand.server.happen(hand(11, 'a', true));
    await settle();
    stand.server.answer = { ...stand.server.answer, cursor: 90n };
    stand.server.last.end(refusal(Code.OutOfRange, 'CURSOR_UNKNOWN'));
    await settle();
    expect([stand.server.looks, stand.server.last.cursor, stand.state.hands]).toEqual([2, 90n, []]);
  });

  it('is the end of the lesson, told once', async () => {
    const stand = await new Stand().begin();
    stand.server.happen(ended(11));
    await settle();
    expect([stand.follower.view.kind, stand.server.live, stand.clock.next]).toEqual(['over', 0, undefined]);
  });

  it('is having left the class', async () => {
    const stand = await new Stand().begin();
    stand.server.last.end(refusal(Code.NotFound, 'NOT_FOUND'));
    await settle();
    expect([stand.follower.view.kind, stand.clock.next]).toEqual(['gone', undefined]);
  });

  it('is a refusal', async () => {
    const stand = new Stand();
    stand.server.looksFail.push(refusal(Code.PermissionDenied, 'ROLE_NOT_ALLOWED'));
    await stand.begin();
    expect(stand.follower.view.kind).toBe('refused');
  });

  it('is not the end of a session, when somebody signs in again', async () => {
    const stand = await new Stand().begin();
    stand.server.last.end(new ConnectError('ended', Code.Unauthenticated));
    await settle();
    expect([stand.isConnected, stand.renewals.length, stand.server.connections.length]).toEqual([false, 1, 1]);
    stand.renewals[0]?.resolve();
    await settle();
    expect([stand.isConnected, stand.server.connections.length]).toEqual([true, 2]);
    stand.server.last.end(new ConnectError('ended', Code.Unauthenticated));
    await settle();
    stand.renewals[1]?.reject();
    await settle();
    expect([stand.server.connections.length, stand.clock.next]).toEqual([2, undefined]);
  });

  it('is leaving the page: the connection is closed, and nothing more is told', async () => {
    const stand = await new Stand().begin();
    const told = stand.views.length;
    stand.follower.stop();
    stand.server.happen(hand(11, 'a', true));
    await settle();
    expect([stand.server.live, stand.clock.next, stand.views.length]).toEqual([0, undefined, told]);
  });
});
