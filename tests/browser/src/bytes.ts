// Bytes to send, and files of them.

import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the server cuts files into. */
export const PART = 2 << 20;

/** Bytes that no other seed gives and that nothing shortens. */
export function bytes(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** A file of `bytes` named after its seed; answers its path. */
export function write(folder: string, name: string, content: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Whether a file holds so many zeros and nothing else: said sooner than by a hash, of gigabytes. */
export async function isZeros(path: string, length: number): Promise<boolean> {
  const zeros = Buffer.alloc(1 << 20);
  let left = length;
  for await (const chunk of createReadStream(path, { highWaterMark: zeros.length })) {
    const bytes = chunk as Buffer;
    if (!bytes.equals(zeros.subarray(0, bytes.length))) return false;
    left -= bytes.length;
  }
  return left === 0;
}
