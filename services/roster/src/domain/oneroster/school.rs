//! `orgs.csv` and `academicSessions.csv`: the school, and only this one.

use std::collections::HashSet;

use preau_kernel::uai::Uai;

use super::Expected;
use super::dates::date;
use super::known::Known;
use super::problems::{Place, Problems, Reason};
use super::rows::Row;
use super::schema::File;

/// The school that the file must be of, and the ids under which the file has it.
pub(super) struct School {
    uai: Uai,
    ids: HashSet<Box<str>>,
    /// Whether some row named another school, or this one badly: then its absence was told already.
    told: bool,
}

impl School {
    pub(super) fn new(expected: &Expected) -> Self {
        Self {
            uai: expected.uai.clone(),
            ids: HashSet::new(),
            told: false,
        }
    }

    /// A row of `orgs.csv`. Districts and the like may be named; another school may not.
    pub(super) fn org(&mut self, row: &Row<'_>, problems: &mut Problems) {
        if row.get("type") != "school" {
            return;
        }
        let identifier = row.get("identifier");
        let place = row.at("identifier");
        if identifier.is_empty() {
            self.told = true;
            let text = "a school needs its UAI here: seven digits and a letter";
            problems.add(place, Reason::MissingValue, text);
            return;
        }
        match identifier.parse::<Uai>() {
            Err(error) => {
                self.told = true;
                problems.add(place, Reason::InvalidUai, error.to_string());
            }
            Ok(uai) if uai != self.uai => {
                self.told = true;
                let text = format!(
                    "not the school that this import is for, which is {}: choose the other school, or export this one",
                    self.uai
                );
                problems.add(place, Reason::UnknownSchool, text);
            }
            Ok(_) => {
                self.ids.insert(row.get("sourcedId").into());
            }
        }
    }

    /// After all of `orgs.csv`.
    pub(super) fn check(&mut self, known: &Known, problems: &mut Problems) {
        // Where a row could not be taken, it may have been the school's.
        let whole = known
            .of(File::Orgs)
            .is_some_and(|ids| ids.values().all(Option::is_some));
        self.told |= !whole;
        if self.ids.is_empty() && !self.told {
            self.told = true;
            let text = format!(
                "no row of type school has the UAI {}: add the school",
                self.uai
            );
            problems.add(Place::file(File::Orgs.entry()), Reason::SchoolMissing, text);
        }
    }

    pub(super) fn is(&self, org: &str) -> bool {
        self.ids.contains(org)
    }

    /// Makes sure that a row is of this school, where its org is known at all (an unknown one was told already).
    pub(super) fn check_row(&self, row: &Row<'_>, known: &Known, problems: &mut Problems) {
        let org = row.get("schoolSourcedId");
        let is_known = known
            .of(File::Orgs)
            .is_some_and(|ids| ids.contains_key(org));
        if is_known && !self.is(org) && !self.told {
            let text =
                "not the school that this import is for: import each school's classes on their own";
            problems.add(row.at("schoolSourcedId"), Reason::UnknownSchool, text);
        }
    }
}

/// A row of `academicSessions.csv`: nothing of it is kept.
pub(super) fn session(row: &Row<'_>, problems: &mut Problems) {
    let (start, end) = (date(row.get("startDate")), date(row.get("endDate")));
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        let text = "ends before it begins: correct one of the dates";
        problems.add(row.at("endDate"), Reason::InvalidPeriod, text);
    }
}
