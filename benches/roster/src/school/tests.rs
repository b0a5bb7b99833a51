#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;
use std::io::{Cursor, Read as _};

use super::School;
use crate::table::Table;

const SMALL: School = School {
    uai: "0951099D",
    pupils: 40,
    teachers: 4,
    classes: 7,
    classes_per_pupil: 3,
};

fn table<'a>(tables: &'a [Table], name: &str) -> &'a Table {
    tables.iter().find(|table| table.name == name).unwrap()
}

fn column(table: &Table, name: &str) -> Vec<String> {
    let place = table
        .columns
        .iter()
        .position(|column| *column == name)
        .unwrap();
    table.rows.iter().map(|row| row[place].clone()).collect()
}

fn distinct<T: std::hash::Hash + Eq>(values: &[T]) -> usize {
    values.iter().collect::<HashSet<_>>().len()
}

#[test]
fn the_large_school_has_the_numbers_the_benchmark_names() {
    let school = School::LARGE;
    let tables = school.tables();
    assert_eq!(school.people(), 20_000);
    assert_eq!(table(&tables, "users").rows.len(), 20_000);
    assert_eq!(table(&tables, "roles").rows.len(), 20_000);
    assert_eq!(table(&tables, "classes").rows.len(), 700);
    let enrollments = table(&tables, "enrollments");
    assert_eq!(enrollments.rows.len(), 77_400);
    assert_eq!(school.enrolments(), 77_400);
    let mut of_pupils = column(enrollments, "role");
    of_pupils.retain(|role| role == "student");
    assert_eq!(of_pupils.len(), 19_000 * 4);
    let logins = column(table(&tables, "users"), "username");
    assert_eq!(distinct(&logins), 20_000);
}

#[test]
fn nobody_is_enrolled_twice_in_a_class_and_every_class_has_one_main_teacher() {
    for school in [SMALL, School::LARGE] {
        let tables = [school.enrollments()];
        let enrollments = table(&tables, "enrollments");
        let classes = column(enrollments, "classSourcedId");
        let users = column(enrollments, "userSourcedId");
        let places: Vec<_> = classes.iter().zip(&users).collect();
        assert_eq!(distinct(&places), places.len());
        let primary = column(enrollments, "primary");
        let main: Vec<_> = classes
            .iter()
            .zip(&primary)
            .filter(|(_, primary)| *primary == "true")
            .collect();
        assert_eq!(main.len(), school.classes as usize);
        assert_eq!(distinct(&main), main.len());
    }
}

#[test]
fn ids_are_unique_and_every_reference_leads_somewhere() {
    let tables = SMALL.tables();
    let data = || tables.iter().filter(|table| table.name != "manifest");
    let ids: Vec<String> = data()
        .flat_map(|table| column(table, "sourcedId"))
        .collect();
    assert_eq!(distinct(&ids), ids.len());
    let mut followed = 0;
    for table in data() {
        for name in &table.columns {
            let singular = name.ends_with("SourcedId");
            if !singular && *name != "termSourcedIds" {
                continue;
            }
            for value in column(table, name) {
                for reference in value.split(',').filter(|id| !id.is_empty()) {
                    assert!(
                        ids.iter().any(|id| id == reference),
                        "{} {name}",
                        table.name
                    );
                    followed += 1;
                }
            }
        }
    }
    assert!(followed > 500, "{followed}");
}

#[test]
fn the_manifest_calls_bulk_what_is_there_and_absent_what_is_not() {
    let tables = SMALL.tables();
    let manifest = &tables[0];
    assert_eq!(manifest.name, "manifest");
    let mut bulk = Vec::new();
    for row in &manifest.rows {
        if let Some(file) = row[0].strip_prefix("file.") {
            let there = tables.iter().any(|table| table.name == file);
            assert_eq!(row[1], if there { "bulk" } else { "absent" }, "{file}");
            bulk.extend(there.then_some(file));
        }
    }
    assert_eq!(bulk.len(), 7, "{bulk:?}");
}

#[test]
fn the_zip_holds_each_table_as_csv_and_is_the_same_every_time() {
    let bytes = SMALL.zip().unwrap();
    assert_eq!(bytes, SMALL.zip().unwrap());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let tables = SMALL.tables();
    assert_eq!(archive.len(), tables.len());
    for table in tables {
        let mut text = String::new();
        let mut entry = archive.by_name(&format!("{}.csv", table.name)).unwrap();
        entry.read_to_string(&mut text).unwrap();
        assert!(text.ends_with("\r\n"), "{}", table.name);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), table.columns);
        let rows: Vec<Vec<String>> = reader.deserialize().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows, table.rows);
    }
}
