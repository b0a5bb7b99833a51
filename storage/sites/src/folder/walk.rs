//! Listing a directory tree in the order of whole keys, a page at a time.

use std::fs;
use std::io;
use std::path::Path;

use crate::Entry;

/// The page of keys that start with `prefix` and follow `after`.
pub(super) fn list(
    root: &Path,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> io::Result<Vec<Entry>> {
    let mut page = Page {
        prefix,
        after: after.unwrap_or(""),
        limit,
        found: Vec::new(),
    };
    page.walk(root, "")?;
    Ok(page.found)
}

struct Page<'a> {
    prefix: &'a str,
    after: &'a str,
    limit: usize,
    found: Vec<Entry>,
}

impl Page<'_> {
    /// Visits the directory whose keys start with `base` (empty, or ending in a slash).
    fn walk(&mut self, directory: &Path, base: &str) -> io::Result<()> {
        let entries = match fs::read_dir(directory) {
            // Deleted while we walked.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for key in self.children(entries, base)? {
            if self.found.len() >= self.limit {
                break;
            }
            let path = directory.join(&key[base.len()..]);
            if key.ends_with('/') {
                self.walk(&path, &key)?;
            } else if let Ok(metadata) = fs::metadata(&path) {
                self.found.push(Entry {
                    key,
                    size: metadata.len(),
                });
            }
        }
        Ok(())
    }

    /// The wanted keys in this directory, ascending. A directory's ends in a slash, so that `a-b` sorts before what is in `a/`.
    fn children(&self, entries: fs::ReadDir, base: &str) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
                continue;
            };
            let is_directory = entry.file_type()?.is_dir();
            let key = format!("{base}{name}{}", if is_directory { "/" } else { "" });
            if self.wants(&key, is_directory) {
                keys.push(key);
            }
        }
        keys.sort_unstable();
        Ok(keys)
    }

    fn wants(&self, key: &str, is_directory: bool) -> bool {
        if is_directory {
            let may_match = key.starts_with(self.prefix) || self.prefix.starts_with(key);
            let may_follow = key > self.after || self.after.starts_with(key);
            may_match && may_follow
        } else {
            key.starts_with(self.prefix) && key > self.after
        }
    }
}
