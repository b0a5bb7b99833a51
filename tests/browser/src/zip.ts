// The smallest zip archive that holds some texts: deflated, no directory entries, dates at the format's zero.

import { crc32, deflateRawSync } from 'node:zlib';

const DEFLATE = 8;
const UTF8_NAMES = 0x0800;
const VERSION = 20;
/** 1 January 1980. */
const DATE = 0x21;

export function zip(files: Iterable<readonly [name: string, text: string]>): Buffer {
  const [bodies, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, text] of files) {
    const [path, content] = [Buffer.from(name), Buffer.from(text)];
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    [VERSION, UTF8_NAMES, DEFLATE, 0, DATE].forEach((value, at) => common.writeUInt16LE(value, at * 2));
    [crc32(content), packed.length, content.length].forEach((value, at) => common.writeUInt32LE(value, 10 + at * 4));
    common.writeUInt16LE(path.length, 22);
    const where = Buffer.alloc(14);
    where.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02'), Buffer.from([VERSION, 0]), common, where, path);
    const body = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, packed]);
    bodies.push(body);
    offset += body.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  const count = directory.length / 5;
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, list, end]);
}
