// Calls that outlive a session: when it ended, they wait for somebody to sign in again, then run once more.

import { Code, ConnectError } from '@connectrpc/connect';
import { session } from './session.svelte';

export async function call<T>(run: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ConnectError) || error.code !== Code.Unauthenticated) throw error;
      await session.again(error);
    }
  }
}
