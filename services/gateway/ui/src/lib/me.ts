// Who is signed in, if anybody.

import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { DirectoryService, type Person } from '$gen/preau/identity/v1/directory_pb';
import { required } from './required';
import { transport } from './transport';

const directory = createClient(DirectoryService, transport);

/** `undefined` when nobody is. */
export async function fetchMe(): Promise<Person | undefined> {
  try {
    return required((await directory.getMe({})).person, 'person');
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.Unauthenticated) return undefined;
    throw error;
  }
}
