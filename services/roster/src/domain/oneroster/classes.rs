//! `classes.csv`: what each class is called.

use std::collections::HashMap;

use preau_kernel::names::{Name, fold};

use super::ImportedClass;
use super::enrolments::Teachers;
use super::known::Known;
use super::problems::{Place, Problems, Reason};
use super::rows::{Row, is_formula};
use super::schema::File;
use super::school::School;

/// Rows as they were read.
#[derive(Default)]
pub(super) struct Classes {
    rows: Vec<ClassRow>,
}

struct ClassRow {
    line: u32,
    sourced_id: Box<str>,
    title: Box<str>,
    code: Box<str>,
}

/// A class with its name.
pub(super) struct Named {
    line: u32,
    sourced_id: Box<str>,
    name: Name,
}

impl Classes {
    pub(super) fn class(
        &mut self,
        row: &Row<'_>,
        known: &Known,
        school: &School,
        problems: &mut Problems,
    ) {
        school.check_row(row, known, problems);
        self.rows.push(ClassRow {
            line: row.line,
            sourced_id: row.get("sourcedId").into(),
            title: row.get("title").into(),
            code: row.get("classCode").into(),
        });
    }

    /// A class is called by its title; by title and code where the title stands there more than once.
    pub(super) fn names(self, problems: &mut Problems) -> Vec<Named> {
        let mut titles: HashMap<String, u32> = HashMap::new();
        for row in &self.rows {
            *titles.entry(fold(&row.title)).or_default() += 1;
        }
        let mut taken: HashMap<String, u32> = HashMap::new();
        let mut named = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            let repeats = titles
                .get(&fold(&row.title))
                .is_some_and(|count| *count > 1);
            let text = if repeats && !row.code.is_empty() {
                format!("{} ({})", row.title, row.code)
            } else {
                row.title.to_string()
            };
            let place = Place::file(File::Classes.entry())
                .line(row.line)
                .column("title", &row.title);
            match Name::parse(&text) {
                // These were told with the row.
                Err(_) if row.title.is_empty() || is_formula(&row.title) => {}
                Err(error) => problems.add(place, Reason::InvalidName, error.to_string()),
                Ok(name) => match taken.insert(name.folded(), row.line) {
                    Some(first) => {
                        let text = format!(
                            "line {first} has a class of the same title and code: give one of them another title or classCode"
                        );
                        problems.add(place, Reason::DuplicateTitle, text);
                    }
                    None => named.push(Named {
                        line: row.line,
                        sourced_id: row.sourced_id,
                        name,
                    }),
                },
            }
        }
        named
    }
}

/// Gives each class the teacher who answers for it.
pub(super) fn with_teachers(
    named: Vec<Named>,
    teachers: &Teachers,
    problems: &mut Problems,
) -> Vec<ImportedClass> {
    let mut classes = Vec::with_capacity(named.len());
    for (index, class) in named.into_iter().enumerate() {
        match teachers.of(index) {
            Some(main_teacher) => classes.push(ImportedClass {
                line: class.line,
                sourced_id: class.sourced_id,
                name: class.name,
                main_teacher,
            }),
            None => {
                let place = Place::file(File::Classes.entry())
                    .line(class.line)
                    .column("sourcedId", &class.sourced_id);
                let text = "nobody teaches the class today: enrol a teacher of the school in enrollments.csv, \
                            with primary true for the one who answers for the class";
                problems.add(place, Reason::ClassWithoutTeacher, text);
            }
        }
    }
    classes
}
