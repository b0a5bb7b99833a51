//! What was made of the demonstration school so far.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::accounts::{self, ACCOUNTS_FILE, Account};
use crate::config::Config;
use crate::failure::{Failure, at_path};
use crate::private;

const FILE: &str = "demo-progress.json";
/// The platform administrator's credentials: for join tokens, other schools.
pub(super) const PLATFORM_FILE: &str = "demo-platform.json";

/// Decided once, before the first account is made.
#[derive(Serialize, Deserialize)]
pub(super) struct Journal {
    pub(super) platform: Credentials,
    pub(super) accounts: Vec<Account>,
    /// Ids by what they are of.
    made: BTreeMap<String, String>,
    #[serde(skip)]
    path: PathBuf,
}

/// The platform's administrator, who makes the rest.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Credentials {
    pub(super) login: String,
    pub(super) password: String,
}

impl Journal {
    /// A new one, on disk before anything is made.
    pub(super) fn begin(config: &Config) -> Result<Self, Failure> {
        let journal = Self {
            platform: Credentials {
                login: "plateforme".into(),
                password: accounts::password(),
            },
            accounts: accounts::invent(),
            made: BTreeMap::new(),
            path: config.data_dir.join(FILE),
        };
        journal.save()?;
        Ok(journal)
    }

    /// The one an interrupted start left.
    pub(super) fn read(config: &Config) -> Result<Option<Self>, Failure> {
        let path = config.data_dir.join(FILE);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(at_path(
                    "cannot read the demonstration's progress",
                    &path,
                    &error,
                ));
            }
        };
        let mut journal: Self = serde_json::from_slice(&text).map_err(|_| {
            Failure::new(
                "the demonstration's progress is damaged",
                path.display(),
                "start with an empty data directory",
            )
        })?;
        journal.path = path;
        Ok(Some(journal))
    }

    /// The id of what was made.
    pub(super) fn made(&self, what: &str) -> Option<String> {
        self.made.get(what).cloned()
    }

    /// Remembers the id of what was just made.
    pub(super) fn note(&mut self, what: &str, id: String) -> Result<String, Failure> {
        self.made.insert(what.to_owned(), id.clone());
        self.save()?;
        Ok(id)
    }

    /// Everything is made. The accounts come last but one: their file says that the school stands.
    pub(super) fn finish(&self, config: &Config) -> Result<(), Failure> {
        write(&config.data_dir.join(PLATFORM_FILE), &self.platform)?;
        write(&config.data_dir.join(ACCOUNTS_FILE), &self.accounts)?;
        self.discard();
        Ok(())
    }

    /// Removes it.
    pub(super) fn discard(&self) {
        let _ = std::fs::remove_file(&self.path);
    }

    fn save(&self) -> Result<(), Failure> {
        write(&self.path, self)
    }
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_vec_pretty(value).expect("strings are JSON");
    private::write(path, &text)
        .map_err(|error| at_path("cannot write the demonstration's accounts", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_start_goes_on_with_the_same_passwords_and_ids() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let config = Config {
            data_dir: dir.path().to_owned(),
            ..Config::default()
        };
        assert!(Journal::read(&config).expect("readable").is_none());
        let mut begun = Journal::begin(&config).expect("begun");
        begun.note("school", "id-1".into()).expect("noted");

        let resumed = Journal::read(&config).expect("readable").expect("there");
        assert_eq!(resumed.accounts, begun.accounts);
        assert_eq!(resumed.platform.password, begun.platform.password);
        assert_eq!(resumed.made("school"), Some("id-1".into()));
        assert_eq!(resumed.made("authority"), None);

        resumed.finish(&config).expect("finished");
        assert!(Journal::read(&config).expect("readable").is_none());
        assert!(dir.path().join(PLATFORM_FILE).exists());
    }
}
