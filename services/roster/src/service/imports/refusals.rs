use crate::domain::PlannedPerson;
use crate::domain::oneroster::{ImportedPerson, Place, USERS};

/// A row of the file of people, as far as it is at hand: what is not is an empty text.
#[derive(Clone, Copy)]
pub(super) struct UsersRow<'a> {
    line: u32,
    sourced_id: &'a str,
    login: &'a str,
    given_name: &'a str,
    family_name: &'a str,
    enabled: bool,
}

impl<'a> UsersRow<'a> {
    /// As it was just read.
    pub(super) fn read(person: &'a ImportedPerson) -> Self {
        Self {
            line: person.line,
            sourced_id: &person.sourced_id,
            login: &person.login,
            given_name: &person.given_name,
            family_name: &person.family_name,
            enabled: person.enabled,
        }
    }

    /// As a plan keeps it: without names, which validation checks for good.
    pub(super) fn planned(person: &'a PlannedPerson) -> Self {
        Self {
            line: person.line,
            sourced_id: &person.who.sourced_id,
            login: &person.login,
            given_name: "",
            family_name: "",
            enabled: person.who.enabled,
        }
    }

    /// Where a field of the contract's `ImportedPerson` comes from.
    pub(super) fn place(self, field: &str) -> Place<'a> {
        let (column, value) = match field {
            "login" => ("username", self.login),
            "given_name" => ("givenName", self.given_name),
            "family_name" => ("familyName", self.family_name),
            "enabled" => ("enabledUser", if self.enabled { "true" } else { "false" }),
            _ => ("sourcedId", self.sourced_id),
        };
        Place::file(USERS).line(self.line).column(column, value)
    }
}
