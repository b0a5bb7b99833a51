//! Classes, enrolments and imports of both: types and rules. No I/O, no wire, no SQL.

mod class;
mod enrolment;
mod import;
mod matching;
pub(crate) mod oneroster;

pub(crate) use class::{Class, School};
pub(crate) use enrolment::{Member, MyClass, Refusal, Standing};
pub(crate) use import::{
    Import, ImportRefusal, ImportState, KnownClass, PART_SIZE, PlannedClass, PlannedPerson,
    Replacement, SourcedPerson, Summary,
};
pub(crate) use matching::{Match, final_names, is_unchanged, match_classes};
