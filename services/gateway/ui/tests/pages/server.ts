// A server for the pages: dist/ under the production policy, and an in-memory Préau that answers real gRPC-web.

import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { Code, ConnectError, createConnectRouter } from '@connectrpc/connect';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { FileService, SpaceKind, SpaceService, UploadService } from '../../src/gen/preau/files/v1/files_pb';
import { refusal } from '../unit/fakes';
import { FakeFleet } from './fleet';
import { FakeLessons } from './lessons';
import { callerOf, CLASSES, FakeSchool, whoIs } from './school';

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface Held {
  nodeId: string;
  spaceId: string;
  parentId: string;
  name: string;
  createdBy: string;
  content?: { size: bigint; data: Buffer };
  deleted: boolean;
}

export class FakePreau {
  readonly nodes = new Map<string, Held>();
  readonly parts = new Map<string, { target: Held; size: number; data: Map<number, Uint8Array> }>();
  readonly school = new FakeSchool();
  readonly fleet = new FakeFleet();
  readonly lessons = new FakeLessons(CLASSES, callerOf);
  /** People whose every request is dropped, as by a network that is gone. */
  readonly unreachable = new Set<string>();
  private readonly open = new Map<ServerResponse, string>();
  signedIn = false;
  /** Thrown by PutPart while set. */
  putFails: ConnectError | undefined;
  puts = 0;
  private server: Server;
  private readonly handlers = new Map<string, ReturnType<typeof createConnectRouter>['handlers'][number]>();

