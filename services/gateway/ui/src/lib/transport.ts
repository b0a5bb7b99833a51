// The way to the server: same origin; the session travels in a cookie that no script sees.

import { createGrpcWebTransport } from '@connectrpc/connect-web';

const TIMEOUT_MS = 15_000;

export const transport = createGrpcWebTransport({ baseUrl: '/', defaultTimeoutMs: TIMEOUT_MS });
