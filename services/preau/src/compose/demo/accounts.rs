//! Whose accounts the demonstration opens, of the 99 people in its roster. Every name is invented.

use std::fmt::Write;

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::journal::PLATFORM_FILE;
use crate::config::Config;
use crate::failure::{Failure, at_path};

pub(super) const SCHOOL: &str = "Lycée de la Grande Ourse";

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

/// The rest wait for a code: hashing a hundred passwords would make the first start slow.
const PEOPLE: [(Kind, Option<&str>, &str, &str); 12] = [
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
    // Teaches two classes and is answerable for neither.
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
    (
        Kind::Teacher,
        Some("1re C"),
        "Jean-Baptiste Kerouédan",
        "jean-baptiste.kerouedan",
    ),
    (
        Kind::Student,
        Some("1re C"),
        "Rokhaya Azerrouk",
        "rokhaya.azerrouk",
    ),
];

/// The accounts, with fresh passwords.
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
    use std::io::Read as _;

    /// The file of a roster, as text.
    fn file(name: &str) -> String {
        let zip = std::io::Cursor::new(super::super::school::ROSTER);
        let mut zip = zip::ZipArchive::new(zip).expect("a zip");
        let mut text = String::new();
        let mut file = zip.by_name(name).expect("a file of the roster");
        file.read_to_string(&mut text).expect("UTF-8");
        text
    }

    /// The id of the only row that holds `part`, which names it.
    fn id_of(rows: &str, part: &str) -> String {
        let found: Vec<&str> = rows.lines().filter(|row| row.contains(part)).collect();
        assert_eq!(found.len(), 1, "{part}: {found:?}");
        found[0]
            .split(',')
            .next()
            .expect("a first field")
            .to_owned()
    }

    #[test]
    fn everybody_is_in_the_roster_with_this_name_and_in_this_class() {
        let (users, classes) = (file("users.csv"), file("classes.csv"));
        let enrollments = file("enrollments.csv");
        for account in invent() {
            let (given, family) = account.name.split_once(' ').expect("two names");
            let person = id_of(
                &users,
                &format!(",true,{},,{given},{family},", account.login),
            );
            let Some(class) = account.class else {
                assert_eq!(account.role, Kind::Admin);
                continue;
            };
            let class = id_of(&classes, &format!(",,,{class},"));
            let role = match account.role {
                Kind::Student => "student",
                Kind::Teacher | Kind::Admin => "teacher",
            };
            id_of(
                &enrollments,
                &format!("{class},lycee-grande-ourse,{person},{role},"),
            );
        }
    }

    #[test]
    fn the_first_teacher_of_a_class_is_its_main_one() {
        let (users, classes) = (file("users.csv"), file("classes.csv"));
        let enrollments = file("enrollments.csv");
        for class in ["2de A", "2de B", "1re C"] {
            let people = invent();
            let mut teachers = people
                .iter()
                .filter(|account| account.role == Kind::Teacher)
                .filter(|account| account.class.as_deref() == Some(class));
            let first = teachers.next().expect("a teacher");
            let person = id_of(&users, &format!(",{},", first.login));
            let class = id_of(&classes, &format!(",,,{class},"));
            id_of(
                &enrollments,
                &format!("{class},lycee-grande-ourse,{person},teacher,true,"),
            );
        }
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
