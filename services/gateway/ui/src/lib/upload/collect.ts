// What a drop or a file chooser gives: files with their folders.

export interface Found {
  /** Folders from the drop's root to the file, outermost first. */
  folders: string[];
  /** Absent for a folder without files in it. */
  file?: File;
}

/** Must be called while the drop event is handled: the list of entries dies with it. */
export function entriesOf(transfer: DataTransfer): FileSystemEntry[] {
  return [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
}

/** Files of the entries, to every depth, as they are found. */
export async function* walk(entries: readonly FileSystemEntry[], folders: string[] = []): AsyncGenerator<Found> {
  for (const entry of entries) {
    if (entry.isFile) {
      yield { folders, file: await fileOf(entry as FileSystemFileEntry) };
    } else if (entry.isDirectory) {
      const inside = [...folders, entry.name];
      yield { folders: inside };
      yield* walk(await childrenOf(entry as FileSystemDirectoryEntry), inside);
    }
  }
}

/** Files of `<input type="file">`, with folders when it chose a folder. */
export function chosen(list: FileList): Found[] {
  return [...list].map((file) => ({ folders: file.webkitRelativePath.split('/').slice(0, -1), file }));
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** The browser hands out children a hundred at a time, and none at the end. */
async function childrenOf(entry: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = entry.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
