// Devices and apps on the server, typed.

import { createClient, type CallOptions } from '@connectrpc/connect';
import { CatalogueService, type Publisher } from '$gen/preau/apps/v1/catalogue_pb';
import { DeploymentService, type Assignment, type Installation } from '$gen/preau/apps/v1/deployment_pb';
import { FleetService, type Device } from '$gen/preau/devices/v1/fleet_pb';
import { call } from '../call';
import { all } from '../manage/api';
import { transport } from '../transport';

export const fleet = createClient(FleetService, transport);
export const catalogue = createClient(CatalogueService, transport);
export const deployment = createClient(DeploymentService, transport);

/** Devices of one page of a list that is scrolled. */
export const PAGE = 100;
const LARGEST_PAGE = 200;
const LARGEST_INSTALLATIONS_PAGE = 500;

/** An answer, and when it was given by the server's clock: those of school computers are wrong by minutes. */
export interface Dated<T> {
  value: T;
  at: Date;
}

export async function dated<T>(ask: (options: CallOptions) => Promise<T>): Promise<Dated<T>> {
  let at = new Date();
  const onHeader = (header: Headers): void => {
    const said = Date.parse(header.get('date') ?? '');
    if (!Number.isNaN(said)) at = new Date(said);
  };
  const value = await call(() => ask({ onHeader }));
  return { value, at };
}

/** All devices of a school, those that were retired among them, by name. */
export function fetchDevices(schoolId: string): Promise<Device[]> {
  return all(async (pageToken) => {
    const page = await fleet.listDevices({ schoolId, pageSize: LARGEST_PAGE, pageToken, includeRetired: true });
    return { items: page.devices, nextPageToken: page.nextPageToken };
  });
}

export function fetchInstallations(schoolId: string, app: string): Promise<Installation[]> {
  return all(async (pageToken) => {
    const page = await deployment.listInstallations({ schoolId, app, pageSize: LARGEST_INSTALLATIONS_PAGE, pageToken });
    return { items: page.installations, nextPageToken: page.nextPageToken };
  });
}

export async function fetchAssignments(schoolId: string): Promise<Assignment[]> {
  return (await call(() => deployment.listAssignments({ schoolId }))).assignments;
}

export async function fetchPublishers(): Promise<Publisher[]> {
  return (await call(() => catalogue.listPublishers({}))).publishers;
}
