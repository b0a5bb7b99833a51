import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { InstallationSchema, InstallationState, type Installation } from '../../src/gen/preau/apps/v1/deployment_pb';
import { CommandSchema, CommandState, DeviceSchema, DeviceState, EnrolmentTokenSchema, type Device } from '../../src/gen/preau/devices/v1/fleet_pb';
import { formatAgo } from '../../src/lib/fleet/ago';
import { certificateOf } from '../../src/lib/fleet/certificate';
import { isUnderWay, readText, textFault, timeToLive, TIME_LIMITS, type TimeLimit } from '../../src/lib/fleet/commands';
import { enrolmentCommand, enrolmentLink, lifetimeOf, LIFETIMES, readCount, standingOf, type Lifetime } from '../../src/lib/fleet/enrolment';
import { has, holders } from '../../src/lib/fleet/installations';
import { Intent } from '../../src/lib/fleet/intent';
import { Refresh } from '../../src/lib/fleet/refresh';
import { FakeClock, lostConnection, settle } from './fakes';

const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
const at = (ms: number): Date => new Date(ms);

describe('what a page shows', () => {
  function stand(visible = true) {
    const clock = new FakeClock();
    const server = { asked: 0, fails: false, visible, pace: 15_000, open: () => Promise.resolve() };
    const said: unknown[] = [];
    const refresh = new Refresh({
      ask: async () => {
        server.asked += 1;
        await server.open();
        if (server.fails) throw lostConnection();
      },
      pace: () => server.pace,
      clock,
      random: () => 0.5,
      isVisible: () => server.visible,
      onAnswer: (error) => said.push(error),
    });
    const next = async (): Promise<number> => {
      const wait = clock.next ?? Number.NaN;
      clock.advance(wait);
      await settle();
      return wait;
    };
    return { clock, server, said, refresh, next };
  }

  it('is asked for again at the pace that the last answer gave', async () => {
    const { server, refresh, next } = stand();
    refresh.start();
    await settle();
    server.pace = 5_000;
    // Planned before the pace changed.
    expect(await next()).toBe(15_000);
    expect(await next()).toBe(5_000);
    expect(server.asked).toBe(3);
  });

  it('is not asked for while nobody looks, and at once when somebody does, but no oftener', async () => {
    const { clock, server, refresh, next } = stand();
    refresh.start();
    await settle();
    server.visible = false;
    await next();
    expect([server.asked, clock.next]).toEqual([1, undefined]);
    server.visible = true;
    refresh.look();
    await settle();
    expect(server.asked).toBe(2);
    refresh.look();
    refresh.look();
    await settle();
    expect([server.asked, clock.next]).toEqual([2, 15_000]);
  });

  it('is asked for seldomer from a server that fails, which is told until it answers', async () => {
    const { server, said, refresh, next } = stand();
    server.fails = true;
    refresh.start();
    await settle();
    expect([await next(), await next(), await next(), await next(), await next()]).toEqual([45_000, 90_000, 180_000, 360_000, 360_000]);
    expect(said.every((error) => error !== undefined)).toBe(true);
    server.fails = false;
    await next();
    expect([said.at(-1), await next()]).toEqual([undefined, 15_000]);
  });

  it('is asked for after a deed, even if a question was under way before it', async () => {
    const { server, refresh } = stand();
    let answer: () => void = () => undefined;
    server.open = () => new Promise((resolve) => (answer = resolve));
    refresh.start();
    const done = refresh.now();
    await settle();
    expect(server.asked).toBe(1);
    answer();
    await settle();
    expect(server.asked).toBe(2);
    answer();
    await done;
  });

  it('is not asked for any more once the page is left', async () => {
    const { clock, server, refresh } = stand();
    refresh.start();
    await settle();
    refresh.stop();
    refresh.look();
    await refresh.now();
    expect([server.asked, clock.next]).toEqual([1, undefined]);
  });
});

describe('an intent', () => {
  it('has one key while it is the same, and another when it is changed or meant anew', () => {
    const intent = new Intent();
    const first = intent.keyOf(['message', 'Bonjour', 'hour']);
    expect(intent.keyOf(['message', 'Bonjour', 'hour'])).toBe(first);
    expect(first).toMatch(/^[A-Za-z0-9\-_.:]{1,64}$/);
    expect(intent.keyOf(['message', 'Bonsoir', 'hour'])).not.toBe(first);
    expect(new Intent().keyOf(['message', 'Bonjour', 'hour'])).not.toBe(first);
  });
});

describe('how long ago', () => {
  const say = (ago: number, lang: 'fr' | 'en' = 'fr'): string => formatAgo(at(NOW - ago), at(NOW), lang, 'à l’instant').replace(/\s/g, ' ');

  it('is told in the largest unit that fits, and as a day after a month', () => {
    expect(say(89_999)).toBe('à l’instant');
    expect(say(90_000)).toBe('il y a 1 minute');
    expect(say(59 * 60_000)).toBe('il y a 59 minutes');
    expect(say(60 * 60_000)).toBe('il y a 1 heure');
    expect(say(23.9 * 3_600_000, 'en')).toBe('23 hours ago');
    expect(say(DAY)).toBe('il y a 1 jour');
    expect(say(29.9 * DAY)).toBe('il y a 29 jours');
    expect(say(30 * DAY)).toMatch(/^\d{1,2} décembre 2026$/);
  });

  it('is now for what the reader’s clock has yet to reach', () => {
    expect(say(-10 * 60_000)).toBe('à l’instant');
  });
});

