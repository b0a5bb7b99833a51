// The devices and apps of an in-memory Préau, with the server's rules; what devices do, a test does for them.

import { create } from '@bufbuild/protobuf';
import { durationMs, timestampFromMs, timestampNow } from '@bufbuild/protobuf/wkt';
import { Code, type ConnectError, type ConnectRouter } from '@connectrpc/connect';
import {
  CatalogueService, ReleaseSchema, ReleaseState, type Release,
} from '../../src/gen/preau/apps/v1/catalogue_pb';
import {
  AssignmentSchema, DeploymentService, InstallationSchema, InstallationState, type Assignment, type Installation,
} from '../../src/gen/preau/apps/v1/deployment_pb';
import {
  CommandSchema, CommandState, DeviceSchema, DeviceState, EnrolmentTokenSchema, FleetService,
  type Command, type Device, type EnrolmentToken,
} from '../../src/gen/preau/devices/v1/fleet_pb';
import { refusal } from '../unit/fakes';

export const SECRET = 'K7QM2P-XRT4VD-9HWBNC-3FJ8SY-5GAE6Z-M2';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const timestampAgo = (ms: number) => timestampFromMs(Date.now() - ms);

export class FakeFleet {
  devices: Device[] = [];
  tokens: EnrolmentToken[] = [];
  readonly commands: Command[] = [];
  /** By idempotency key. */
  readonly issued = new Map<string, Command>();
  /** IssueCommand calls. */
  calls = 0;
  releases: Release[] = [];
  assignments: Assignment[] = [];
  installations: Installation[] = [];
  /** ListDevices calls. */
  lists = 0;
  /** GetDevice calls. */
  looks = 0;
  /** Devices of one page at most. */
  pageSize = 200;
  /** Thrown by the next call that changes something, after it did: the answer was lost. */
  losesOnce: ConnectError | undefined;
  /** Pages of a list that wait, by their token: the first says how it is afterwards, others how it was when asked. */
  readonly held = new Map<string, Promise<void>>();
  /** Thrown by every call while set. */
  fails: ConnectError | undefined;

  /** A device that enrolled. */
  device(name: string, more: Partial<Omit<Device, '$typeName' | '$unknown'>> = {}): Device {
    const device = create(DeviceSchema, {
      deviceId: `d${this.devices.length + 1}`, schoolId: 's1', name, model: 'Latitude 3140', os: 'Debian 13', agentVersion: '1.0.0',
      state: DeviceState.ONLINE, enrolledAt: timestampAgo(3 * DAY), lastSeenAt: timestampNow(),
      certificateExpiresAt: timestampAgo(-87 * DAY), ...more,
    });
    this.devices = [...this.devices, device].sort((a, b) => (a.name < b.name ? -1 : 1));
    return device;
  }

  command(device: Device, more: Partial<Omit<Command, '$typeName' | '$unknown'>> = {}): Command {
    const command = create(CommandSchema, {
      commandId: `c${this.commands.length + 1}`, deviceId: device.deviceId, state: CommandState.QUEUED, issuedBy: 'me',
      issuedAt: timestampNow(), changedAt: timestampNow(), expiresAt: timestampAgo(-60 * MINUTE), ...more,
    });
    this.commands.unshift(command);
    return command;
  }

  token(more: Partial<Omit<EnrolmentToken, '$typeName' | '$unknown'>> = {}): EnrolmentToken {
    const token = create(EnrolmentTokenSchema, {
      tokenId: `t${this.tokens.length + 1}`, schoolId: 's1', maxUses: 30, uses: 0, createdAt: timestampNow(),
      expiresAt: timestampAgo(-DAY), ...more,
    });
    this.tokens.unshift(token);
    return token;
  }

  release(app: string, name: string, version: string, more: Partial<Omit<Release, '$typeName' | '$unknown'>> = {}): Release {
    const release = create(ReleaseSchema, {
      releaseId: `r${this.releases.length + 1}`, app, name, version, size: 12_400_000n, state: ReleaseState.AVAILABLE,
      publisherKeyId: 'k1', createdAt: timestampNow(), ...more,
    });
    this.releases.unshift(release);
    return release;
  }

  assign(release: Release): Assignment {
    const assignment = create(AssignmentSchema, { schoolId: 's1', release, assignedAt: timestampNow(), assignedBy: 'me' });
    this.assignments = [...this.assignments.filter((one) => one.release?.app !== release.app), assignment];
    return assignment;
  }

  /** What a device says of a release. */
  say(device: Device, release: Release, state: InstallationState, reason = ''): void {
    this.installations = this.installations.filter(({ deviceId, app }) => deviceId !== device.deviceId || app !== release.app);
    const { app, releaseId, version } = release;
    this.installations.push(create(InstallationSchema, {
      deviceId: device.deviceId, app, releaseId, version, state, reason, reportedAt: timestampNow(),
    }));
  }

