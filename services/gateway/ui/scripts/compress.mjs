// Writes `<file>.br` beside every text of dist/ that is worth it: the server hands those out as they are, and spends
// nothing on compressing. The same bytes for the same build.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const LEAST_BYTES = 1024;
const TEXTS = new Set(['.css', '.html', '.js', '.json', '.svg', '.txt']);
// Always sent, however small.
const ALWAYS = new Set(['index.html']);
const dist = resolve(dirname(fileURLToPath(import.meta.url)), '../dist');

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  const path = relative(dist, file);
  // The manifest is for the build's own tools.
  if (!entry.isFile() || path.startsWith('.vite') || !TEXTS.has(extname(path))) continue;
  const bytes = readFileSync(file);
  if (bytes.length < LEAST_BYTES && !ALWAYS.has(path)) continue;
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  }));
}
