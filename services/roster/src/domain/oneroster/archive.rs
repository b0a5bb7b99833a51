//! The zip, opened so that it cannot hurt: nothing is unpacked to anywhere, and bytes are counted as they come out,
//! whatever its headers say.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

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
/// How many times what was read of the zip for it a file may give, beyond the first MiB. Rosters compress 5 to 30 times.
const MOST_RATIO: u64 = 200;
const MIB: u64 = 1024 * 1024;

/// An opened zip whose names are those of plain files, each once.
pub(super) struct Archive<'z> {
    zip: ZipArchive<Metered<'z>>,
    names: Vec<String>,
    /// Bytes of the zip that were read.
    taken: Rc<Cell<u64>>,
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
        let taken = Rc::new(Cell::new(0));
        let metered = Metered {
            input: Cursor::new(bytes),
            taken: Rc::clone(&taken),
        };
        let zip = match ZipArchive::new(metered) {
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
            taken,
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
        self.taken.set(0);
        Some(BufReader::new(Counted {
            input: file,
            given: 0,
            taken: &self.taken,
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

/// The zip's bytes, counted as they are read: what its headers say of sizes is only what somebody wrote there.
struct Metered<'z> {
    input: Cursor<&'z [u8]>,
    taken: Rc<Cell<u64>>,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.taken.set(self.taken.get() + read as u64);
        Ok(read)
    }
}

impl Seek for Metered<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.input.seek(to)
    }
}

/// Counts what comes out of one file, against what was read of the zip for it, and what comes out of all. A few KiB are
/// read ahead of what is unpacked: the ratio is not exact, but nobody's to choose.
struct Counted<'a, R> {
    input: R,
    /// Bytes that came out.
    given: u64,
    /// Bytes that were read for them.
    taken: &'a Cell<u64>,
    all_left: &'a Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let count = read as u64;
        self.given += count;
        let most = self.taken.get().saturating_mul(MOST_RATIO) + MIB;
        match self.all_left.get().checked_sub(count) {
            Some(left) if self.given <= most => self.all_left.set(left),
            _ => return Err(io::Error::other(TooMuch)),
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{Cursor, Read};

    use super::{Counted, MIB, MOST_RATIO, reading_failed};
    use crate::domain::oneroster::Reason;

    #[test]
    fn what_comes_out_of_all_files_is_counted_together() {
        let (taken, all_left) = (Cell::new(10), Cell::new(15));
        let file = || Counted {
            input: Cursor::new([b'x'; 10]),
            given: 0,
            taken: &taken,
            all_left: &all_left,
        };
        let mut out = Vec::new();
        assert_eq!(file().read_to_end(&mut out).ok(), Some(10));
        let error = file().read_to_end(&mut out).expect_err("5 bytes are left");
        assert_eq!(reading_failed(&error).0, Reason::ZipBomb);
    }

    #[test]
    fn what_comes_out_of_one_file_is_measured_by_what_was_read_for_it() {
        let read = |taken: u64, given: u64| {
            let mut file = Counted {
                input: std::io::repeat(b'x').take(given),
                given: 0,
                taken: &Cell::new(taken),
                all_left: &Cell::new(u64::MAX),
            };
            std::io::copy(&mut file, &mut std::io::sink())
        };
        assert!(read(1000, 1000 * MOST_RATIO + MIB).is_ok());
        assert!(read(1000, 1000 * MOST_RATIO + MIB + 1).is_err());
    }
}
