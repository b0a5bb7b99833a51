// How a device's certificate stands.

import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { Device } from '$gen/preau/devices/v1/fleet_pb';

/** Devices renew after two thirds of 90 days: one that is this near its end has not been able to for a while. */
const SOON_MS = 14 * 86_400_000;

export interface CertificateStanding {
  end: Date;
  standing: 'good' | 'soon' | 'over';
}

/** At `now`, by the server's clock; `undefined` for a device that has none. */
export function certificateOf({ certificateExpiresAt }: Device, now: Date): CertificateStanding | undefined {
  if (!certificateExpiresAt) return undefined;
  const end = timestampDate(certificateExpiresAt);
  const left = end.getTime() - now.getTime();
  return { end, standing: left <= 0 ? 'over' : left < SOON_MS ? 'soon' : 'good' };
}