describe('an enrolment token', () => {
  it('is for one to ten thousand devices, however that is typed', () => {
    for (const [typed, count] of [['30', 30], [' 1 ', 1], ['10 000', 10_000], ['10\u202f000', 10_000]] as const) {
      expect(readCount(typed), typed).toBe(count);
    }
    for (const typed of ['', '0', '-1', '1.5', '1e3', '10001', '999999', 'douze', '１２']) expect(readCount(typed), typed).toBeUndefined();
  });

  it('lives for what the contract allows', () => {
    for (const one of Object.keys(LIFETIMES) as Lifetime[]) {
      expect(LIFETIMES[one]).toBeGreaterThanOrEqual(60_000);
      expect(LIFETIMES[one]).toBeLessThanOrEqual(90 * DAY);
      expect(Number(lifetimeOf(one).seconds) * 1000).toBe(LIFETIMES[one]);
    }
  });

  it('goes into an address and a command as it is', () => {
    expect(enrolmentLink('https://préau.exemple.fr:8443', 'AB-CD')).toBe('preau-enrol:?server=https%3A%2F%2Fpr%C3%A9au.exemple.fr%3A8443&token=AB-CD');
    const read = new URL(enrolmentLink('https://a.fr', 'A&B=C')).searchParams;
    expect([read.get('server'), read.get('token')]).toEqual(['https://a.fr', 'A&B=C']);
    expect(enrolmentCommand('https://a.fr', 'AB-CD')).toBe('preau agent enroll --server https://a.fr --token AB-CD');
  });

  it('stands as revoked, used up, expired or open, in that order', () => {
    const token = (more: object) => create(EnrolmentTokenSchema, { maxUses: 2, uses: 1, expiresAt: timestampFromMs(NOW), ...more });
    expect(standingOf(token({}), at(NOW - 1))).toBe('open');
    expect(standingOf(token({}), at(NOW))).toBe('expired');
    expect(standingOf(token({ uses: 2 }), at(NOW))).toBe('usedUp');
    expect(standingOf(token({ uses: 2, revokedAt: timestampFromMs(NOW) }), at(NOW))).toBe('revoked');
  });
});

describe('a command', () => {
  it('has a text without what is not shown, and a notice is one line', () => {
    expect(readText('message', ' Bonjour,\r\nrendez\u00admoi.\u2028\tMerci\u202e \n')).toBe('Bonjour,\nrendez\u00admoi.\n Merci');
    expect(readText('message', 'Élève 👩‍🏫')).toBe('Élève 👩‍🏫');
    expect(readText('lock', ' Rapportez-la\n au  CDI ')).toBe('Rapportez-la au CDI');
  });

  it('has a text that the server takes, counted by characters', () => {
    expect(textFault('message', readText('message', ' \n\ufeff '))).toBe('empty');
    expect(textFault('message', '🎒'.repeat(500))).toBeUndefined();
    expect(textFault('message', 'a'.repeat(501))).toBe('long');
    expect(textFault('lock', '')).toBeUndefined();
    expect(textFault('lock', 'é'.repeat(201))).toBe('long');
    expect(textFault('unlock', '')).toBeUndefined();
  });

  it('has as long as the contract allows', () => {
    for (const one of Object.keys(TIME_LIMITS) as TimeLimit[]) {
      expect(TIME_LIMITS[one]).toBeLessThanOrEqual(30 * DAY);
      expect(Number(timeToLive(one).seconds) * 1000).toBe(TIME_LIMITS[one]);
    }
  });

  it('is under way until a final state', () => {
    const under = [CommandState.QUEUED, CommandState.SENT, CommandState.ACCEPTED, CommandState.NOT_NOW];
    const final = [CommandState.DONE, CommandState.FAILED, CommandState.EXPIRED];
    const tell = (state: CommandState): boolean => isUnderWay(create(CommandSchema, { state }));
    expect([under.every(tell), final.some(tell)]).toEqual([true, false]);
  });
});

describe('a certificate', () => {
  const standing = (left: number | undefined) =>
    certificateOf(create(DeviceSchema, left === undefined ? {} : { certificateExpiresAt: timestampFromMs(NOW + left) }), at(NOW))?.standing;

  it('is good, near its end, or over', () => {
    expect([standing(15 * DAY), standing(13 * DAY), standing(0), standing(undefined)]).toEqual(['good', 'soon', 'over', undefined]);
  });
});

describe('who has an app', () => {
  const device = (deviceId: string, state = DeviceState.OFFLINE): Device => create(DeviceSchema, { deviceId, name: deviceId.toUpperCase(), state });
  const said = (deviceId: string, releaseId: string, state = InstallationState.INSTALLED): Installation =>
    create(InstallationSchema, { deviceId, releaseId, state });

  it('is every device with what it said, but none that was retired; those unknown last', () => {
    const list = holders([device('a'), device('b', DeviceState.RETIRED), device('c')], [said('c', 'r'), said('b', 'r'), said('z', 'r')]);
    expect(list.map(({ name, installation }) => [name, installation?.deviceId])).toEqual([['A', undefined], ['C', 'c'], ['', 'z']]);
  });

  it('is who says so of that very release', () => {
    const holder = (installation: Installation | undefined) => ({ deviceId: 'a', name: 'A', installation });
    expect(has(holder(said('a', 'r')), 'r')).toBe(true);
    expect(has(holder(said('a', 'older')), 'r')).toBe(false);
    expect(has(holder(said('a', 'r', InstallationState.FAILED)), 'r')).toBe(false);
    expect(has(holder(undefined), 'r')).toBe(false);
  });
});
