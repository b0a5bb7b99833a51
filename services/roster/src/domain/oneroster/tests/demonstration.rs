//! The demonstration school: invented people, one lycée.

use std::collections::HashMap;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use preau_kernel::access::{Part, Role};
use zip::ZipArchive;

use super::fixture::expected;
use crate::domain::oneroster::{ImportedPerson, read};

const ZIP: &[u8] = include_bytes!("../../../../../../tests/data/demonstration-school.zip");

#[test]
fn the_demonstration_school_is_a_valid_roster() {
    let school = read(ZIP, &expected()).unwrap();
    let count = |role| {
        let holds = |person: &&ImportedPerson| person.roles.iter().any(|held| held.role == role);
        school.people.iter().filter(holds).count()
    };
    assert_eq!(
        (
            count(Role::Student),
            count(Role::Teacher),
            count(Role::SchoolAdmin)
        ),
        (90, 8, 1)
    );
    let mut pupils: HashMap<&str, usize> = HashMap::new();
    let mut teachers = [false; 99];
    for enrolment in &school.enrolments {
        match enrolment.part {
            Part::Student => {
                let name = school.classes[enrolment.class].name.as_str();
                *pupils.entry(name).or_default() += 1;
            }
            Part::Teacher => teachers[enrolment.person] = true,
        }
    }
    assert_eq!(
        pupils,
        HashMap::from([("2de A", 30), ("2de B", 30), ("1re C", 30)])
    );
    assert_eq!(teachers.iter().filter(|teaches| **teaches).count(), 8);
    let main: Vec<_> = school
        .classes
        .iter()
        .map(|class| {
            (
                class.name.as_str(),
                &*school.people[class.main_teacher].login,
            )
        })
        .collect();
    assert_eq!(
        main,
        [
            ("2de A", "claire.dormeuil"),
            ("2de B", "karim.belhassen"),
            ("1re C", "jean-baptiste.kerouedan")
        ]
    );
}

#[test]
fn the_zip_is_what_its_sources_say() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/demonstration");
    let names = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let mut zip = ZipArchive::new(Cursor::new(ZIP)).unwrap();
    let packed = names(
        zip.file_names()
            .map(|name| name.unwrap().into_owned())
            .collect(),
    );
    let on_disk = fs::read_dir(&sources).unwrap();
    let on_disk = on_disk.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(packed, names(on_disk.collect()));
    for name in packed {
        let mut content = Vec::new();
        zip.by_name(&name)
            .unwrap()
            .read_to_end(&mut content)
            .unwrap();
        let source = fs::read(sources.join(&name)).unwrap();
        let remedy = "run cargo run -p preau-roster --example demonstration_zip";
        assert!(
            content == source,
            "{name} is not as in its source: {remedy}"
        );
    }
}
