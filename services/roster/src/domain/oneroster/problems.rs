//! What is wrong with a file, and where.

use std::borrow::Cow;

/// Problems kept of one import; all are counted.
pub(crate) const MOST_KEPT: usize = 1000;
/// Characters of a value that a problem repeats.
const MOST_VALUE: usize = 100;
/// Characters of a message that another service wrote.
const MOST_MESSAGE: usize = 400;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// `users.csv`; empty for the zip itself.
    pub(crate) file: String,
    /// From 1, the header's, as an editor counts; 0: the whole file.
    pub(crate) line: u32,
    /// Empty: the whole line.
    pub(crate) column: String,
    /// As the file has it, cut at 100 characters.
    pub(crate) value: String,
    /// Stable, for programs.
    pub(crate) reason: Cow<'static, str>,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

/// Where something is wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a str,
    pub(crate) line: u32,
    pub(crate) column: &'a str,
    pub(crate) value: &'a str,
}

impl<'a> Place<'a> {
    /// A whole file of the zip.
    pub(crate) fn file(file: &'a str) -> Self {
        Self {
            file,
            ..Self::default()
        }
    }

    /// This line of the same file.
    pub(crate) fn line(self, line: u32) -> Self {
        Self { line, ..self }
    }

    /// This column of the same line.
    pub(crate) fn column(self, column: &'a str, value: &'a str) -> Self {
        Self {
            column,
            value,
            ..self
        }
    }
}

/// Why something is refused: stable, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    ClassNameTaken,
    ClassWithoutTeacher,
    ColumnOrder,
    ConflictingEnrolments,
    ControlCharacter,
    DeltaUnsupported,
    DemographicsRefused,
    DuplicateColumn,
    DuplicateEntry,
    DuplicateId,
    DuplicateLogin,
    DuplicateProperty,
    DuplicateTitle,
    EmptyFile,
    Encrypted,
    FieldCount,
    FileMissing,
    FileNotAnnounced,
    Formula,
    InvalidBoolean,
    InvalidDate,
    InvalidId,
    InvalidName,
    InvalidPeriod,
    InvalidUai,
    InvalidUtf8,
    InvalidYear,
    LineTooLong,
    ManifestMissing,
    MissingColumn,
    MissingProperty,
    MissingValue,
    NewlineInField,
    NotBlank,
    SchoolMissing,
    StrayQuote,
    SubFolder,
    TooManyClasses,
    TooManyEntries,
    TooManyRows,
    UnknownColumn,
    UnknownEnumeration,
    UnknownFile,
    UnknownReference,
    UnknownSchool,
    UnsupportedCompression,
    UnsupportedVersion,
    Utf16,
    ZipBomb,
    ZipUnreadable,
}

