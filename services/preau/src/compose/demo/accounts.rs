//! Who is at the demonstration school. Every name is invented.

use std::fmt::Write;

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::journal::PLATFORM_FILE;
use crate::config::Config;
use crate::failure::{Failure, at_path};

pub(super) const SCHOOL: &str = "Lycée de la Grande Ourse";
pub(super) const CLASSES: [&str; 2] = ["2de A", "2de B"];

/// The file of accounts: its presence says that the school is made.
pub(super) const ACCOUNTS_FILE: &str = "demo-accounts.json";

/// One account as `demo-accounts.json` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) role: Kind,
    pub(super) school: String,
    /// A pupil's class, a teacher's main class, nothing for the administrator.
    pub(super) class: Option<String>,
    /// Given name, a space, family name.
    pub(super) name: String,
    pub(super) login: String,
    pub(super) password: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Student,
    Teacher,
    Admin,
}

const PEOPLE: [(Kind, Option<&str>, &str, &str); 10] = [
    (Kind::Admin, None, "Agnès Rivoire", "agnes.rivoire"),
    (
        Kind::Teacher,
        Some("2de A"),
        "Claire Dormeuil",
        "claire.dormeuil",
    ),
    (
        Kind::Teacher,
        Some("2de B"),
        "Karim Belhassen",
        "karim.belhassen",
    ),
    // Teaches both classes and is answerable for neither.
    (
        Kind::Teacher,
        Some("2de A"),
        "Sophie Vauquelin",
        "sophie.vauquelin",
    ),
    (Kind::Student, Some("2de A"), "Inès Valmont", "ines.valmont"),
    (
        Kind::Student,
        Some("2de A"),
        "Bastien Corvoisier",
        "bastien.corvoisier",
    ),
    (
        Kind::Student,
        Some("2de A"),
        "Maëlle Trégastel",
        "maelle.tregastel",
    ),
    (
        Kind::Student,
        Some("2de B"),
        "Hugo Lanternier",
        "hugo.lanternier",
    ),
    (
        Kind::Student,
        Some("2de B"),
        "Zoé Beaurivage",
        "zoe.beaurivage",
    ),
    (
        Kind::Student,
        Some("2de B"),
        "Nathan Quillerou",
        "nathan.quillerou",
    ),
];

impl Account {
    /// Given and family name.
    pub(super) fn names(&self) -> (&str, &str) {
        self.name
            .split_once(' ')
            .unwrap_or((&self.name, &self.name))
    }

    /// Whether this person is to be enrolled in a class.
    pub(super) fn is_in(&self, class: &str) -> bool {
        match self.role {
            Kind::Admin => false,
            Kind::Student => self.class.as_deref() == Some(class),
            Kind::Teacher => self.class.as_deref() == Some(class) || self.teaches_every_class(),
        }
    }

    /// Whether this teacher answers for the class.
    pub(super) fn is_main_teacher_of(&self, class: &str) -> bool {
        self.role == Kind::Teacher
            && self.class.as_deref() == Some(class)
            && !self.teaches_every_class()
    }

    fn teaches_every_class(&self) -> bool {
        self.role == Kind::Teacher && self.login == PEOPLE[3].3
    }
}

/// Everybody, with fresh passwords.
pub(super) fn invent() -> Vec<Account> {
    PEOPLE
        .iter()
        .map(|(role, class, name, login)| Account {
            role: *role,
            school: SCHOOL.into(),
            class: class.map(Into::into),
            name: (*name).into(),
            login: (*login).into(),
            password: password(),
        })
        .collect()
}

/// Twelve characters that are hard to mistake for one another: about 59 random bits.
pub(super) fn password() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut rng = rand::rng();
    let mut group = || -> String {
        (0..4)
            .map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]))
            .collect()
    };
    [group(), group(), group()].join("-")
}

/// Whether the school was made at an earlier start.
pub(super) fn exist(config: &Config) -> bool {
    config.data_dir.join(ACCOUNTS_FILE).exists()
}

/// Prints the accounts, to standard error: standard output has one line for programs.
pub(super) fn show(config: &Config) -> Result<(), Failure> {
    let path = config.data_dir.join(ACCOUNTS_FILE);
    let text =
        std::fs::read(&path).map_err(|error| at_path("cannot read the accounts", &path, &error))?;
    let accounts: Vec<Account> = serde_json::from_slice(&text).map_err(|_| {
        Failure::new(
            "the file of accounts is damaged",
            path.display(),
            "start without --demo; the data are fine",
        )
    })?;
    eprint!("{}", table(&accounts));
    Ok(())
}

fn table(accounts: &[Account]) -> String {
    let mut text = format!("\n{SCHOOL}: sign in with\n\n");
    for account in accounts {
        let role = match account.role {
            Kind::Student => "student",
            Kind::Teacher => "teacher",
            Kind::Admin => "admin",
        };
        let class = account.class.as_deref().unwrap_or("-");
        let Account {
            name,
            login,
            password,
            ..
        } = account;
        let _ = writeln!(text, "  {role:8} {class:6} {name:20} {login:20} {password}");
    }
    let _ = writeln!(
        text,
        "\nThese are in {ACCOUNTS_FILE} of the data directory, the platform's administrator is in {PLATFORM_FILE}.\n"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_school_has_the_people_it_should() {
        let people = invent();
        let count = |kind| people.iter().filter(|account| account.role == kind).count();
        assert_eq!(
            (
                count(Kind::Student),
                count(Kind::Teacher),
                count(Kind::Admin)
            ),
            (6, 3, 1)
        );
        for class in CLASSES {
            let main = people
                .iter()
                .filter(|account| account.is_main_teacher_of(class))
                .count();
            assert_eq!(main, 1, "{class} has one main teacher");
            let members = people.iter().filter(|account| account.is_in(class)).count();
            assert_eq!(members, 5, "three pupils and two teachers");
        }
        let admin = people
            .iter()
            .find(|account| account.role == Kind::Admin)
            .expect("there");
        assert_eq!(admin.class, None);
    }

    #[test]
    fn passwords_are_random_and_long_enough() {
        let all: HashSet<String> = (0..100).map(|_| password()).collect();
        assert_eq!(all.len(), 100);
        assert!(all.iter().all(|password| password.len() == 14));
    }

    #[test]
    fn the_file_has_the_promised_shape() {
        let value = serde_json::to_value(invent()).expect("JSON");
        let first = value[0].as_object().expect("an object");
        let keys: HashSet<&str> = first.keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            HashSet::from(["role", "school", "class", "name", "login", "password"])
        );
        assert_eq!(first["role"], "admin");
        assert!(first["class"].is_null());
    }
}
