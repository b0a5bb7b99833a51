// What a browser loads to show the sign-in page, as the server sends it: compressed where the build did. Fails above the
// limit.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIMIT = 80 * 1024;
const dist = resolve(dirname(fileURLToPath(import.meta.url)), '../dist');
const manifest = JSON.parse(readFileSync(resolve(dist, '.vite/manifest.json'), 'utf8'));

// The entry, and the chunk that asks who is signed in: the page waits for its answer.
const roots = Object.entries(manifest)
  .filter(([name, chunk]) => chunk.isEntry || name === 'src/lib/me.ts')
  .map(([name]) => name);
if (roots.length !== 2) throw new Error(`expected the entry and src/lib/me.ts, found ${roots.join(', ')}`);

const files = new Set(['index.html']);
const seen = new Set();
const visit = (name) => {
  if (seen.has(name)) return;
  seen.add(name);
  const chunk = manifest[name];
  for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
  for (const next of chunk.imports ?? []) visit(next);
};
roots.forEach(visit);

let total = 0;
for (const file of files) {
  const plain = resolve(dist, file);
  const size = statSync(existsSync(`${plain}.br`) ? `${plain}.br` : plain).size;
  total += size;
  console.log(`${String(size).padStart(8)}  ${file}`);
}
console.log(`${String(total).padStart(8)}  bytes of brotli in the first route, of ${LIMIT} allowed`);
if (total > LIMIT) {
  console.error('the first route is too large: load what it does not need later');
  process.exit(1);
}
