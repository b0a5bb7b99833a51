//! The enumerations of OneRoster 1.2: case counts.

use preau_kernel::access::{Part, Role};

/// The words a column may hold.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) list: &'static [&'static str],
    /// Whether a word of the exporter's own, `ext:…`, is one too.
    pub(super) extensible: bool,
}

impl Words {
    pub(super) fn admit(&self, word: &str) -> bool {
        self.list.contains(&word)
            || (self.extensible && word.strip_prefix("ext:").is_some_and(|own| !own.is_empty()))
    }
}

pub(super) const ORG_TYPES: Words = Words {
    list: &[
        "department",
        "school",
        "district",
        "local",
        "state",
        "national",
    ],
    extensible: true,
};

pub(super) const SESSION_TYPES: Words = Words {
    list: &["gradingPeriod", "semester", "schoolYear", "term"],
    extensible: true,
};

pub(super) const CLASS_TYPES: Words = Words {
    list: &["homeroom", "scheduled"],
    extensible: true,
};

pub(super) const ROLE_TYPES: Words = Words {
    list: &["primary", "secondary"],
    extensible: false,
};

pub(super) const ROLES: Words = Words {
    list: &[
        "aide",
        "counselor",
        "districtAdministrator",
        "guardian",
        "parent",
        "principal",
        "proctor",
        "relative",
        "siteAdministrator",
        "student",
        "systemAdministrator",
        "teacher",
    ],
    extensible: true,
};

pub(super) const ENROLMENT_ROLES: Words = Words {
    list: &["administrator", "proctor", "student", "teacher"],
    extensible: true,
};

/// What a role on the school lets somebody be here; `None`: nothing (parents, other staff).
pub(super) fn access(role: &str) -> Option<Role> {
    match role {
        "student" => Some(Role::Student),
        "teacher" => Some(Role::Teacher),
        "principal" | "siteAdministrator" | "systemAdministrator" => Some(Role::SchoolAdmin),
        _ => None,
    }
}

/// The part that an enrolment gives in the class; `None`: none.
pub(super) fn part(role: &str) -> Option<Part> {
    match role {
        "student" => Some(Part::Student),
        "teacher" => Some(Part::Teacher),
        _ => None,
    }
}
