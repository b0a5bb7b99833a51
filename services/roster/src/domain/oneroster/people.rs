//! `users.csv` and `roles.csv`: who is at the school, as what.

use std::collections::HashMap;

use preau_kernel::names::{Name, fold};
use time::Date;

use super::known::Known;
use super::problems::{Problems, Reason};
use super::rows::{Row, is_formula};
use super::schema::File;
use super::school::School;
use super::words::access;
use super::{ImportedPerson, ImportedRole};

/// Rows as they were read.
pub(super) struct People {
    today: Date,
    rows: Vec<ImportedPerson>,
    /// Folded logins, each with its line.
    logins: HashMap<String, u32>,
}

/// Where a row of `users.csv` went among the people with access; `None`: it has none.
pub(super) type Places = Vec<Option<usize>>;

impl People {
    pub(super) fn new(today: Date) -> Self {
        Self {
            today,
            rows: Vec::new(),
            logins: HashMap::new(),
        }
    }

    /// A row of `users.csv`.
    pub(super) fn user(&mut self, row: &Row<'_>, problems: &mut Problems) {
        for column in ["givenName", "familyName"] {
            check_name(row, column, problems);
        }
        let login = row.get("username");
        if !login.is_empty()
            && let Some(first) = self.logins.insert(fold(login), row.line)
        {
            let text = format!(
                "line {first} has the same login, upper and lower case counting alike: change one"
            );
            problems.add(row.at("username"), Reason::DuplicateLogin, text);
        }
        self.rows.push(ImportedPerson {
            line: row.line,
            sourced_id: row.get("sourcedId").into(),
            login: login.into(),
            given_name: row.get("givenName").into(),
            family_name: row.get("familyName").into(),
            enabled: row.get("enabledUser") == "true",
            roles: Vec::new(),
        });
    }

    /// A row of `roles.csv`. A role elsewhere than on the school, one that is over and one without access say nothing.
    pub(super) fn role(
        &mut self,
        row: &Row<'_>,
        known: &Known,
        school: &School,
        problems: &mut Problems,
    ) {
        let period = row.period();
        if period.is_backwards() {
            let text = "ends before it begins: correct one of the dates";
            problems.add(row.at("endDate"), Reason::InvalidPeriod, text);
            return;
        }
        let Some(role) = access(row.get("role")) else {
            return;
        };
        if !school.is(row.get("orgSourcedId")) || period.is_over(self.today) {
            return;
        }
        let person = known
            .row(File::Users, row.get("userSourcedId"))
            .and_then(|number| self.rows.get_mut(number as usize));
        let Some(person) = person else { return };
        match person.roles.iter_mut().find(|held| held.role == role) {
            Some(held) => held.period = held.period.joined(period),
            None => person.roles.push(ImportedRole { role, period }),
        }
    }

    /// Those who have a role here, how many have none, and where each row went.
    pub(super) fn with_access(self) -> (Vec<ImportedPerson>, u32, Places) {
        let mut places = Places::with_capacity(self.rows.len());
        let mut people = Vec::with_capacity(self.rows.len());
        let mut without = 0;
        for person in self.rows {
            if person.roles.is_empty() {
                without += 1;
                places.push(None);
            } else {
                places.push(Some(people.len()));
                people.push(person);
            }
        }
        (people, without, places)
    }
}

fn check_name(row: &Row<'_>, column: &'static str, problems: &mut Problems) {
    let name = row.get(column);
    if !name.is_empty()
        && let Err(error) = Name::parse(name)
        // These are told with the row.
        && !name.chars().any(char::is_control)
        && !is_formula(name)
    {
        problems.add(row.at(column), Reason::InvalidName, error.to_string());
    }
}
