//! Notes of uploads under way, so that the same command goes on after an interruption.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::private;

/// What tells one upload from another: the file as it was, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    /// Canonical.
    path: PathBuf,
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    modified: i128,
    inode: u64,
}

impl Source {
    pub(crate) fn new(path: PathBuf, metadata: &Metadata) -> Self {
        Self {
            path,
            size: metadata.size(),
            modified: i128::from(metadata.mtime()) * 1_000_000_000
                + i128::from(metadata.mtime_nsec()),
            inode: metadata.ino(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The note of one upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) upload_id: String,
    /// To be sure, when a file's name is a hash: what the note is about.
    key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    source: Source,
    server: String,
    space_id: String,
    parent_id: String,
    name: String,
}

/// Where the note of one particular upload is kept.
pub(crate) struct NoteFile {
    file: PathBuf,
    key: Key,
}

impl NoteFile {
    /// Under `$XDG_STATE_HOME/preau` or `~/.local/state/preau`.
    pub(crate) fn of_user(
        source: &Source,
        server: &str,
        target: (&str, &str, &str),
    ) -> Result<Self, Failure> {
        let dir = private::xdg("XDG_STATE_HOME", ".local/state")
            .map_err(|error| Failure::new(error, "home directory", "set HOME or XDG_STATE_HOME"))?;
        Ok(Self::within(&dir.join("uploads"), source, server, target))
    }

    /// In this directory.
    pub(crate) fn within(
        dir: &Path,
        source: &Source,
        server: &str,
        (space_id, parent_id, name): (&str, &str, &str),
    ) -> Self {
        let key = Key {
            source: source.clone(),
            server: server.to_owned(),
            space_id: space_id.to_owned(),
            parent_id: parent_id.to_owned(),
            name: name.to_owned(),
        };
        let text = serde_json::to_vec(&key).expect("paths that were UTF-8 are JSON");
        let file = dir.join(format!("{}.json", blake3::hash(&text).to_hex()));
        Self { file, key }
    }

    /// The note, when there is one that can be read. A damaged note is no note: the upload begins anew.
    pub(crate) fn read(&self) -> Option<Note> {
        let note: Note = serde_json::from_slice(&std::fs::read(&self.file).ok()?).ok()?;
        (note.key == self.key).then_some(note)
    }

    /// Remembers the upload. Best effort: without a note an interruption costs a new start, no more.
    pub(crate) fn write(&self, upload_id: &str) {
        let note = Note {
            upload_id: upload_id.to_owned(),
            key: self.key.clone(),
        };
        let text = serde_json::to_vec_pretty(&note).expect("paths that were UTF-8 are JSON");
        let written = private::create_dir(crate::config::parent(&self.file))
            .and_then(|()| private::write(&self.file, &text));
        if let Err(error) = written {
            eprintln!(
                "note: this upload cannot be resumed: {}: {error}",
                self.file.display()
            );
        }
    }

    /// The upload has ended.
    pub(crate) fn forget(&self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(dir: &Path, content: &str) -> Source {
        let path = dir.join("lesson.txt");
        std::fs::write(&path, content).expect("written");
        let metadata = std::fs::metadata(&path).expect("there");
        Source::new(path, &metadata)
    }

    #[test]
    fn a_note_is_found_again_for_the_same_file_and_target_only() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let notes = dir.path().join("state/uploads");
        let file = source(dir.path(), "one");
        let target = ("space", "", "lesson.txt");
        let note = NoteFile::within(&notes, &file, "http://a", target);
        assert_eq!(note.read(), None);
        note.write("upload-1");

        let again = NoteFile::within(&notes, &file, "http://a", target);
        assert_eq!(
            again.read().map(|note| note.upload_id),
            Some("upload-1".into())
        );
        assert_eq!(
            NoteFile::within(&notes, &file, "http://b", target).read(),
            None
        );
        assert_eq!(
            NoteFile::within(&notes, &file, "http://a", ("space", "f", "lesson.txt")).read(),
            None
        );

        let changed = source(dir.path(), "another length");
        assert_eq!(
            NoteFile::within(&notes, &changed, "http://a", target).read(),
            None
        );

        again.forget();
        assert_eq!(note.read(), None);
    }

    #[test]
    fn a_damaged_note_is_no_note() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let note = NoteFile::within(dir.path(), &source(dir.path(), "x"), "s", ("a", "b", "c"));
        note.write("upload-1");
        std::fs::write(&note.file, "{").expect("written");
        assert_eq!(note.read(), None);
    }
}
