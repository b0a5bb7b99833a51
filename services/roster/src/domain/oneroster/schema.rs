//! The files of OneRoster 1.2 and their columns, in the order in which they must stand
//! (imsglobal.org/spec/oneroster/v1p2/bind/csv, 1.2.1).

use super::words::{
    CLASS_TYPES, ENROLMENT_ROLES, ORG_TYPES, ROLE_TYPES, ROLES, SESSION_TYPES, Words,
};

/// A file that is read, in the order of reading: a reference points into one that came before, or into its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Orgs,
    AcademicSessions,
    Courses,
    Classes,
    Users,
    Roles,
    Enrollments,
}

/// Every file that is read.
pub(super) const FILES: [File; 7] = [
    File::Orgs,
    File::AcademicSessions,
    File::Courses,
    File::Classes,
    File::Users,
    File::Roles,
    File::Enrollments,
];

/// The manifest's file.
pub(super) const MANIFEST: &str = "manifest.csv";

/// Refused: its columns hold what may not be kept in France (ethnic origin, article 6 of the law of 6 January 1978).
pub(super) const DEMOGRAPHICS: &str = "demographics";

/// Files of 1.2 that may be there and are not read: marks, resources and credentials are no business of a roster.
pub(super) const IGNORED: [&str; 13] = [
    "categories",
    "classResources",
    "courseResources",
    "lineItemLearningObjectiveIds",
    "lineItems",
    "lineItemScoreScales",
    "resources",
    "resultLearningObjectiveIds",
    "results",
    "resultScoreScales",
    "scoreScales",
    "userProfiles",
    "userResources",
];

