//! What there is to say of a device without asking anybody.

use std::path::Path;

use preau_kernel::clock::Timestamp;

use super::{AgentError, Stage, read};

/// How a device stands, read from its journal: also while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its id.
    pub device_id: String,
    /// The id of its school.
    pub school_id: String,
    /// Where it is enrolled.
    pub server: String,
    /// When its certificate ends.
    pub certificate_expires_at: Timestamp,
    /// Commands that are still to be done, or of which the server does not know the end.
    pub commands_open: usize,
    /// Of these, how many wait for a better moment.
    pub commands_waiting: usize,
    /// App and version, by app.
    pub apps: Vec<(String, String)>,
    /// Ids of the publishers' keys that are trusted since enrolment; nothing: not known yet.
    pub publishers: Option<Vec<String>>,
}

/// How the device of a directory stands.
///
/// # Errors
/// None there; a journal that is open to others or damaged.
pub fn standing(dir: &Path) -> Result<Standing, AgentError> {
    let journal = read(dir)?.ok_or_else(|| AgentError::NotEnrolled {
        state: dir.to_owned(),
    })?;
    let waiting = |stage: &Stage| matches!(stage, Stage::NotNow { .. });
    Ok(Standing {
        commands_open: journal.commands.len(),
        commands_waiting: journal
            .commands
            .iter()
            .filter(|record| waiting(&record.stage))
            .count(),
        certificate_expires_at: Timestamp(journal.credential.expires_at),
        apps: journal
            .apps
            .into_iter()
            .map(|(app, installed)| (app, installed.version))
            .collect(),
        publishers: journal.publishers.map(|pinned| {
            pinned
                .into_iter()
                .map(|publisher| publisher.key_id)
                .collect()
        }),
        device_id: journal.device_id,
        school_id: journal.school_id,
        server: journal.server,
    })
}
