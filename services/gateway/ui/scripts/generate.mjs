// Generates src/gen from the contract's descriptor set, which the repository keeps beside its Rust code and whose
// freshness a test of the contract proves. No compiler of .proto files is needed, on any platform.
// PREAU_DESCRIPTORS names another set.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, fromJson, toBinary } from '@bufbuild/protobuf';
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_timestamp,
} from '@bufbuild/protobuf/wkt';
import { errorDetails } from './error-details.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const out = resolve(root, 'src/gen');
const descriptors = resolve(root, process.env.PREAU_DESCRIPTORS ?? '../../../proto/src/gen/descriptor_set.bin');

const contract = fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)).file;
const own = [...contract.filter(({ name }) => name.startsWith('preau/')), fromJson(FileDescriptorProtoSchema, errorDetails)];
const known = [file_google_protobuf_descriptor, file_google_protobuf_duration, file_google_protobuf_timestamp];

const request = create(CodeGeneratorRequestSchema, {
  parameter: 'target=ts,import_extension=none',
  fileToGenerate: own.map(({ name }) => name),
  protoFile: [...known.map(({ proto }) => proto), ...own],
});

const plugin = resolve(root, 'node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es');
const run = spawnSync(process.execPath, [plugin], {
  input: toBinary(CodeGeneratorRequestSchema, request),
  maxBuffer: 64 << 20,
  stdio: ['pipe', 'pipe', 'inherit'],
});
if (run.status !== 0) fail(`protoc-gen-es: ${run.error?.message ?? `exit code ${run.status}`}`);
const response = fromBinary(CodeGeneratorResponseSchema, run.stdout);
if (response.error !== '') fail(`protoc-gen-es: ${response.error}`);

rmSync(out, { recursive: true, force: true });
for (const { name, content } of response.file) {
  const path = resolve(out, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function fail(text) {
  console.error(text);
  process.exit(1);
}
