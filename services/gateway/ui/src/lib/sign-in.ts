// The requests that are no RPC, because the server answers them with a cookie.

/** Why nobody is signed in now. `reason` is empty when the server could not be reached or did not say. */
export class SignInRefused extends Error {
  override readonly name = 'SignInRefused';

  constructor(
    readonly reason: string,
    /** Seconds until another try, 0 when not said. */
    readonly retryAfter: number,
    /** In the server's words. */
    message: string,
  ) {
    super(message);
  }
}

export async function requestSignIn(login: string, password: string): Promise<void> {
  await send('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login, password }),
  });
}

/** The first sign-in: a code from the school for a password of one's own. */
export async function requestFirstSignIn(login: string, code: string, password: string): Promise<void> {
  await send('/session/first', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login, code, password }),
  });
}

export async function requestSignOut(everywhere: boolean): Promise<void> {
  await send(everywhere ? '/session?everywhere=1' : '/session', { method: 'DELETE' });
}

async function send(url: string, request: RequestInit): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, { ...request, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new SignInRefused('UNREACHABLE', 0, '');
  }
  if (!response.ok) throw await refusal(response);
}

const BY_STATUS: Partial<Record<number, string>> = {
  401: 'WRONG_CREDENTIALS',
  403: 'FOREIGN_ORIGIN',
  429: 'RATE_LIMITED',
  502: 'UNREACHABLE',
  503: 'UNREACHABLE',
  504: 'UNREACHABLE',
};

async function refusal(response: Response): Promise<SignInRefused> {
  const said: unknown = await response.json().catch(() => undefined);
  const reason = text(said, 'reason') || BY_STATUS[response.status] || '';
  const retryAfter = Number(response.headers.get('retry-after') ?? 0);
  return new SignInRefused(reason, Number.isFinite(retryAfter) ? retryAfter : 0, text(said, 'message'));
}

function text(said: unknown, key: string): string {
  if (typeof said !== 'object' || said === null) return '';
  const value = (said as Record<string, unknown>)[key];
  return typeof value === 'string' ? value : '';
}
