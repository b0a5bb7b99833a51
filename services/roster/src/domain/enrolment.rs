use preau_kernel::access::Part;
use preau_kernel::ids::PersonId;

use super::Class;

/// Somebody in a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) person: PersonId,
    pub(crate) part: Part,
}

/// A class somebody is enrolled in, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MyClass {
    pub(crate) class: Class,
    pub(crate) part: Part,
}

/// A class, and how one person stands to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) class: Class,
    /// `None`: not a member.
    pub(crate) part: Option<Part>,
}

impl Standing {
    /// Classes of one person at most: what one answer of "my classes" holds, so that it never leaves one out.
    pub(crate) const MAX_CLASSES: u32 = 200;
}

/// Why a rule of the roster says no: the state is such, the request is not wrong in itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Unenrolling the main teacher would leave the class to nobody.
    #[error("the main teacher cannot leave the class: nobody would be answerable for it")]
    MainTeacherStays,
    /// The main teacher cannot become a pupil of the class.
    #[error("the main teacher teaches the class and cannot be a pupil of it: enrol somebody else")]
    MainTeacherTeaches,
    /// The person is in as many classes as one person can be.
    #[error(
        "the person is in {} classes, the most one person can be in: unenrol them from one first",
        Standing::MAX_CLASSES
    )]
    TooManyClasses,
}
