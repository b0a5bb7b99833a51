//! `enrollments.csv`: who is in which class today.

use std::collections::HashMap;

use preau_kernel::access::Part;
use time::Date;

use super::known::Known;
use super::people::Places;
use super::problems::{Place, Problems, Reason};
use super::rows::Row;
use super::schema::File;
use super::school::School;
use super::words;
use super::{ImportedEnrolment, ImportedPerson};
use crate::domain::Standing;

/// Rows that count: in force today, of a pupil or a teacher. Numbers are of rows.
pub(super) struct Enrolments {
    today: Date,
    rows: Vec<EnrolmentRow>,
}

struct EnrolmentRow {
    line: u32,
    class: u32,
    user: u32,
    part: Part,
    primary: bool,
}

/// Who answers for each class: an index into the people.
pub(super) struct Teachers {
    /// With whether `primary` said so.
    of_class: Vec<Option<(usize, bool)>>,
}

impl Teachers {
    pub(super) fn of(&self, class: usize) -> Option<usize> {
        let (teacher, _) = self.of_class.get(class).copied().flatten()?;
        Some(teacher)
    }

    /// The first one who is primary; without one, the first.
    fn offer(&mut self, class: usize, person: usize, primary: bool) {
        if let Some(slot) = self.of_class.get_mut(class)
            && slot.is_none_or(|(_, already)| primary && !already)
        {
            *slot = Some((person, primary));
        }
    }
}

impl Enrolments {
    pub(super) fn new(today: Date) -> Self {
        Self {
            today,
            rows: Vec::new(),
        }
    }

    pub(super) fn enrolment(
        &mut self,
        row: &Row<'_>,
        known: &Known,
        school: &School,
        problems: &mut Problems,
    ) {
        school.check_row(row, known, problems);
        let period = row.period();
        if period.is_backwards() {
            let text = "ends before it begins: correct one of the dates";
            problems.add(row.at("endDate"), Reason::InvalidPeriod, text);
            return;
        }
        let Some(part) = words::part(row.get("role")) else {
            return;
        };
        let class = known.row(File::Classes, row.get("classSourcedId"));
        let user = known.row(File::Users, row.get("userSourcedId"));
        if let (Some(class), Some(user)) = (class, user)
            && period.holds(self.today)
        {
            self.rows.push(EnrolmentRow {
                line: row.line,
                class,
                user,
                part,
                primary: row.get("primary") == "true",
            });
        }
    }

    /// The enrolments of people with access, each once, and who answers for each of `classes` classes.
    pub(super) fn resolve(
        self,
        people: &[ImportedPerson],
        places: &Places,
        classes: usize,
        problems: &mut Problems,
    ) -> (Vec<ImportedEnrolment>, Teachers) {
        let mut teachers = Teachers {
            of_class: vec![None; classes],
        };
        let mut members = Members::default();
        for row in &self.rows {
            let Some(person) = places.get(row.user as usize).copied().flatten() else {
                continue;
            };
            let class = row.class as usize;
            let enrolment = ImportedEnrolment {
                class,
                person,
                part: row.part,
            };
            let user = people.get(person).map_or("", |person| &*person.sourced_id);
            members.enter(enrolment, row.line, user, problems);
            if row.part == Part::Teacher {
                teachers.offer(class, person, row.primary);
            }
        }
        (members.found, teachers)
    }
}

/// Who is in which class.
#[derive(Default)]
struct Members {
    found: Vec<ImportedEnrolment>,
    seen: HashMap<(usize, usize), Part>,
    /// How many classes each person is in.
    classes: HashMap<usize, u32>,
}

impl Members {
    fn enter(
        &mut self,
        enrolment: ImportedEnrolment,
        line: u32,
        user: &str,
        problems: &mut Problems,
    ) {
        let place = Place::file(File::Enrollments.entry()).line(line);
        let ImportedEnrolment {
            class,
            person,
            part,
        } = enrolment;
        if let Some(before) = self.seen.insert((class, person), part) {
            if before != part {
                let place = place.column("role", word(part));
                let text = "the same person is a pupil and a teacher of the class today: end one of the enrolments";
                problems.add(place, Reason::ConflictingEnrolments, text);
            }
            return;
        }
        let count = self.classes.entry(person).or_default();
        *count += 1;
        if *count == Standing::MAX_CLASSES + 1 {
            let text = format!(
                "the person would be in more than {} classes: end some of the enrolments",
                Standing::MAX_CLASSES
            );
            problems.add(
                place.column("userSourcedId", user),
                Reason::TooManyClasses,
                text,
            );
        }
        self.found.push(enrolment);
    }
}

fn word(part: Part) -> &'static str {
    match part {
        Part::Student => "student",
        Part::Teacher => "teacher",
    }
}
