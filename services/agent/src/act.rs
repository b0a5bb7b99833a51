//! Doing what a command says, on Linux: files under a prefix that whatever draws the screen looks at.
//!
//! `locked` is there while the screen is locked and holds the notice; `messages.log` has a line of JSON for each
//! message; while there is a `busy` (somebody sits an exam), nothing is locked. Each command is done once however
//! often it is asked for: a device may be killed between doing and writing down that it was done.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use preau_kernel::ids::CommandId;
use serde::{Deserialize, Serialize};

use crate::private::{self, Durability};
use crate::state::{Record, What};

const LOCKED: &str = "locked";
const BUSY: &str = "busy";
const MESSAGES: &str = "messages.log";
const MESSAGES_BEFORE: &str = "messages.log.1";
/// Which lock or unlock was the last.
const SCREEN: &str = ".screen";
/// Whoever is in front of the screen reads these.
const MODE: u32 = 0o644;
/// Bytes of a command's id as text, at most.
const LONGEST_ID: u64 = 64;
/// A log that has grown to this becomes the one before.
const LONGEST_LOG: u64 = 1 << 20;

/// What came of doing a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Performed {
    /// It is done.
    Done {
        /// It had been before.
        again: bool,
    },
    /// Later it may be possible; why not now.
    NotNow(String),
    /// It never will be; why.
    Failed(String),
}

/// Where commands have their effect.
#[derive(Clone, Debug)]
pub(crate) struct Hands {
    prefix: PathBuf,
    durability: Durability,
}

/// A line of the log of messages.
#[derive(Serialize, Deserialize)]
struct Line {
    command_id: String,
    text: String,
}

impl Hands {
    pub(crate) fn new(prefix: &Path, durability: Durability) -> Self {
        Self {
            prefix: prefix.to_owned(),
            durability,
        }
    }

    /// Does it. Blocks while the disk works.
    pub(crate) fn perform(&self, record: &Record) -> Performed {
        if self.is_busy(&record.what) {
            return Performed::NotNow("busy".to_owned());
        }
        let done = fs::create_dir_all(&self.prefix).and_then(|()| match &record.what {
            What::Message { text } => self.message(record.id, text),
            What::Lock { notice } => self.screen(record.id, Some(notice)),
            What::Unlock => self.screen(record.id, None),
            What::Unknown => Err(io::ErrorKind::Unsupported.into()),
        });
        match done {
            Ok(again) => Performed::Done { again },
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                Performed::Failed("this agent does not know how".to_owned())
            }
            Err(error) => {
                // The disk may have room again, or be mended.
                tracing::warn!(command_id = %record.id, %error, "a command could not be done");
                Performed::NotNow(format!("the device's disk: {}", error.kind()))
            }
        }
    }

    /// Whether there is somebody who must not be disturbed.
    pub(crate) fn is_busy(&self, what: &What) -> bool {
        matches!(what, What::Lock { .. }) && self.prefix.join(BUSY).exists()
    }

    fn screen(&self, id: CommandId, notice: Option<&str>) -> io::Result<bool> {
        let (locked, last) = (self.prefix.join(LOCKED), self.prefix.join(SCREEN));
        if done_last(&last)?.as_deref() == Some(id.to_string().as_bytes()) {
            return Ok(true);
        }
        match notice {
            Some(notice) => private::replace(&locked, notice.as_bytes(), MODE, self.durability)?,
            None => match fs::remove_file(&locked) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            },
        }
        private::write(&last, id.to_string().as_bytes(), self.durability)?;
        Ok(false)
    }

    fn message(&self, id: CommandId, text: &str) -> io::Result<bool> {
        let (path, before) = (
            self.prefix.join(MESSAGES),
            self.prefix.join(MESSAGES_BEFORE),
        );
        let id = id.to_string();
        if holds(&path, &id)? || holds(&before, &id)? {
            return Ok(true);
        }
        if fs::symlink_metadata(&path).is_ok_and(|file| file.len() > LONGEST_LOG) {
            fs::rename(&path, &before)?;
        }
        let mut line = serde_json::to_vec(&Line {
            command_id: id,
            text: text.to_owned(),
        })?;
        line.push(b'\n');
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(MODE)
            .open(&path)?;
        // Behind the last whole line: half of one is of a write that did not come to its end.
        let end = whole_lines(&path)?;
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        file.write_all(&line)?;
        if self.durability == Durability::Synced {
            file.sync_all()?;
            private::sync_dir(&self.prefix)?;
        }
        Ok(false)
    }
}

/// Which lock or unlock was the last, in bytes; whatever else somebody put there is of none, and is replaced.
fn done_last(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::symlink_metadata(path) {
        // Neither a pipe, which would be waited for, nor what has no end.
        Ok(found) if found.is_file() && found.len() <= LONGEST_ID => fs::read(path).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a log that may be missing; what is there and no file is not ours.
fn open_log(path: &Path) -> io::Result<Option<File>> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => File::open(path).map(Some),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "what lies at the place of the log of messages is no file",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn holds(path: &Path, id: &str) -> io::Result<bool> {
    let Some(file) = open_log(path)? else {
        return Ok(false);
    };
    for line in BufReader::new(file).split(b'\n') {
        // Whatever else was written there is not of ours.
        let line: Option<Line> = serde_json::from_slice(&line?).ok();
        if line.is_some_and(|line| line.command_id == id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many bytes of a log are whole lines.
fn whole_lines(path: &Path) -> io::Result<u64> {
    let Some(file) = open_log(path)? else {
        return Ok(0);
    };
    let (mut reader, mut line, mut end) = (BufReader::new(file), Vec::new(), 0);
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 || line.last() != Some(&b'\n') {
            return Ok(end);
        }
        end += read as u64;
    }
}

#[cfg(test)]
#[path = "act/tests.rs"]
mod tests;
