// connect-web's gRPC-web transport against the gateway: sign in, upload, read,
// errors, deadlines.
//
// Usage: node client.mjs BRIEF, beside `generated/`. Prints one line a step and
// `done` at the end; any surprise ends it.

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { BadRequestSchema, ErrorInfoSchema } from "./generated/google/rpc/error_details_pb.js";
import { FileService, SpaceService, UploadService } from "./generated/preau/files/v1/files_pb.js";
import { DirectoryService } from "./generated/preau/identity/v1/directory_pb.js";
import { SessionService } from "./generated/preau/identity/v1/session_pb.js";

const FRAME = 256 * 1024;
const brief = JSON.parse(await readFile(process.argv[2], "utf8"));

/** Clients that send `token`, or nothing. */
function clients(token) {
  const authorize = (next) => (request) => {
    if (token) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const transport = createGrpcWebTransport({
    baseUrl: brief.gateway,
    useBinaryFormat: true,
    interceptors: [authorize],
  });
  return {
    sessions: createClient(SessionService, transport),
    directory: createClient(DirectoryService, transport),
    spaces: createClient(SpaceService, transport),
    files: createClient(FileService, transport),
    uploads: createClient(UploadService, transport),
  };
}

const nobody = clients();

async function signIn(account) {
  const answer = await nobody.sessions.signIn(account);
  return clients(answer.sessionToken);
}

/** The failure of a call that must fail with this code. */
async function refused(promise, code) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ConnectError, String(error));
    assert.equal(Code[error.code], Code[code], error.message);
    return error;
  }
  assert.fail(`succeeded instead of ${Code[code]}`);
}

async function read(who, spaceId, nodeId) {
  const frames = [];
  for await (const frame of who.files.read({ spaceId, nodeId })) {
    assert.ok(frame.data.length <= FRAME, "a frame is too long");
    frames.push(frame.data);
  }
  return Buffer.concat(frames);
}

/** Bytes that nothing compresses. */
function bytes(length) {
  const blocks = [];
  for (let n = 0; n * 64 < length; n++) {
    blocks.push(createHmac("sha512", "node").update(String(n)).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

async function signedInTeacher() {
  const { login } = brief.teacher;
  const wrong = nobody.sessions.signIn({ login, password: "not this one" });
  const error = await refused(wrong, Code.Unauthenticated);
  const [info] = error.findDetails(ErrorInfoSchema);
  assert.equal(info.domain, "preau");
  assert.notEqual(info.reason, "");
  const teacher = await signIn(brief.teacher);
  const me = await teacher.directory.getMe({});
  assert.equal(me.person.login, login);
  console.log("signed in");
  return teacher;
}

async function upload(teacher, file) {
  const { spaces } = await teacher.spaces.listSpaces({});
  const { spaceId } = spaces.find((space) => space.name === brief.space);
  const announced = { spaceId, name: "node.bin", size: BigInt(file.length) };
  const { upload: plan } = await teacher.uploads.createUpload(announced);
  const indexes = [...Array(plan.partCount).keys()].reverse();
  await Promise.all(
    indexes.map((index) => {
      const data = file.subarray(index * plan.partSize, (index + 1) * plan.partSize);
      const sha256 = createHash("sha256").update(data).digest();
      return teacher.uploads.putPart({ uploadId: plan.uploadId, index, sha256, data });
    }),
  );
  const { node } = await teacher.uploads.commit({ uploadId: plan.uploadId });
  assert.equal(node.content.size, BigInt(file.length));
  console.log("uploaded", plan.partCount, "parts");
  return { spaceId, nodeId: node.nodeId };
}

async function errors(teacher, spaceId) {
  const folder = teacher.files.createFolder({ spaceId, name: ".." });
  const error = await refused(folder, Code.InvalidArgument);
  const [bad] = error.findDetails(BadRequestSchema);
  assert.deepEqual(bad.fieldViolations.map((each) => each.field), ["name"]);
  await refused(nobody.spaces.listSpaces({}), Code.Unauthenticated);
  console.log("understood errors");
}

async function deadlines(teacher) {
  // The client's own clock, and the server's: a header without a timer here.
  await refused(nobody.sessions.signIn(brief.teacher, { timeoutMs: 1 }), Code.DeadlineExceeded);
  const headers = { "grpc-timeout": "1n" };
  await refused(teacher.spaces.listSpaces({}, { headers }), Code.DeadlineExceeded);
  await teacher.spaces.listSpaces({});
  console.log("kept deadlines");
}

const file = bytes(5 * 1024 * 1024 + 7);
const teacher = await signedInTeacher();
const { spaceId, nodeId } = await upload(teacher, file);
const pupil = await signIn(brief.pupil);
assert.ok(file.equals(await read(pupil, spaceId, nodeId)), "the pupil reads other bytes");
const stranger = await signIn(brief.stranger);
await refused(read(stranger, spaceId, nodeId), Code.NotFound);
console.log("read");
await errors(teacher, spaceId);
await deadlines(teacher);
console.log("done");