/// What a column holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// The row's own id.
    Id,
    /// Blank in bulk: `status`, `dateLastModified`.
    Blank,
    /// Anything.
    Text,
    /// What people will read or type: no formula.
    Name,
    /// `true` or `false`.
    Boolean,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY`.
    Year,
    /// One of a list.
    Word(&'static Words),
    /// The id of a row of a file.
    Ref(File),
    /// Several of them, between commas.
    Refs(File),
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
}

const fn must(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        required: true,
    }
}

const fn may(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        required: false,
    }
}

const ID: Column = must("sourcedId", Kind::Id);
const STATUS: Column = may("status", Kind::Blank);
const MODIFIED: Column = may("dateLastModified", Kind::Blank);

const ORGS: &[Column] = &[
    ID,
    STATUS,
    MODIFIED,
    must("name", Kind::Text),
    must("type", Kind::Word(&ORG_TYPES)),
    may("identifier", Kind::Text),
    may("parentSourcedId", Kind::Ref(File::Orgs)),
];

const ACADEMIC_SESSIONS: &[Column] = &[
    ID,
    STATUS,
    MODIFIED,
    must("title", Kind::Text),
    must("type", Kind::Word(&SESSION_TYPES)),
    must("startDate", Kind::Date),
    must("endDate", Kind::Date),
    may("parentSourcedId", Kind::Ref(File::AcademicSessions)),
    must("schoolYear", Kind::Year),
];

const COURSES: &[Column] = &[
    ID,
    STATUS,
    MODIFIED,
    may("schoolYearSourcedId", Kind::Ref(File::AcademicSessions)),
    must("title", Kind::Text),
    may("courseCode", Kind::Text),
    may("grades", Kind::Text),
    must("orgSourcedId", Kind::Ref(File::Orgs)),
    may("subjects", Kind::Text),
    may("subjectCodes", Kind::Text),
];

const CLASSES: &[Column] = &[
    ID,
    STATUS,
    MODIFIED,
    must("title", Kind::Name),
    may("grades", Kind::Text),
    must("courseSourcedId", Kind::Ref(File::Courses)),
    may("classCode", Kind::Name),
    must("classType", Kind::Word(&CLASS_TYPES)),
    may("location", Kind::Text),
    must("schoolSourcedId", Kind::Ref(File::Orgs)),
    must("termSourcedIds", Kind::Refs(File::AcademicSessions)),
    may("subjects", Kind::Text),
    may("subjectCodes", Kind::Text),
    may("periods", Kind::Text),
];

const USERS: &[Column] = &[
    ID,
    STATUS,
    MODIFIED,
    must("enabledUser", Kind::Boolean),
    must("username", Kind::Name),
    may("userIds", Kind::Text),
    must("givenName", Kind::Name),
    must("familyName", Kind::Name),
    may("middleName", Kind::Text),
    may("identifier", Kind::Text),
    may("email", Kind::Text),
    may("sms", Kind::Text),
    may("phone", Kind::Text),
    may("agentSourcedIds", Kind::Refs(File::Users)),
    may("grades", Kind::Text),
    // Never read: accounts begin with a first-use code.
    may("password", Kind::Text),
    may("userMasterIdentifier", Kind::Text),
    may("preferredGivenName", Kind::Text),
    may("preferredMiddleName", Kind::Text),
    may("preferredFamilyName", Kind::Text),
    may("primaryOrgSourcedId", Kind::Ref(File::Orgs)),
    may("pronouns", Kind::Text),
];

const ROLES_OF_USERS: &[Column] = &[
    ID,
    STATUS,
    MODIFIED,
    must("userSourcedId", Kind::Ref(File::Users)),
    must("roleType", Kind::Word(&ROLE_TYPES)),
    must("role", Kind::Word(&ROLES)),
    may("beginDate", Kind::Date),
    may("endDate", Kind::Date),
    must("orgSourcedId", Kind::Ref(File::Orgs)),
    may("userProfileSourcedId", Kind::Text),
];

const ENROLLMENTS: &[Column] = &[
    ID,
    STATUS,
    MODIFIED,
    must("classSourcedId", Kind::Ref(File::Classes)),
    must("schoolSourcedId", Kind::Ref(File::Orgs)),
    must("userSourcedId", Kind::Ref(File::Users)),
    must("role", Kind::Word(&ENROLMENT_ROLES)),
    may("primary", Kind::Boolean),
    may("beginDate", Kind::Date),
    may("endDate", Kind::Date),
];

/// The manifest's own columns.
pub(super) const MANIFEST_COLUMNS: &[Column] =
    &[must("propertyName", Kind::Id), must("value", Kind::Text)];

impl File {
    /// As the manifest calls it, in `file.<name>`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Orgs => "orgs",
            Self::AcademicSessions => "academicSessions",
            Self::Courses => "courses",
            Self::Classes => "classes",
            Self::Users => "users",
            Self::Roles => "roles",
            Self::Enrollments => "enrollments",
        }
    }

    /// As the zip calls it.
    pub(super) fn entry(self) -> &'static str {
        match self {
            Self::Orgs => "orgs.csv",
            Self::AcademicSessions => "academicSessions.csv",
            Self::Courses => "courses.csv",
            Self::Classes => "classes.csv",
            Self::Users => "users.csv",
            Self::Roles => "roles.csv",
            Self::Enrollments => "enrollments.csv",
        }
    }

    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Self::Orgs => ORGS,
            Self::AcademicSessions => ACADEMIC_SESSIONS,
            Self::Courses => COURSES,
            Self::Classes => CLASSES,
            Self::Users => USERS,
            Self::Roles => ROLES_OF_USERS,
            Self::Enrollments => ENROLLMENTS,
        }
    }

    /// Rows at most: ten times the largest school, so that what a file makes us remember is bounded.
    pub(super) fn most_rows(self) -> u32 {
        match self {
            Self::Orgs | Self::AcademicSessions => 1_000,
            Self::Courses | Self::Classes => 10_000,
            Self::Users => 50_000,
            Self::Roles => 100_000,
            Self::Enrollments => 300_000,
        }
    }
}
