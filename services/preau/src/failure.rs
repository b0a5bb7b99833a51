//! The one way the program says that something went wrong, and its exit codes.

use std::fmt;
use std::process::ExitCode;

use preau_agent::{AgentError, Fault};

/// What the shell is told. Documented in `preau --help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Anything not listed below.
    Failed = 1,
    /// A wrong command line, configuration key or value.
    Usage = 2,
    /// Not signed in, or not allowed.
    Denied = 3,
    /// No such space, folder, file.
    NotFound = 4,
    /// A port or a data directory is in use by another process.
    InUse = 5,
    /// The server does not answer; trying later may help.
    Unavailable = 6,
}

/// `error: <what>: <where>: <what to do>`, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    what: String,
    place: String,
    remedy: String,
    exit: Exit,
}

impl Failure {
    pub(crate) fn new(
        what: impl fmt::Display,
        place: impl fmt::Display,
        remedy: impl fmt::Display,
    ) -> Self {
        Self {
            what: what.to_string(),
            place: place.to_string(),
            remedy: remedy.to_string(),
            exit: Exit::Failed,
        }
    }

    /// From a message that may end with the very remedy (`what is wrong: what to do`), so that it
    /// is said once, at the end. No other colon of the message has a meaning.
    pub(crate) fn said(doing: &str, message: &str, place: impl fmt::Display, remedy: &str) -> Self {
        let what = message
            .strip_suffix(remedy)
            .and_then(|what| what.strip_suffix(": "))
            .unwrap_or(message);
        Self::new(format_args!("{doing}: {what}"), place, remedy)
    }

    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Prints the line and answers the process's exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {self}");
        ExitCode::from(self.exit as u8)
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!("{}: {}: {}", self.what, self.place, self.remedy);
        f.write_str(&one_line(&line))
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        let exit = match error.fault() {
            Fault::Usage => Exit::Usage,
            Fault::Denied => Exit::Denied,
            Fault::InUse => Exit::InUse,
            Fault::Unavailable => Exit::Unavailable,
            Fault::Other => Exit::Failed,
        };
        Self::new(&error, error.place(), error.remedy()).exit(exit)
    }
}

/// One line whatever a server or a file says, and nothing that a terminal would obey.
pub(crate) fn one_line(text: &str) -> String {
    let parts: Vec<&str> = text
        .split(is_obeyed)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(" ")
}

/// Controls, line separators, and what turns the direction of text.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A failure of the file system at a path.
pub(crate) fn at_path(what: &str, path: &std::path::Path, error: &std::io::Error) -> Failure {
    let remedy = match error.kind() {
        std::io::ErrorKind::NotFound => "check the path",
        std::io::ErrorKind::PermissionDenied => "check the permissions",
        std::io::ErrorKind::StorageFull => "make room on the disk",
        _ => "check the path and the disk",
    };
    Failure::new(format_args!("{what}: {error}"), path.display(), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_that_the_message_ends_with_is_said_once_and_last() {
        let remedy = "make a new one";
        let failure = Failure::said("cannot join", "used: make a new one", "here", remedy);
        assert_eq!(
            failure.to_string(),
            "cannot join: used: here: make a new one"
        );
        let failure = Failure::said("cannot join", "no answer: refused", "here", "try again");
        assert_eq!(
            failure.to_string(),
            "cannot join: no answer: refused: here: try again"
        );
    }

    #[test]
    fn a_failure_is_one_line_whatever_its_parts_hold() {
        let failure = Failure::new("bad\nthing", "a\u{1b}[31mb\r\nc\u{202e}d", "do this");
        assert_eq!(failure.to_string(), "bad thing: a [31mb c d: do this");
    }
}
