//! OneRoster 1.2 CSV, bulk: from the bytes of a zip to a school's roster that holds no mistake, or to every mistake.
//!
//! In stages, so that one mistake is told once: the zip and its manifest; then, file by file, the header and the rows,
//! in the order in which files refer to each other; then what the rows say together. [`read`] is the way in. Nothing of
//! a file is kept but what the roster needs: passwords, mail addresses, telephone numbers and parents are passed over.
//!
//! Sources: imsglobal.org/spec/oneroster/v1p2/bind/csv (1.2.1, August 2023).

mod archive;
mod classes;
mod dates;
mod encoding;
mod enrolments;
mod header;
mod known;
mod manifest;
mod people;
mod problems;
mod records;
mod rows;
mod schema;
mod school;
mod words;

use preau_kernel::access::{Part, Role};
use preau_kernel::names::Name;
use preau_kernel::uai::Uai;
use time::Date;

pub(crate) use archive::MOST_ZIP;
pub(crate) use dates::Period;
pub(crate) use problems::{Place, Problem, Problems, Reason};

use archive::Archive;
use known::Known;
use rows::{Reader, Row};
use schema::{FILES, File};

/// The file of people: where problems that the directory finds belong.
pub(crate) const USERS: &str = "users.csv";
/// The file of classes.
pub(crate) const CLASSES: &str = "classes.csv";

/// What the file must fit.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// The number of the school it is imported into.
    pub(crate) uai: Uai,
    /// The day on which it must hold.
    pub(crate) today: Date,
}

/// A school's roster, valid in itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SchoolRoster {
    /// Who may be somebody here, in the order of the file.
    pub(crate) people: Vec<ImportedPerson>,
    /// How many more the file names, without a role that gives access.
    pub(crate) people_without_role: u32,
    pub(crate) classes: Vec<ImportedClass>,
    /// Who is in a class today, each once.
    pub(crate) enrolments: Vec<ImportedEnrolment>,
}

/// A row of `users.csv` with what `roles.csv` says of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ImportedPerson {
    pub(crate) line: u32,
    pub(crate) sourced_id: Box<str>,
    pub(crate) login: Box<str>,
    pub(crate) given_name: Box<str>,
    pub(crate) family_name: Box<str>,
    pub(crate) enabled: bool,
    /// Never empty; each role once.
    pub(crate) roles: Vec<ImportedRole>,
}

/// A role on the school, while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImportedRole {
    pub(crate) role: Role,
    pub(crate) period: Period,
}

/// A row of `classes.csv` with the teacher that `enrollments.csv` gives it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ImportedClass {
    pub(crate) line: u32,
    pub(crate) sourced_id: Box<str>,
    pub(crate) name: Name,
    /// Who answers for it: an index into the people, enrolled as its teacher.
    pub(crate) main_teacher: usize,
}

/// Somebody in a class; both are indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImportedEnrolment {
    pub(crate) class: usize,
    pub(crate) person: usize,
    pub(crate) part: Part,
}

/// Reads a zip. Costs memory for what the roster keeps and for the ids of the file, never for the file's whole content.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn read(zip: &[u8], expected: &Expected) -> Result<SchoolRoster, Problems> {
    let mut reader = Reader::default();
    let Some(mut archive) = Archive::open(zip, &mut reader.problems) else {
        return Err(reader.problems);
    };
    manifest::check(&mut archive, &mut reader.problems);
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    let mut school = school::School::new(expected);
    let mut classes = classes::Classes::default();
    let mut people = people::People::new(expected.today);
    let mut enrolments = enrolments::Enrolments::new(expected.today);
    for file in FILES {
        let Some(input) = archive.read(file.entry(), &mut reader.problems) else {
            continue;
        };
        let mut take = |row: &Row<'_>, known: &Known, problems: &mut Problems| match file {
            File::Orgs => school.org(row, problems),
            File::AcademicSessions => school::session(row, problems),
            File::Courses => {}
            File::Classes => classes.class(row, known, &school, problems),
            File::Users => people.user(row, problems),
            File::Roles => people.role(row, known, &school, problems),
            File::Enrollments => enrolments.enrolment(row, known, &school, problems),
        };
        reader.read(file, input, &mut take);
        if file == File::Orgs {
            school.check(&reader.known, &mut reader.problems);
        }
    }
    finish(classes, people, enrolments, reader.problems)
}

/// What only the whole can tell; asked only of a file whose rows are all right, or it would tell their mistakes again.
fn finish(
    classes: classes::Classes,
    people: people::People,
    enrolments: enrolments::Enrolments,
    mut problems: Problems,
) -> Result<SchoolRoster, Problems> {
    let named = classes.names(&mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let (people, people_without_role, places) = people.with_access();
    let (enrolments, teachers) = enrolments.resolve(&people, &places, named.len(), &mut problems);
    let classes = classes::with_teachers(named, &teachers, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(SchoolRoster {
        people,
        people_without_role,
        classes,
        enrolments,
    })
}

#[cfg(test)]
pub(crate) mod tests;
