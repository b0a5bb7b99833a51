// What a drop or a file chooser gives: files with their folders.

export interface Found {
  /** Folders from the drop's root to the file, outermost first. */
  folders: string[];
  /** Absent for a folder, and for a file that cannot be had. */
  file?: File;
  /** The name of a file that the browser could not open: moved or deleted since, or not ours to read. */
  lost?: string;
}

/** What was dropped: entries, and files where the browser knows no entry for them. */
export type Dropped = FileSystemEntry | File;

/** Must be called while the drop event is handled: the list dies with it. */
export function droppedOf(transfer: DataTransfer): Dropped[] {
  return [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile())
    .filter((one) => one !== null);
}

/** Files of what was dropped, to every depth, as they are found. */
export async function* walk(dropped: readonly Dropped[], folders: string[] = []): AsyncGenerator<Found> {
  for (const one of dropped) {
    if (one instanceof File) {
      yield { folders, file: one };
    } else if (one.isFile) {
      yield await fileOf(one as FileSystemFileEntry, folders);
    } else if (one.isDirectory) {
      const inside = [...folders, one.name];
      yield { folders: inside };
      yield* walk(await childrenOf(one as FileSystemDirectoryEntry), inside);
    }
  }
}

/** Files of `<input type="file">`, with folders when it chose a folder. */
export function chosen(list: FileList): Found[] {
  return [...list].map((file) => ({ folders: file.webkitRelativePath.split('/').slice(0, -1), file }));
}

function fileOf(entry: FileSystemFileEntry, folders: string[]): Promise<Found> {
  return new Promise((resolve) => {
    entry.file(
      (file) => resolve({ folders, file }),
      () => resolve({ folders, lost: entry.name }),
    );
  });
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
