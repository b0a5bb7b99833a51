//! Many people at once: what a roster file says of each, and what becomes of it.

use preau_kernel::access::Role;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ImportId, PersonId, SchoolId};
use preau_kernel::names::Name;

use super::login::Login;

/// People of one request at most.
pub(crate) const MAX_PEOPLE: usize = 500;
/// Absent people of one request at most.
pub(crate) const MAX_ABSENT: usize = 5000;
/// Batches of an import at most: half a million people, many times the largest school.
pub(crate) const MAX_BATCHES: u32 = 1000;

/// One batch of an import.
pub(crate) struct Batch {
    pub(crate) import: ImportId,
    pub(crate) school: SchoolId,
    pub(crate) number: u32,
    pub(crate) people: Vec<Told>,
    pub(crate) absent: Vec<PersonId>,
}

/// What the file says of one person, or why it cannot be.
pub(crate) struct Told {
    pub(crate) person: PersonId,
    pub(crate) said: Result<ImportedPerson, Refusal>,
}

/// A person as the file wants them.
pub(crate) struct ImportedPerson {
    pub(crate) given: Name,
    pub(crate) family: Name,
    pub(crate) login: Login,
    pub(crate) enabled: bool,
    /// Each role at most once.
    pub(crate) roles: Vec<ImportedRole>,
}

/// A role on the school; without a beginning from the commit on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImportedRole {
    pub(crate) role: Role,
    pub(crate) begins: Option<Timestamp>,
    pub(crate) ends: Option<Timestamp>,
}

/// What committing would do to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    New(PersonId),
    Changed(PersonId),
    Unchanged(PersonId),
    /// Somebody of the school whom people had created has the login: the same person from now on.
    Adopted(PersonId),
    Refused(Refusal),
}

/// The answer about one person of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// Whom the roster asked for.
    pub(crate) asked: PersonId,
    pub(crate) outcome: Outcome,
    /// Whether committing makes an administrator of the school of somebody who is none now.
    pub(crate) becomes_administrator: bool,
    /// Whether committing disables somebody who may sign in now.
    pub(crate) becomes_disabled: bool,
}

/// Why a person is not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// The field of the wire's message.
    pub(crate) field: String,
    pub(crate) message: String,
}

/// Reasons are stable: clients branch on their texts, and the store keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    InvalidName,
    InvalidLogin,
    InvalidRole,
    GrantNotHeld,
    GrantOutlasts,
    PersonTwice,
    PersonElsewhere,
    PersonAbove,
    PersonChanged,
    LoginTaken,
}

const REASONS: [(Reason, &str); 10] = [
    (Reason::InvalidName, "INVALID_NAME"),
    (Reason::InvalidLogin, "INVALID_LOGIN"),
    (Reason::InvalidRole, "INVALID_ROLE"),
    (Reason::GrantNotHeld, "GRANT_NOT_HELD"),
    (Reason::GrantOutlasts, "GRANT_OUTLASTS"),
    (Reason::PersonTwice, "PERSON_TWICE"),
    (Reason::PersonElsewhere, "PERSON_ELSEWHERE"),
    (Reason::PersonAbove, "PERSON_ABOVE"),
    (Reason::PersonChanged, "PERSON_CHANGED"),
    (Reason::LoginTaken, "LOGIN_TAKEN"),
];

impl Reason {
    pub(crate) fn text(self) -> &'static str {
        let known = REASONS.iter().find(|(reason, _)| *reason == self);
        known.map_or("", |(_, text)| *text)
    }

    pub(crate) fn parse(text: &str) -> Option<Reason> {
        let known = REASONS.iter().find(|(_, known)| *known == text);
        known.map(|(reason, _)| *reason)
    }

    /// What to say where the refusal itself does not.
    fn message(self) -> &'static str {
        match self {
            Reason::InvalidName => "this is no name",
            Reason::InvalidLogin => "this is no login",
            Reason::InvalidRole => "this role cannot be given by an import",
            Reason::GrantNotHeld => "you may not give this role here: ask an administrator above",
            Reason::GrantOutlasts => {
                "an administrator would outlast your own grant: set an end no later than yours"
            }
            Reason::PersonTwice => {
                "another row of this import is the same person: keep one of the two"
            }
            Reason::PersonElsewhere => {
                "this person belongs to another school: their school has to release them first"
            }
            Reason::PersonAbove => {
                "this person administers beyond the school: their login is not an import's to change"
            }
            Reason::PersonChanged => {
                "the person with this login changed since the file was checked: check it again"
            }
            Reason::LoginTaken => {
                "somebody else has this login, here or at another school: choose another one"
            }
        }
    }
}

impl Refusal {
    pub(crate) fn new(reason: Reason, field: &str, message: impl Into<String>) -> Refusal {
        let message = Some(message.into()).filter(|message| !message.is_empty());
        Refusal {
            reason,
            field: field.to_owned(),
            message: message.unwrap_or_else(|| reason.message().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_back_from_its_text_and_says_something() {
        for (reason, text) in REASONS {
            assert_eq!(Reason::parse(reason.text()), Some(reason));
            assert_eq!(reason.text(), text);
            assert!(!Refusal::new(reason, "login", "").message.is_empty());
        }
        assert_eq!(Reason::parse(""), None);
    }
}
