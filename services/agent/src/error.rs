//! What can go wrong on the device's side.

use std::io;
use std::path::{Path, PathBuf};

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// What happened. Its text says what; [`place`](Self::place) says where and [`remedy`](Self::remedy) what to do, so
/// that a command line can put the three into its own form.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Of whoever wrote the address of a server.
    #[error("{what}")]
    Address {
        /// What is wrong with it.
        what: &'static str,
        /// As it was written.
        url: String,
        /// What to write instead.
        remedy: &'static str,
    },
    /// Certificates of authorities that cannot be read.
    #[error("cannot read {what}: {why}")]
    Authorities {
        /// Which.
        what: &'static str,
        /// Why not.
        why: String,
        /// Where they were looked for.
        file: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// Nobody's word would be taken for a server.
    #[error("no authority is known that could vouch for a server")]
    NobodyTrusted {
        /// Where authorities were looked for.
        file: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// A server refused, or was not there.
    #[error("{doing}: {}", said(status))]
    Call {
        /// Such as "cannot enrol".
        doing: &'static str,
        /// The server.
        server: String,
        /// Its answer.
        status: Box<Status>,
    },
    /// What was to be enrolled is a device already.
    #[error("this is device {device_id} already")]
    AlreadyEnrolled {
        /// Its id.
        device_id: String,
        /// Its state.
        state: PathBuf,
    },
    /// There is no device yet.
    #[error("no device is enrolled here")]
    NotEnrolled {
        /// Where one was looked for.
        state: PathBuf,
    },
    /// Another process has the state.
    #[error("another process uses this device's state")]
    InUse {
        /// The lock.
        file: PathBuf,
    },
    /// What only its owner may read can be read by others, or what only its owner may change by everybody.
    #[error("{what} is open to others (mode {mode:o})")]
    OpenToOthers {
        /// What it is.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Its present mode.
        mode: u32,
    },
    /// The file system failed.
    #[error("{doing}: {source}")]
    File {
        /// Such as "cannot write the journal".
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of ours that does not hold what we wrote.
    #[error("{what} is damaged: {why}")]
    Damaged {
        /// What it is.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// Cryptography failed: a key that cannot be made or used.
    #[error("cannot {doing} with the device's key")]
    Key {
        /// Such as "sign".
        doing: &'static str,
    },
    /// A text that cannot be what a device enrols with.
    #[error("that is no enrolment token")]
    NotAToken,
    /// A file that holds no public key of a publisher.
    #[error("no public key of a publisher: {why}")]
    NotAPublisher {
        /// The file.
        file: PathBuf,
        /// What does not fit.
        why: String,
    },
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Of whoever typed.
    Usage,
    /// The server does not want this device.
    Denied,
    /// Somebody else has it.
    InUse,
    /// The server does not answer; later it may.
    Unavailable,
    /// Anything else.
    Other,
}

impl AgentError {
    /// A failure of the file system.
    pub(crate) fn file(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File {
            doing,
            path: path.to_owned(),
            source,
        }
    }

    /// A failed call.
    pub(crate) fn call(doing: &'static str, server: &str, status: Status) -> Self {
        Self::Call {
            doing,
            server: server.to_owned(),
            status: Box::new(status),
        }
    }

    /// Where it happened: a path, an address.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Address { url, .. } => url.clone(),
            Self::Authorities { file, .. }
            | Self::NobodyTrusted { file, .. }
            | Self::InUse { file }
            | Self::NotAPublisher { file, .. } => file.display().to_string(),
            Self::Call { server, .. } => server.clone(),
            Self::AlreadyEnrolled { state, .. } | Self::NotEnrolled { state } => {
                state.display().to_string()
            }
            Self::OpenToOthers { path, .. }
            | Self::File { path, .. }
            | Self::Damaged { path, .. } => path.display().to_string(),
            Self::Key { .. } => "this device".to_owned(),
            Self::NotAToken => "--token".to_owned(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Address { remedy, .. }
            | Self::Authorities { remedy, .. }
            | Self::NobodyTrusted { remedy, .. } => (*remedy).to_owned(),
            Self::Call { status, .. } => after(status),
            Self::AlreadyEnrolled { .. } => {
                "run it with `preau agent run`, or name an empty directory with --state".to_owned()
            }
            Self::NotEnrolled { .. } => {
                "enrol it with `preau agent enroll`, or name its directory with --state".to_owned()
            }
            Self::InUse { .. } => "end the other `preau agent` first".to_owned(),
            Self::OpenToOthers { path, .. } => {
                format!("take others' rights away: chmod go-rwx '{}'", path.display())
            }
            Self::File { source, .. } => file_remedy(source).to_owned(),
            Self::Damaged { .. } => {
                "put a copy back, or remove the directory and enrol the device anew".to_owned()
            }
            Self::Key { .. } => "enrol the device anew into an empty directory".to_owned(),
            Self::NotAToken => {
                "copy the whole token, letters and digits in groups, from whoever manages the school's devices"
                    .to_owned()
            }
            Self::NotAPublisher { .. } => {
                "name the .pub file that `preau apps keygen` wrote".to_owned()
            }
        }
    }

    /// Whose turn it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Address { .. }
            | Self::Authorities { .. }
            | Self::NobodyTrusted { .. }
            | Self::NotAToken
            | Self::NotAPublisher { .. }
            | Self::AlreadyEnrolled { .. }
            | Self::NotEnrolled { .. } => Fault::Usage,
            Self::InUse { .. } => Fault::InUse,
            Self::Call { status, .. } => match status.code() {
                Code::Unavailable | Code::DeadlineExceeded | Code::Aborted => Fault::Unavailable,
                Code::Unauthenticated | Code::PermissionDenied => Fault::Denied,
                _ => Fault::Other,
            },
            _ => Fault::Other,
        }
    }
}

