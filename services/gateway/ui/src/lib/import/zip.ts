// What can be said of a zip before a byte of it is sent.

export type ZipFault = 'empty' | 'large' | 'notZip' | 'unreadable';

/** The server's limit, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;

export async function zipFault(file: Blob): Promise<ZipFault | undefined> {
  if (file.size === 0) return 'empty';
  if (file.size > MOST_BYTES) return 'large';
  try {
    const [p, k, a, b] = new Uint8Array(await file.slice(0, 4).arrayBuffer());
    // A local file header. A zip without any entry begins otherwise, and has no roster in it.
    return p === 0x50 && k === 0x4b && a === 3 && b === 4 ? undefined : 'notZip';
  } catch {
    return 'unreadable';
  }
}
