//! Good files.

use preau_kernel::access::{Part, Role};
use time::macros::date;

use super::fixture::{Files, roster};
use crate::domain::oneroster::ImportedEnrolment;

#[test]
fn people_roles_classes_and_enrolments_are_read() {
    let school = roster(&Files::small());
    let logins: Vec<_> = school.people.iter().map(|person| &*person.login).collect();
    assert_eq!(logins, ["t.un", "t.deux", "p.trois", "p.quatre"]);
    assert_eq!(school.people_without_role, 1, "the parent");
    let first = &school.people[0];
    assert_eq!(
        (&*first.given_name, &*first.family_name, first.line),
        ("Tess", "Un", 2)
    );
    let roles: Vec<_> = first.roles.iter().map(|held| held.role).collect();
    assert_eq!(roles, [Role::Teacher, Role::SchoolAdmin]);
    assert_eq!(first.roles[1].period.ends, Some(date!(2027 - 07 - 03)));
    assert!(school.people[0].enabled && !school.people[3].enabled);

    let classes: Vec<_> = school
        .classes
        .iter()
        .map(|class| (&*class.sourced_id, class.name.as_str(), class.main_teacher))
        .collect();
    // Primary wins over first; without a primary teacher, the first.
    assert_eq!(classes, [("c1", "2de A", 0), ("c2", "2de B", 1)]);
    let member = |class, person, part| ImportedEnrolment {
        class,
        person,
        part,
    };
    assert_eq!(
        school.enrolments,
        [
            member(0, 1, Part::Teacher),
            member(0, 0, Part::Teacher),
            member(1, 1, Part::Teacher),
            member(0, 2, Part::Student),
            member(1, 3, Part::Student),
        ]
    );
}

#[test]
fn a_byte_order_mark_and_crlf_change_nothing() {
    let plain = Files::small();
    let mut dressed = plain.clone();
    for (_, bytes) in &mut dressed.0 {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = format!("\u{FEFF}{}", text.replace('\n', "\r\n")).into_bytes();
    }
    assert_eq!(roster(&plain), roster(&dressed));
}

#[test]
fn files_whose_lines_end_with_cr_alone_read_alike() {
    let plain = Files::small();
    let mut old = plain.clone();
    for (_, bytes) in &mut old.0 {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replace('\n', "\r").into_bytes();
    }
    assert_eq!(roster(&plain), roster(&old));
}

#[test]
fn columns_of_the_exporters_own_stand_to_the_right() {
    let plain = Files::small();
    let text = plain.text("orgs.csv");
    let mut lines = text.lines();
    let header = format!("{},metadata.couleur\n", lines.next().unwrap());
    let rows: String = lines.map(|line| format!("{line},bleu\n")).collect();
    let extended = plain.clone().with("orgs.csv", header + &rows);
    assert_eq!(roster(&plain), roster(&extended));
}

#[test]
fn files_that_a_roster_has_no_use_for_are_passed_over() {
    let with_results = Files::small()
        .replace("manifest.csv", "file.results,absent", "file.results,bulk")
        .with("results.csv", "whatever");
    assert_eq!(roster(&with_results), roster(&Files::small()));
}

#[test]
fn only_what_is_in_force_today_counts() {
    let files = Files::small()
        .append(
            "enrollments.csv",
            "e6,,,c2,s1,u3,student,,2026-09-01,2026-11-27\n",
        )
        .append("enrollments.csv", "e7,,,c2,s1,u1,teacher,,2026-11-28,\n")
        .append("enrollments.csv", "e8,,,c2,s1,u1,administrator,,,\n")
        .append("enrollments.csv", "e9,,,c2,s1,u1,ext:documentaliste,,,\n");
    assert_eq!(roster(&files), roster(&Files::small()));
    let over = Files::small().replace(
        "roles.csv",
        "u4,primary,student,,",
        "u4,primary,student,,2026-11-01",
    );
    let school = roster(&over);
    assert_eq!((school.people.len(), school.people_without_role), (3, 2));
    assert_eq!(
        school.enrolments.len(),
        4,
        "nobody without a role is in a class"
    );
}

#[test]
fn roles_that_let_nobody_in_make_nobody() {
    for role in [
        "parent",
        "guardian",
        "aide",
        "proctor",
        "districtAdministrator",
        "ext:agent",
    ] {
        let files = Files::small().replace(
            "roles.csv",
            "u4,primary,student",
            &format!("u4,primary,{role}"),
        );
        assert_eq!(roster(&files).people_without_role, 2, "{role}");
    }
    for role in ["principal", "siteAdministrator", "systemAdministrator"] {
        let files = Files::small().replace(
            "roles.csv",
            "u5,primary,parent",
            &format!("u5,primary,{role}"),
        );
        let school = roster(&files);
        assert_eq!(school.people[4].roles[0].role, Role::SchoolAdmin, "{role}");
    }
}

#[test]
fn a_role_held_twice_is_one_over_both_periods() {
    let files = Files::small().append(
        "roles.csv",
        "r7,,,u1,secondary,principal,2026-01-01,2027-01-01,s1,\nr8,,,u3,secondary,student,2026-09-01,,s1,\n",
    );
    let school = roster(&files);
    let admin = school.people[0].roles[1];
    assert_eq!(admin.period.begins, Some(date!(2026 - 01 - 01)));
    assert_eq!(admin.period.ends, Some(date!(2027 - 07 - 03)));
    assert_eq!(school.people[2].roles.len(), 1);
    assert_eq!(school.people[2].roles[0].period.begins, None);
}

#[test]
fn a_title_that_repeats_is_told_apart_by_its_code() {
    let files = Files::small().replace("classes.csv", ",2de B,", ",2DE A,");
    let school = roster(&files);
    let names: Vec<_> = school
        .classes
        .iter()
        .map(|class| class.name.as_str())
        .collect();
    assert_eq!(names, ["2de A (2A)", "2DE A (2B)"]);
}
