// Who has what: the school's devices beside what they said of one app.

import { DeviceState, type Device } from '$gen/preau/devices/v1/fleet_pb';
import { InstallationState, type Installation } from '$gen/preau/apps/v1/deployment_pb';

export interface Holder {
  deviceId: string;
  /** Empty for a device that is not on the list, or not any more. */
  name: string;
  /** Absent: the device has said nothing of this app. */
  installation: Installation | undefined;
}

/** Every device that is the school's, by name as the server sorts them, then those that only an installation knows. */
export function holders(devices: readonly Device[], installations: readonly Installation[]): Holder[] {
  const said = new Map(installations.map((one) => [one.deviceId, one]));
  const retired = new Set(devices.filter(({ state }) => state === DeviceState.RETIRED).map(({ deviceId }) => deviceId));
  const known = devices
    .filter(({ deviceId }) => !retired.has(deviceId))
    .map(({ deviceId, name }) => ({ deviceId, name, installation: said.get(deviceId) }));
  for (const { deviceId } of devices) said.delete(deviceId);
  return [...known, ...[...said.values()].map((installation) => ({ deviceId: installation.deviceId, name: '', installation }))];
}

/** Whether the device says that it has this very release. */
export function has({ installation }: Holder, releaseId: string): boolean {
  return installation?.state === InstallationState.INSTALLED && installation.releaseId === releaseId;
}