  constructor(private readonly dist: string) {
    const router = createConnectRouter({ grpcWeb: true, grpc: false, connect: false });
    this.routes(router);
    for (const handler of router.handlers) this.handlers.set(handler.requestPath, handler);
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Drops whatever is open to that person, and what they ask from then on, until they are `unreachable` no more. */
  cut(personId: string): void {
    this.unreachable.add(personId);
    for (const [response, who] of this.open) if (who === personId) response.destroy();
  }

  stop(): void {
    this.lessons.stop();
    this.server.closeAllConnections();
    this.server.close();
  }

  put(name: string, more: Partial<Held> = {}, size?: number): Held {
    const held: Held = {
      nodeId: randomUUID(), spaceId: 'class-1', parentId: '', name, createdBy: 'me', deleted: false,
      ...(size === undefined ? {} : { content: { size: BigInt(size), data: Buffer.alloc(0) } }),
      ...more,
    };
    this.nodes.set(held.nodeId, held);
    return held;
  }

  find(name: string): Held | undefined {
    return [...this.nodes.values()].find((node) => node.name === name && !node.deleted);
  }

  private routes(router: ReturnType<typeof createConnectRouter>): void {
    this.school.routes(router, () => this.check());
    this.lessons.routes(router, () => this.check());
    this.fleet.routes(router, () => this.check());
    router.service(SpaceService, {
      listSpaces: () => {
        this.check();
        return {
          spaces: [
            { spaceId: 'class-1', name: 'Seconde 3 — sciences numériques', classId: 'c1', kind: SpaceKind.CLASS, mayModerate: true },
            { spaceId: 'class-2', name: 'Première 1', classId: 'c2', kind: SpaceKind.CLASS },
            { spaceId: 'mine', name: 'personal', kind: SpaceKind.PERSONAL, mayModerate: true },
          ],
        };
      },
    });
    router.service(FileService, {
      listFolder: ({ spaceId, folderId, pageSize, pageToken }) => {
        this.check();
        const all = [...this.nodes.values()]
          .filter((node) => !node.deleted && node.spaceId === spaceId && node.parentId === folderId)
          .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
        return page(all, pageSize, pageToken);
      },
      listTrash: ({ spaceId, pageSize, pageToken }) => {
        this.check();
        return page([...this.nodes.values()].filter((node) => node.deleted && node.spaceId === spaceId), pageSize, pageToken);
      },
      getNode: ({ which }) => ({ node: shown(this.held(which.value ?? '')) }),
      createFolder: ({ spaceId, parentId, name }) => {
        this.free(spaceId, parentId, name);
        return { node: shown(this.put(name, { spaceId, parentId })) };
      },
      renameNode: ({ nodeId, name }) => {
        const node = this.held(nodeId);
        this.free(node.spaceId, node.parentId, name);
        node.name = name;
        return { node: shown(node) };
      },
      moveNode: ({ nodeId, toSpaceId, toParentId }) => {
        const node = this.held(nodeId);
        this.free(toSpaceId, toParentId, node.name);
        Object.assign(node, { spaceId: toSpaceId, parentId: toParentId });
        return { node: shown(node) };
      },
      copyNode: ({ nodeId, toSpaceId, toParentId, name }) => {
        const node = this.held(nodeId);
        this.free(toSpaceId, toParentId, name || node.name);
        return { node: shown(this.put(name || node.name, { ...node, nodeId: randomUUID(), name: name || node.name, spaceId: toSpaceId, parentId: toParentId })) };
      },
      deleteNode: ({ nodeId }) => {
        this.held(nodeId).deleted = true;
        return {};
      },
      restoreNode: ({ nodeId }) => {
        const node = this.nodes.get(nodeId);
        if (!node) throw refusal(Code.NotFound, 'NOT_FOUND');
        node.deleted = false;
        return { node: shown(node) };
      },
      purgeNode: ({ nodeId }) => {
        this.nodes.delete(nodeId);
        return {};
      },
      createDownloadLink: ({ nodeId }) => ({ path: `/d/${this.held(nodeId).nodeId}` }),
    });
    this.uploadRoutes(router);
  }

  private uploadRoutes(router: ReturnType<typeof createConnectRouter>): void {
    const PART = 64 * 1024;
    const describe = (uploadId: string) => {
      const upload = this.parts.get(uploadId);
      if (!upload) throw new ConnectError('upload: no such thing here', Code.NotFound);
      const partCount = Math.ceil(upload.size / PART);
      const missing = Array.from({ length: partCount }, (_, first) => ({ first, count: 1 })).filter(({ first }) => !upload.data.has(first));
      return { upload: { uploadId, partSize: PART, partCount, maxParallel: 4, missing } };
    };
    router.service(UploadService, {
      createUpload: ({ spaceId, parentId, name, size }) => {
        this.free(spaceId, parentId, name);
        const uploadId = randomUUID();
        const target = { nodeId: uploadId, spaceId, parentId, name, createdBy: 'me', deleted: false };
        this.parts.set(uploadId, { target, size: Number(size), data: new Map() });
        return describe(uploadId);
      },
      getUpload: ({ uploadId }) => {
        this.check();
        return describe(uploadId);
      },
      putPart: ({ uploadId, index, data, sha256 }) => {
        this.check();
        if (this.putFails) throw this.putFails;
        if (!createHash('sha256').update(data).digest().equals(sha256)) throw refusal(Code.InvalidArgument, 'PART_HASH_WRONG');
        this.parts.get(uploadId)?.data.set(index, data);
        this.puts += 1;
        return {};
      },
      commit: ({ uploadId }) => {
        this.check();
        const upload = this.parts.get(uploadId);
        if (!upload) throw refusal(Code.NotFound, 'NOT_FOUND');
        const data = Buffer.concat([...upload.data].sort(([a], [b]) => a - b).map(([, part]) => part));
        const held = this.put(upload.target.name, { ...upload.target, content: { size: BigInt(upload.size), data } });
        return { node: shown(held) };
      },
      abort: () => ({}),
    });
  }

  private check(): void {
    if (!this.signedIn) throw refusal(Code.Unauthenticated, 'NOT_SIGNED_IN');
  }

  private held(nodeId: string): Held {
    this.check();
    const node = this.nodes.get(nodeId);
    if (!node || node.deleted) throw refusal(Code.NotFound, 'NOT_FOUND');
    return node;
  }

  private free(spaceId: string, parentId: string, name: string): void {
    this.check();
    const other = [...this.nodes.values()].find(
      (node) => !node.deleted && node.spaceId === spaceId && node.parentId === parentId && node.name.toLowerCase() === name.toLowerCase(),
    );
    if (other) throw refusal(Code.AlreadyExists, 'NAME_TAKEN', 0, { node_id: other.nodeId });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const who = whoIs(request.headers.cookie);
    if (this.unreachable.has(who)) return void request.socket.destroy();
    this.open.set(response, who);
    response.on('close', () => this.open.delete(response));
    response.setHeader('content-security-policy', POLICY);
    response.setHeader('x-content-type-options', 'nosniff');
    const handler = this.handlers.get(url.pathname);
    if (handler) return this.rpc(handler, request, response, url);
    if (url.pathname === '/session') return this.session(request, response);
    if (url.pathname === '/session/first') return this.first(request, response);
    if (url.pathname.startsWith('/d/')) return this.download(url.pathname.slice(3), response);
    if (url.pathname === '/') return void response.writeHead(307, { location: '/app' }).end();
    const path = url.pathname.startsWith('/assets/') ? normalize(url.pathname) : '/index.html';
    response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
    response.end(readFileSync(join(this.dist, path)));
  }

  private async rpc(
    handler: Parameters<typeof this.handlers.set>[1], request: IncomingMessage, response: ServerResponse, url: URL,
  ): Promise<void> {
    const header = new Headers();
    for (const [key, value] of Object.entries(request.headers)) if (typeof value === 'string') header.set(key, value);
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const answer = await handler({
      httpVersion: '1.1', method: request.method ?? 'POST', url: url.href, header, body: request, signal: gone.signal,
    });
    response.writeHead(answer.status, Object.fromEntries(answer.header ?? []));
    // A stream answers before its first message.
    response.flushHeaders();
    try {
      if (answer.body) for await (const chunk of answer.body) response.write(chunk);
      response.end();
    } catch {
      response.destroy();
    }
  }

  private async session(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'DELETE') {
      this.signedIn = false;
      return void response.writeHead(204).end();
    }
    const { login = '', password = '' } = await json(request);
    if (password === 'slow') {
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '40' });
      return void response.end(JSON.stringify({ reason: 'RATE_LIMITED', message: 'too many' }));
    }
    if (password !== 'right') {
      response.writeHead(401, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify({ reason: 'WRONG_CREDENTIALS', message: 'wrong' }));
    }
    this.signedIn = true;
    response.writeHead(204, { 'set-cookie': cookie(login) }).end();
  }

  private async first(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { login = '', code = '', password = '' } = await json(request);
    const refuse = (status: number, reason: string): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ reason, message: 'no' }));
    };
    if (login !== 'imane.brun' || code !== 'K7QM2PXRT4VD') return refuse(401, 'ACTIVATION_REFUSED');
    if (password.startsWith('motdepasse')) return refuse(400, 'PASSWORD_TOO_COMMON');
    this.signedIn = true;
    response.writeHead(204, { 'set-cookie': cookie(login) }).end();
  }

  private download(nodeId: string, response: ServerResponse): void {
    const node = this.nodes.get(nodeId);
    response.setHeader('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(node?.name ?? 'none')}`);
    response.end(node?.content?.data ?? '');
  }
}

const cookie = (login: string): string => `fake=${encodeURIComponent(login)}; HttpOnly; SameSite=Strict; Path=/`;

async function json(request: IncomingMessage): Promise<Partial<Record<string, string>>> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return JSON.parse(body) as Partial<Record<string, string>>;
}

function shown({ nodeId, spaceId, parentId, name, createdBy, content, deleted }: Held) {
  return {
    nodeId, spaceId, parentId, name, createdBy, createdAt: timestampNow(),
    ...(deleted ? { deletedAt: timestampNow() } : {}),
    ...(content ? { content: { size: content.size, blake3: new Uint8Array(32) } } : {}),
  };
}

function page(all: Held[], size: number, token: string) {
  const from = token === '' ? 0 : Number(token);
  const to = from + (size || 50);
  return { nodes: all.slice(from, to).map(shown), nextPageToken: to < all.length ? String(to) : '' };
}
