//! The zip, opened so that it cannot hurt: nothing is unpacked to anywhere, and bytes are counted as they come out,
//! whatever its headers say.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::problems::{Place, Problems, Reason};

/// Bytes of a zip at most.
pub(crate) const MOST_ZIP: u64 = 64 * 1024 * 1024;
/// Bytes that come out of a zip at most, all files together.
const MOST_CONTENT: u64 = 256 * 1024 * 1024;
/// Files in a zip at most.
const MOST_ENTRIES: usize = 64;
/// What every entry of a zip's directory begins with.
const ENTRY: &[u8] = b"PK\x01\x02";
/// How often that may occur: the same bytes may happen to be in a file too, where they are no entry.
const MOST_MARKS: usize = 4 * MOST_ENTRIES;
/// How many times its compressed size a file may have, beyond the first MiB. Rosters compress 5 to 30 times.
const MOST_RATIO: u64 = 200;
const MIB: u64 = 1024 * 1024;

/// An opened zip whose names are those of plain files, each once.
pub(super) struct Archive<'z> {
    zip: ZipArchive<Cursor<&'z [u8]>>,
    names: Vec<String>,
    /// How much more may come out of it.
    left: Cell<u64>,
}

impl<'z> Archive<'z> {
    /// Reads the directory of the zip; `None`, with the problems, when it is none that may be read.
    pub(super) fn open(bytes: &'z [u8], problems: &mut Problems) -> Option<Self> {
        // Before the directory is read, which is held in memory: 64 MiB of nothing but entries would fill gigabytes.
        let marks = bytes.windows(ENTRY.len()).filter(|here| *here == ENTRY);
        let marks = marks.take(MOST_MARKS + 1).count();
        if marks > MOST_MARKS {
            too_many_entries(marks, problems);
            return None;
        }
        let zip = match ZipArchive::new(Cursor::new(bytes)) {
            Ok(zip) => zip,
            Err(_) => {
                let text = "not a whole zip file: it may have been cut on its way: make it again and send it again";
                problems.add(Place::default(), Reason::ZipUnreadable, text);
                return None;
            }
        };
        if zip.len() > MOST_ENTRIES {
            too_many_entries(zip.len(), problems);
            return None;
        }
        if zip.has_duplicate_names() {
            let text = "two files in the zip have the same name: keep one of them";
            problems.add(Place::default(), Reason::DuplicateEntry, text);
            return None;
        }
        let names: Vec<String> = zip
            .file_names_raw()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        check_names(&names, problems).then_some(Self {
            zip,
            names,
            left: Cell::new(MOST_CONTENT),
        })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Opens a file of the zip; `None`, with the problem, when it cannot be read.
    pub(super) fn read<'a>(
        &'a mut self,
        name: &str,
        problems: &mut Problems,
    ) -> Option<impl BufRead + use<'a, 'z>> {
        let index = self.names.iter().position(|known| known == name)?;
        let file = match self.zip.by_index(index) {
            Ok(file) => file,
            Err(error) => {
                let (reason, text) = refusal(&error);
                problems.add(Place::file(name), reason, text);
                return None;
            }
        };
        if !matches!(
            file.compression(),
            CompressionMethod::Stored | CompressionMethod::Deflated
        ) {
            let (reason, text) = unsupported();
            problems.add(Place::file(name), reason, text);
            return None;
        }
        let packed = file.compressed_size().min(MOST_ZIP);
        Some(BufReader::new(Counted {
            input: file,
            file_left: packed * MOST_RATIO + MIB,
            all_left: &self.left,
        }))
    }
}

fn too_many_entries(count: usize, problems: &mut Problems) {
    let text = format!(
        "the zip holds {count} files or more, and may hold {MOST_ENTRIES}: put only the roster's into it"
    );
    problems.add(Place::default(), Reason::TooManyEntries, text);
}

/// What to say of a file whose reading failed.
pub(super) fn reading_failed(error: &io::Error) -> (Reason, &'static str) {
    if error.get_ref().is_some_and(|inner| inner.is::<TooMuch>()) {
        let text = "far more comes out of this file than a roster has: this looks like a zip bomb: export the roster again";
        (Reason::ZipBomb, text)
    } else {
        let text = "the file is damaged inside the zip: make the zip again from the exported files";
        (Reason::ZipUnreadable, text)
    }
}

fn refusal(error: &ZipError) -> (Reason, &'static str) {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => (
            Reason::Encrypted,
            "the file is encrypted: make the zip without a password",
        ),
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            unsupported()
        }
        _ => (
            Reason::ZipUnreadable,
            "the file is damaged inside the zip: make the zip again from the exported files",
        ),
    }
}

fn unsupported() -> (Reason, &'static str) {
    let text = "the file is compressed in a way that is not read here: make the zip with the usual method, deflate";
    (Reason::UnsupportedCompression, text)
}

/// Every file must lie at the top: sub-folders, `..` and absolute names are refused alike.
fn check_names(names: &[String], problems: &mut Problems) -> bool {
    let mut fine = true;
    for name in names {
        if name.contains(['/', '\\', ':']) || name.starts_with('.') || name.is_empty() {
            let text =
                "in a sub-folder: put the CSV files at the top of the zip, with nothing else";
            problems.add(Place::file(name), Reason::SubFolder, text);
            fine = false;
        }
    }
    fine
}

/// More came out than may.
#[derive(Debug, thiserror::Error)]
#[error("more than may come out of this file")]
struct TooMuch;

/// Counts what comes out of one file, and of all.
struct Counted<'a, R> {
    input: R,
    file_left: u64,
    all_left: &'a Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let count = read as u64;
        let left = (
            self.file_left.checked_sub(count),
            self.all_left.get().checked_sub(count),
        );
        let (Some(file_left), Some(all_left)) = left else {
            return Err(io::Error::other(TooMuch));
        };
        self.file_left = file_left;
        self.all_left.set(all_left);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{Cursor, Read};

    use super::{Counted, reading_failed};
    use crate::domain::oneroster::Reason;

    #[test]
    fn what_comes_out_is_counted_by_file_and_together() {
        let all_left = Cell::new(15);
        let file = || Counted {
            input: Cursor::new([b'x'; 10]),
            file_left: 10,
            all_left: &all_left,
        };
        let mut out = Vec::new();
        assert_eq!(file().read_to_end(&mut out).ok(), Some(10));
        let error = file().read_to_end(&mut out).expect_err("5 bytes are left");
        assert_eq!(reading_failed(&error).0, Reason::ZipBomb);
        let mut small = Counted {
            input: Cursor::new([b'x'; 10]),
            file_left: 9,
            all_left: &Cell::new(100),
        };
        assert!(small.read_to_end(&mut out).is_err());
    }
}
