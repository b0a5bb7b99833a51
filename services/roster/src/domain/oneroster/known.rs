//! Which ids each file has: what references are checked against.

use std::collections::HashMap;

use super::schema::{FILES, File};

/// The ids of one file, each with the number of its row among those that could be taken, from 0.
pub(super) type Ids = HashMap<Box<str>, Option<u32>>;

/// The ids of every file read so far.
#[derive(Default)]
pub(super) struct Known {
    /// `None`: not read, so nothing can be said about references into it.
    files: [Option<Ids>; FILES.len()],
}

impl Known {
    pub(super) fn set(&mut self, file: File, ids: Ids) {
        if let Some(slot) = self.files.get_mut(file as usize) {
            *slot = Some(ids);
        }
    }

    pub(super) fn of(&self, file: File) -> Option<&Ids> {
        self.files.get(file as usize)?.as_ref()
    }

    /// The number of the row that has the id.
    pub(super) fn row(&self, file: File, id: &str) -> Option<u32> {
        *self.of(file)?.get(id)?
    }
}