  routes(router: ConnectRouter, check: () => void): void {
    const guard = (): void => {
      check();
      if (this.fails) throw this.fails;
    };
    this.fleet(router, guard);
    this.apps(router, guard);
  }

  private fleet(router: ConnectRouter, guard: () => void): void {
    const held = (deviceId: string): Device => {
      guard();
      const found = this.devices.find((one) => one.deviceId === deviceId);
      if (!found) throw refusal(Code.NotFound, 'NOT_FOUND');
      return found;
    };
    router.service(FleetService, {
      createEnrolmentToken: ({ maxUses, lifetime }) => {
        guard();
        const expiresAt = timestampAgo(-(lifetime ? durationMs(lifetime) : 0));
        return { token: this.token({ maxUses, expiresAt }), secret: SECRET };
      },
      listEnrolmentTokens: () => {
        guard();
        return { tokens: this.tokens };
      },
      revokeEnrolmentToken: ({ tokenId }) => {
        guard();
        this.tokens = this.tokens.map((one) => (one.tokenId === tokenId ? { ...one, revokedAt: timestampNow() } : one));
        return {};
      },
      listDevices: async ({ pageSize, pageToken, includeRetired }) => {
        guard();
        this.lists += 1;
        if (pageToken === '') await this.held.get('');
        const all = this.devices.filter(({ state }) => includeRetired || state !== DeviceState.RETIRED);
        const { items, nextPageToken } = page(all, Math.min(pageSize, this.pageSize), pageToken);
        await this.held.get(pageToken);
        return { devices: items, nextPageToken };
      },
      getDevice: ({ deviceId }) => {
        const device = held(deviceId);
        this.looks += 1;
        return { device, commands: this.commands.filter((one) => one.deviceId === deviceId).slice(0, 50) };
      },
      issueCommand: ({ deviceId, idempotencyKey, action, timeToLive }) => {
        const device = held(deviceId);
        const expiresAt = timestampAgo(-(timeToLive ? durationMs(timeToLive) : 60 * MINUTE));
        const command = this.issued.get(idempotencyKey) ?? this.command(device, { ...(action ? { action } : {}), expiresAt });
        this.issued.set(idempotencyKey, command);
        this.calls += 1;
        this.lose();
        return { command };
      },
      retireDevice: ({ deviceId }) => {
        held(deviceId).state = DeviceState.RETIRED;
        return {};
      },
    });
  }

  private apps(router: ConnectRouter, guard: () => void): void {
    router.service(CatalogueService, {
      listPublishers: () => {
        guard();
        return { publishers: [{ keyId: 'k1', name: 'Académie de Lyon' }] };
      },
      listReleases: ({ pageSize, pageToken }) => {
        guard();
        const { items, nextPageToken } = page(this.releases, pageSize, pageToken);
        return { releases: items, nextPageToken };
      },
    });
    router.service(DeploymentService, {
      assignRelease: ({ releaseId }) => {
        guard();
        const release = this.releases.find((one) => one.releaseId === releaseId);
        if (!release) throw refusal(Code.NotFound, 'NOT_FOUND');
        const assignment = this.assign(release);
        this.lose();
        return { assignment };
      },
      unassignApp: ({ app }) => {
        guard();
        this.assignments = this.assignments.filter(({ release }) => release?.app !== app);
        return {};
      },
      listAssignments: () => {
        guard();
        return { assignments: this.assignments.map((one) => this.counted(one)) };
      },
      listInstallations: ({ app, pageSize, pageToken }) => {
        guard();
        const all = this.installations.filter((one) => app === '' || one.app === app);
        const { items, nextPageToken } = page(all, pageSize, pageToken);
        return { installations: items, nextPageToken };
      },
    });
  }

  private counted(assignment: Assignment): Assignment {
    const count = (state: InstallationState): number =>
      this.installations.filter((one) => one.releaseId === assignment.release?.releaseId && one.state === state).length;
    return {
      ...assignment,
      installed: count(InstallationState.INSTALLED),
      failed: count(InstallationState.FAILED),
      fetching: count(InstallationState.FETCHING),
    };
  }

  private lose(): void {
    const error = this.losesOnce;
    this.losesOnce = undefined;
    if (error) throw error;
  }
}

function page<T>(all: readonly T[], size: number, token: string): { items: T[]; nextPageToken: string } {
  const from = Number(token || 0);
  const to = from + (size || 50);
  return { items: all.slice(from, to), nextPageToken: to < all.length ? String(to) : '' };
}
