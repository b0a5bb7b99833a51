import { describe, expect, it } from 'vitest';
import { droppedOf, walk, type Dropped, type Found } from '../../src/lib/upload/collect';

const entry = (name: string, found: File | Error): FileSystemEntry =>
  ({
    isFile: true, isDirectory: false, name,
    file: (good: (file: File) => void, bad: (error: Error) => void) => (found instanceof File ? good(found) : bad(found)),
  }) as unknown as FileSystemEntry;

const folder = (name: string, batches: FileSystemEntry[][]): FileSystemEntry =>
  ({
    isFile: false, isDirectory: true, name,
    createReader: () => ({ readEntries: (good: (some: FileSystemEntry[]) => void) => good(batches.shift() ?? []) }),
  }) as unknown as FileSystemEntry;

async function all(dropped: Dropped[]): Promise<Found[]> {
  const found: Found[] = [];
  for await (const one of walk(dropped)) found.push(one);
  return found;
}

describe('a drop', () => {
  it('is walked to every depth, in batches as the browser hands them out', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => new File([], name));
    if (!a || !b || !c) throw new Error('no files');
    const found = await all([folder('Sorties', [[entry('a', a)], [folder('Musée', [[entry('b', b)]]), entry('c', c)]])]);
    expect(found.map(({ folders, file }) => [...folders, file?.name ?? ''].join('/'))).toEqual(
      ['Sorties/', 'Sorties/a', 'Sorties/Musée/', 'Sorties/Musée/b', 'Sorties/c'],
    );
  });

  it('goes on past a file that cannot be had, and names it', async () => {
    const found = await all([entry('gone', new Error('gone')), entry('there', new File([], 'there'))]);
    expect(found.map(({ file, lost }) => lost ?? file?.name)).toEqual(['gone', 'there']);
    expect(found[0]).toMatchObject({ lost: 'gone' });
  });

  it('takes files for which the browser knows no entry, and passes over texts', () => {
    const plain = new File([], 'plain');
    const items = [
      { kind: 'file', webkitGetAsEntry: () => null, getAsFile: () => plain },
      { kind: 'string' },
    ];
    expect(droppedOf({ items } as unknown as DataTransfer)).toEqual([plain]);
  });
});