fn file_remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => {
            "check the permissions, or run it as the user who owns the files"
        }
        io::ErrorKind::StorageFull => "make room on the disk",
        _ => "check the path and the disk",
    }
}

/// The server's words, without the remedy that it ends them with.
fn said(status: &Status) -> String {
    let message = status.message();
    let remedy = marked(status);
    let bare = remedy.and_then(|remedy| {
        message
            .strip_suffix(&remedy)?
            .strip_suffix(": ")
            .map(str::to_owned)
    });
    bare.unwrap_or_else(|| message.to_owned())
}

/// `ErrorInfo.metadata`: the end of the message that says what to do.
fn marked(status: &Status) -> Option<String> {
    status
        .get_details_error_info()
        .and_then(|mut info| info.metadata.remove("remedy"))
}

fn after(status: &Status) -> String {
    if let Some(remedy) = marked(status) {
        return remedy;
    }
    let reason = status.get_details_error_info().map(|info| info.reason);
    let known = match reason.as_deref() {
        Some("TOKEN_UNKNOWN") => "copy the token again, whole",
        Some("TOKEN_USED_UP" | "TOKEN_EXPIRED" | "TOKEN_REVOKED") => {
            "ask whoever manages the school's devices for a new token"
        }
        Some("TOKEN_OF_ANOTHER_SCHOOL") => "ask for a token of the school that the device is for",
        _ => match status.code() {
            Code::Unavailable => "check that the server runs there, then try again",
            Code::DeadlineExceeded | Code::Aborted => "try again",
            Code::Unauthenticated | Code::PermissionDenied => {
                "ask whoever manages the school's devices; a retired device is enrolled anew into an empty directory"
            }
            Code::InvalidArgument => "correct it and try again",
            Code::Unimplemented => "check that the address is a gateway of this platform",
            _ => "look into the server's log",
        },
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use tonic_types::ErrorDetails;

    fn refused(reason: &str, message: &str, remedy: Option<&str>) -> AgentError {
        let metadata: HashMap<_, _> = remedy
            .map(|remedy| ("remedy".to_owned(), remedy.to_owned()))
            .into_iter()
            .collect();
        let details = ErrorDetails::with_error_info(reason, "preau", metadata);
        let status = Status::with_error_details(Code::FailedPrecondition, message, details);
        AgentError::call("cannot enrol", "https://ent.fr", status)
    }

    #[test]
    fn each_refusal_of_a_token_says_what_to_do() {
        for (reason, remedy) in [
            ("TOKEN_UNKNOWN", "copy the token again"),
            ("TOKEN_USED_UP", "a new token"),
            ("TOKEN_EXPIRED", "a new token"),
            ("TOKEN_REVOKED", "a new token"),
            ("TOKEN_OF_ANOTHER_SCHOOL", "of the school"),
        ] {
            let error = refused(reason, "refused", None);
            assert_eq!(error.to_string(), "cannot enrol: refused");
            assert_eq!(error.place(), "https://ent.fr");
            assert!(error.remedy().contains(remedy), "{reason}");
        }
    }

    #[test]
    fn a_remedy_of_the_servers_is_said_once() {
        let error = refused(
            "TOKEN_UNKNOWN",
            "no such token: look again",
            Some("look again"),
        );
        assert_eq!(error.to_string(), "cannot enrol: no such token");
        assert_eq!(error.remedy(), "look again");
    }
}
