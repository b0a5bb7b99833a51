//! Remembered sessions: one a server, in a file only its owner may read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, at_path};
use crate::private;

/// A signed-in person at one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) login: String,
    pub(crate) token: String,
    /// Seconds since 1970.
    pub(crate) expires_at: i64,
}

/// The file of sessions.
pub(crate) struct Sessions {
    path: PathBuf,
}

impl Sessions {
    /// `sessions.json` under `$XDG_CONFIG_HOME/preau` or `~/.config/preau`.
    pub(crate) fn of_user() -> Result<Self, Failure> {
        let dir = private::xdg("XDG_CONFIG_HOME", ".config").map_err(|error| {
            Failure::new(error, "home directory", "set HOME or XDG_CONFIG_HOME")
        })?;
        Ok(Self::at(dir.join("sessions.json")))
    }

    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn get(&self, server: &str) -> Result<Option<Session>, Failure> {
        Ok(self.read()?.remove(server))
    }

    pub(crate) fn put(&self, server: &str, session: Session) -> Result<(), Failure> {
        let mut sessions = self.read()?;
        sessions.insert(server.to_owned(), session);
        self.write(&sessions)
    }

    pub(crate) fn remove(&self, server: &str) -> Result<(), Failure> {
        let mut sessions = self.read()?;
        match sessions.remove(server) {
            Some(_) => self.write(&sessions),
            None => Ok(()),
        }
    }

    fn read(&self) -> Result<BTreeMap<String, Session>, Failure> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(BTreeMap::new());
            }
            Err(error) => {
                return Err(at_path(
                    "cannot read the remembered sessions",
                    &self.path,
                    &error,
                ));
            }
        };
        serde_json::from_slice(&bytes).map_err(|_| {
            Failure::new(
                "the remembered sessions are damaged",
                self.path.display(),
                "remove the file and sign in again",
            )
        })
    }

    fn write(&self, sessions: &BTreeMap<String, Session>) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(sessions).expect("strings and numbers are JSON");
        private::create_dir(crate::config::parent(&self.path))
            .and_then(|()| private::write(&self.path, &text))
            .map_err(|error| at_path("cannot remember the session", &self.path, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(login: &str) -> Session {
        Session {
            login: login.into(),
            token: "t".into(),
            expires_at: 1,
        }
    }

    #[test]
    fn sessions_are_kept_one_a_server() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let sessions = Sessions::at(dir.path().join("preau/sessions.json"));
        assert_eq!(sessions.get("a"), Ok(None));
        sessions.put("a", session("ada")).expect("kept");
        sessions.put("b", session("bob")).expect("kept");
        sessions.put("a", session("amélie")).expect("replaced");
        assert_eq!(sessions.get("a"), Ok(Some(session("amélie"))));
        sessions.remove("a").expect("removed");
        assert_eq!(sessions.get("a"), Ok(None));
        assert_eq!(sessions.get("b"), Ok(Some(session("bob"))));
    }

    #[test]
    fn a_damaged_file_is_named_and_left_alone() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("sessions.json");
        std::fs::write(&path, "{").expect("written");
        let failure = Sessions::at(path.clone())
            .put("a", session("ada"))
            .expect_err("refused");
        assert!(failure.to_string().contains("sessions.json"));
        assert_eq!(std::fs::read(&path).expect("still there"), b"{");
    }
}
