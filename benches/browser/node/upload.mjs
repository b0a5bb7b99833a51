// Unique parts through PutPart over gRPC-web, several in flight, with connect's transport for Node.
//
// Usage: node upload.mjs BRIEF (JSON). Prints one line of JSON: what the upload took. With an account, the parts make a
// file in its personal space, Commit included; without one, they go nowhere.

import { createHash } from "node:crypto";
import { Agent } from "node:http";

import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-node";

import { services } from "./contract.mjs";
import { measure } from "./measure.mjs";

const brief = JSON.parse(process.argv[2]);
const service = services(brief.descriptors);
const PERSONAL = 2;

function connect(token) {
  const authorize = (next) => (request) => {
    if (token) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const http1 = { httpVersion: "1.1", nodeOptions: { agent: new Agent({ keepAlive: true }) } };
  return createGrpcWebTransport({
    baseUrl: brief.gateway,
    interceptors: [authorize],
    ...(brief.http === 1 ? http1 : { httpVersion: "2" }),
  });
}

/** Where parts go: an upload of the platform's, or nowhere. */
async function destination() {
  if (!brief.account) {
    const parts = createClient(service("preau.files.v1.UploadService"), connect());
    return { parts, open: async () => "nowhere", close: async () => {} };
  }
  const sessions = createClient(service("preau.identity.v1.SessionService"), connect());
  const { sessionToken } = await sessions.signIn(brief.account);
  const transport = connect(sessionToken);
  const parts = createClient(service("preau.files.v1.UploadService"), transport);
  const spaces = createClient(service("preau.files.v1.SpaceService"), transport);
  const { spaceId } = (await spaces.listSpaces({})).spaces.find(({ kind }) => kind === PERSONAL);
  const open = async (name, count) => {
    const size = BigInt(count) * BigInt(brief.part);
    const { upload } = await parts.createUpload({ spaceId, name, size });
    if (upload.partSize !== brief.part) throw new Error(`the vault cuts otherwise: ${upload.partSize} bytes`);
    return upload.uploadId;
  };
  return { parts, open, close: (uploadId) => parts.commit({ uploadId }) };
}

/** Part `index` of the file `seed`, written over what `into` held: unlike any other part of any other file. */
function fill(into, seed, index) {
  into.writeBigUInt64LE(BigInt(seed), 0);
  into.writeUInt32LE(index, 8);
  return into;
}

/** Noise that differs little from part to part, since only what is equal throughout could be stored once. */
function buffer() {
  const noise = Buffer.alloc(brief.part);
  let state = 0x9e3779b9;
  for (let at = 0; at < noise.length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    noise.writeUInt32LE(state, at);
  }
  return noise;
}

/** Hashed before the clock runs: both sides of the comparison would pay it alike. */
function hashes(seed, count) {
  const into = buffer();
  return Array.from({ length: count }, (_, index) =>
    createHash("sha256").update(fill(into, seed, index)).digest(),
  );
}

async function send({ parts, open, close }, seed, count) {
  const digests = hashes(seed, count);
  const uploadId = await open(`film ${seed}.mkv`, count);
  let next = 0;
  const worker = async () => {
    const into = buffer();
    while (next < count) {
      const index = next++;
      const data = fill(into, seed, index);
      await parts.putPart({ uploadId, index, sha256: digests[index], data });
    }
  };
  return measure(brief.pid, async () => {
    await Promise.all(Array.from({ length: brief.in_flight }, worker));
    await close(uploadId);
  });
}

const there = await destination();
// The compiler, the connections and the allocators of both sides warm up on a smaller file.
await send(there, brief.seed * 2 + 1, brief.warm_up);
console.log(JSON.stringify(await send(there, brief.seed * 2, brief.parts)));
process.exit(0);
