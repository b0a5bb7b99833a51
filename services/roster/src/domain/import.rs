use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ClassId, ImportId, PersonId};
use preau_kernel::names::Name;

use super::School;
use super::oneroster::Problem;

/// Bytes of every part of a zip but the last.
pub(crate) const PART_SIZE: u32 = 1024 * 1024;

/// Disabling fewer people than this asks for no confirmation.
const FEW_DISABLED: u32 = 10;
/// Disabling more than one in so many does.
const DISABLED_SHARE: u64 = 20;

/// How far an import is. UPLOADING → INVALID or READY, as often as it is validated; READY → APPLYING, once, is the
/// decision; APPLYING → APPLIED, or back to INVALID when the directory refuses, whose word comes before any change here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImportState {
    Uploading,
    Invalid,
    Ready,
    Applying,
    Applied,
}

impl ImportState {
    /// Whether it can still be validated: nothing was decided yet.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Uploading | Self::Invalid | Self::Ready)
    }
}

/// A roster on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) id: ImportId,
    pub(crate) school: School,
    pub(crate) state: ImportState,
    /// Bytes of the zip.
    pub(crate) size: u64,
    pub(crate) created_by: PersonId,
    pub(crate) created_at: Timestamp,
    pub(crate) applied_at: Option<Timestamp>,
    /// When it is READY or later.
    pub(crate) summary: Option<Summary>,
    /// When it is INVALID: how many there are.
    pub(crate) problem_count: u32,
    /// Those that were kept; empty in lists.
    pub(crate) problems: Vec<Problem>,
    /// What was begun after it, while it was undecided: it can do nothing any more.
    pub(crate) replaced: Option<Replacement>,
}

/// The import that took the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub(crate) import: ImportId,
    pub(crate) begun_by: PersonId,
}

impl Import {
    /// Whether it may still be sent, validated or applied, as far as others leave it.
    pub(crate) fn check_not_replaced(&self) -> Result<(), ImportRefusal> {
        match self.replaced {
            Some(by) => Err(ImportRefusal::Replaced(by)),
            None => Ok(()),
        }
    }

    /// How many parts the zip has.
    pub(crate) fn part_count(&self) -> u32 {
        u32::try_from(self.size.div_ceil(u64::from(PART_SIZE))).unwrap_or(u32::MAX)
    }

    /// Bytes of part `index`; `None` when there is no such part.
    pub(crate) fn part_len(&self, index: u32) -> Option<u64> {
        let start = u64::from(index) * u64::from(PART_SIZE);
        let left = self.size.checked_sub(start)?;
        (left > 0).then(|| left.min(u64::from(PART_SIZE)))
    }
}

/// Why an import does not go on: the state is such, the request is not wrong in itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ImportRefusal {
    /// Parts of the zip are not here, or were dropped.
    #[error(
        "{count} parts of the zip are missing, the first is {first}: send them, then validate again"
    )]
    PartsMissing { count: usize, first: u32 },
    /// A school has one import under way, and the last that was begun is it.
    #[error(
        "another import of the school was begun since, by person {}, and this one's file was dropped: agree with them, then begin another one with the file", .0.begun_by
    )]
    Replaced(Replacement),
    /// A part came after the zip was read.
    #[error("the zip was read already and takes no more parts: begin another import")]
    Closed,
    /// What a zip holds and does is one person's word.
    #[error("somebody else began this import: begin another one with the file")]
    OfAnother,
    /// It was decided: nothing but finishing it is possible.
    #[error(
        "the import was applied or is being applied and cannot be validated any more: begin another one"
    )]
    Decided,
    /// It was never found valid.
    #[error("the import is not ready: validate it, correct what it says, then apply it")]
    NotReady,
    /// What it was compared with has changed since.
    #[error(
        "the school's roster has changed since the import was validated: validate it again, then apply it"
    )]
    Outdated,
    /// One at a time.
    #[error(
        "another import of the school is being applied: wait until it is, then validate this one"
    )]
    AnotherApplying,
    /// So many would be disabled that somebody must have read the number.
    #[error(
        "the import would disable {disabled} people: if that is right, apply it with confirm_disabled {disabled}"
    )]
    Unconfirmed { disabled: u32 },
    /// The directory said no at the last moment; nothing was changed anywhere.
    #[error(
        "the directory refused the people of the import and nothing was changed: read its problem, then validate again"
    )]
    PeopleRefused,
}

impl ImportRefusal {
    /// Stable, for programs.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::PartsMissing { .. } => "IMPORT_PARTS_MISSING",
            Self::Replaced(_) => "IMPORT_REPLACED",
            Self::Closed => "IMPORT_CLOSED",
            Self::OfAnother => "IMPORT_OF_ANOTHER",
            Self::Decided => "IMPORT_DECIDED",
            Self::NotReady => "IMPORT_NOT_READY",
            Self::Outdated => "IMPORT_OUTDATED",
            Self::AnotherApplying => "ANOTHER_IMPORT_APPLYING",
            Self::Unconfirmed { .. } => "IMPORT_UNCONFIRMED",
            Self::PeopleRefused => "IMPORT_PEOPLE_REFUSED",
        }
    }
}

/// What an import does, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) people_new: u32,
    pub(crate) people_changed: u32,
    pub(crate) people_unchanged: u32,
    pub(crate) people_disabled: u32,
    pub(crate) people_without_role: u32,
    pub(crate) classes_new: u32,
    pub(crate) classes_changed: u32,
    pub(crate) classes_unchanged: u32,
    pub(crate) classes_emptied: u32,
    pub(crate) enrolments_added: u32,
    pub(crate) enrolments_removed: u32,
    pub(crate) enrolments_unchanged: u32,
    pub(crate) needs_confirmation: bool,
    pub(crate) people_adopted: u32,
    pub(crate) administrators_new: u32,
}

impl Summary {
    /// Whether disabling this many of those known before looks like a mistake in the export.
    pub(crate) fn is_suspicious(disabled: u32, known: u32) -> bool {
        disabled >= FEW_DISABLED && u64::from(disabled) * DISABLED_SHARE > u64::from(known)
    }
}

/// Who a person of a roster is: as an earlier import left it, or as this one will.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourcedPerson {
    pub(crate) sourced_id: Box<str>,
    pub(crate) person: PersonId,
    pub(crate) enabled: bool,
}

/// A person of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedPerson {
    pub(crate) who: SourcedPerson,
    /// The line of the file of people that has them.
    pub(crate) line: u32,
    /// As that line has it.
    pub(crate) login: Box<str>,
}

/// A class as the import wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedClass {
    pub(crate) sourced_id: Box<str>,
    /// What a new class will be called by; one that is there already keeps its own id.
    pub(crate) id: ClassId,
    pub(crate) name: Name,
    pub(crate) main_teacher: PersonId,
}

/// A class as the school has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownClass {
    pub(crate) id: ClassId,
    pub(crate) name: Name,
    pub(crate) main_teacher: PersonId,
    /// Under what id a roster named it; `None`: made by hand.
    pub(crate) sourced_id: Option<Box<str>>,
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn many_disabled_people_are_suspicious_when_they_are_many_of_the_school() {
        assert!(!Summary::is_suspicious(9, 9), "few");
        assert!(Summary::is_suspicious(10, 199));
        assert!(!Summary::is_suspicious(10, 200), "one in twenty");
        assert!(!Summary::is_suspicious(50, 1000));
        assert!(Summary::is_suspicious(51, 1000));
    }
}