impl Reason {
    /// As the contract's `reason` has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ClassNameTaken => "CLASS_NAME_TAKEN",
            Self::ClassWithoutTeacher => "CLASS_WITHOUT_TEACHER",
            Self::ColumnOrder => "COLUMN_ORDER",
            Self::ConflictingEnrolments => "CONFLICTING_ENROLMENTS",
            Self::ControlCharacter => "CONTROL_CHARACTER",
            Self::DeltaUnsupported => "DELTA_UNSUPPORTED",
            Self::DemographicsRefused => "DEMOGRAPHICS_REFUSED",
            Self::DuplicateColumn => "DUPLICATE_COLUMN",
            Self::DuplicateEntry => "DUPLICATE_ENTRY",
            Self::DuplicateId => "DUPLICATE_ID",
            Self::DuplicateLogin => "DUPLICATE_LOGIN",
            Self::DuplicateProperty => "DUPLICATE_PROPERTY",
            Self::DuplicateTitle => "DUPLICATE_TITLE",
            Self::EmptyFile => "EMPTY_FILE",
            Self::Encrypted => "ENCRYPTED",
            Self::FieldCount => "FIELD_COUNT",
            Self::FileMissing => "FILE_MISSING",
            Self::FileNotAnnounced => "FILE_NOT_ANNOUNCED",
            Self::Formula => "FORMULA",
            Self::InvalidBoolean => "INVALID_BOOLEAN",
            Self::InvalidDate => "INVALID_DATE",
            Self::InvalidId => "INVALID_ID",
            Self::InvalidName => "INVALID_NAME",
            Self::InvalidPeriod => "INVALID_PERIOD",
            Self::InvalidUai => "INVALID_UAI",
            Self::InvalidUtf8 => "INVALID_UTF8",
            Self::InvalidYear => "INVALID_YEAR",
            Self::LineTooLong => "LINE_TOO_LONG",
            Self::ManifestMissing => "MANIFEST_MISSING",
            Self::MissingColumn => "MISSING_COLUMN",
            Self::MissingProperty => "MISSING_PROPERTY",
            Self::MissingValue => "MISSING_VALUE",
            Self::NewlineInField => "NEWLINE_IN_FIELD",
            Self::NotBlank => "NOT_BLANK",
            Self::SchoolMissing => "SCHOOL_MISSING",
            Self::StrayQuote => "STRAY_QUOTE",
            Self::SubFolder => "SUB_FOLDER",
            Self::TooManyClasses => "TOO_MANY_CLASSES",
            Self::TooManyEntries => "TOO_MANY_ENTRIES",
            Self::TooManyRows => "TOO_MANY_ROWS",
            Self::UnknownColumn => "UNKNOWN_COLUMN",
            Self::UnknownEnumeration => "UNKNOWN_ENUMERATION",
            Self::UnknownFile => "UNKNOWN_FILE",
            Self::UnknownReference => "UNKNOWN_REFERENCE",
            Self::UnknownSchool => "UNKNOWN_SCHOOL",
            Self::UnsupportedCompression => "UNSUPPORTED_COMPRESSION",
            Self::UnsupportedVersion => "UNSUPPORTED_VERSION",
            Self::Utf16 => "UTF_16",
            Self::ZipBomb => "ZIP_BOMB",
            Self::ZipUnreadable => "ZIP_UNREADABLE",
        }
    }
}

/// Everything that is wrong: the first [`MOST_KEPT`] that were found, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problems {
    kept: Vec<Problem>,
    count: u32,
}

impl Problems {
    pub(crate) fn add(&mut self, place: Place<'_>, reason: Reason, message: impl Into<String>) {
        self.push(place, Cow::Borrowed(reason.as_str()), message);
    }

    /// One that somebody else found, in that service's own reason.
    pub(crate) fn add_foreign(&mut self, place: Place<'_>, reason: &str, message: &str) {
        let reason = Cow::Owned(storable(reason, MOST_VALUE));
        self.push(place, reason, storable(message, MOST_MESSAGE));
    }

    fn push(&mut self, place: Place<'_>, reason: Cow<'static, str>, message: impl Into<String>) {
        self.count = self.count.saturating_add(1);
        if self.kept.len() < MOST_KEPT {
            self.kept.push(Problem {
                file: storable(place.file, MOST_VALUE),
                line: place.line,
                column: storable(place.column, MOST_VALUE),
                value: storable(place.value, MOST_VALUE),
                reason,
                message: message.into(),
            });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them, kept or not.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Those that were kept, by file in the order of reading, then by line.
    pub(crate) fn sorted(mut self) -> Vec<Problem> {
        let mut files: Vec<String> = Vec::new();
        for problem in &self.kept {
            if !files.contains(&problem.file) {
                files.push(problem.file.clone());
            }
        }
        let place = |problem: &Problem| files.iter().position(|file| *file == problem.file);
        self.kept
            .sort_by_cached_key(|problem| (place(problem), problem.line));
        self.kept
    }
}

/// A text from outside, short and without what a database or a terminal would take amiss.
fn storable(text: &str, most: usize) -> String {
    text.chars()
        .take(most)
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect()
}
