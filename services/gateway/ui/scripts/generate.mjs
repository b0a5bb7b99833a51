// Generates src/gen from the repository's contract and from the error details, offline.
// PREAU_PROTO names another folder of .proto files.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => resolve(root, 'node_modules/.bin', name);
const contract = resolve(root, process.env.PREAU_PROTO ?? '../../../proto');

const template = JSON.stringify({
  version: 'v2',
  plugins: [{ local: [bin('protoc-gen-es')], out: resolve(root, 'src/gen'), opt: ['target=ts', 'import_extension=none'] }],
});

rmSync(resolve(root, 'src/gen'), { recursive: true, force: true });
for (const input of [contract, resolve(root, 'proto')]) {
  const done = spawnSync(bin('buf'), ['generate', '--template', template, input], { cwd: root, stdio: 'inherit' });
  if (done.status !== 0) {
    console.error(`buf generate failed for ${input}: ${done.error?.message ?? `exit code ${done.status}`}`);
    process.exit(1);
  }
}
