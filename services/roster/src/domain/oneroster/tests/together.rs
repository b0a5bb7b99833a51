//! What only several rows can have wrong.

use super::fixture::{Files, assert_problems, problems, roster};
use crate::domain::Standing;
use crate::domain::oneroster::problems::MOST_KEPT;

#[test]
fn the_school_is_the_one_that_the_import_is_for() {
    assert_problems(
        &Files::small().replace("orgs.csv", "0951099D", "0870003F"),
        &[("orgs.csv", 2, "identifier", "0870003F", "UNKNOWN_SCHOOL")],
    );
    assert_problems(
        &Files::small().replace("orgs.csv", "0951099D", "0951098D"),
        &[("orgs.csv", 2, "identifier", "0951098D", "INVALID_UAI")],
    );
    assert_problems(
        &Files::small().replace("orgs.csv", "0951099D", ""),
        &[("orgs.csv", 2, "identifier", "", "MISSING_VALUE")],
    );
    assert_problems(
        &Files::small().replace("orgs.csv", "school,0951099D", "local,0951099D"),
        &[("orgs.csv", 0, "", "", "SCHOOL_MISSING")],
    );
    assert_problems(
        &Files::small().append("orgs.csv", "s2,,,Collège,school,0870003F,\n"),
        &[("orgs.csv", 4, "identifier", "0870003F", "UNKNOWN_SCHOOL")],
    );
    assert_problems(
        &Files::small().replace("classes.csv", "2B,homeroom,,s1", "2B,homeroom,,d1"),
        &[("classes.csv", 3, "schoolSourcedId", "d1", "UNKNOWN_SCHOOL")],
    );
    assert_problems(
        &Files::small().replace("classes.csv", "2B,homeroom,,s1", "2B,homeroom,,s9"),
        &[(
            "classes.csv",
            3,
            "schoolSourcedId",
            "s9",
            "UNKNOWN_REFERENCE",
        )],
    );
}

#[test]
fn a_login_is_one_persons_whatever_its_case() {
    assert_problems(
        &Files::small().replace("users.csv", "p.quatre", "P.TROIS"),
        &[("users.csv", 5, "username", "P.TROIS", "DUPLICATE_LOGIN")],
    );
}

#[test]
fn a_title_that_repeats_with_its_code_is_told() {
    let files = Files::small()
        .replace("classes.csv", ",2de B,", ",2de a,")
        .replace("classes.csv", ",2B,", ",2A,");
    assert_problems(
        &files,
        &[("classes.csv", 3, "title", "2de a", "DUPLICATE_TITLE")],
    );
}

#[test]
fn a_class_has_a_teacher_of_the_school_today() {
    assert_problems(
        &Files::small().replace(
            "enrollments.csv",
            "e3,,,c2,s1,u2,teacher",
            "e3,,,c2,s1,u2,proctor",
        ),
        &[("classes.csv", 3, "sourcedId", "c2", "CLASS_WITHOUT_TEACHER")],
    );
    assert_problems(
        &Files::small().replace("enrollments.csv", "e3,,,c2,s1,u2", "e3,,,c2,s1,u5"),
        &[("classes.csv", 3, "sourcedId", "c2", "CLASS_WITHOUT_TEACHER")],
    );
    assert_problems(
        &Files::small().replace(
            "enrollments.csv",
            "u2,teacher,,,",
            "u2,teacher,,,2026-11-27",
        ),
        &[("classes.csv", 3, "sourcedId", "c2", "CLASS_WITHOUT_TEACHER")],
    );
}

#[test]
fn nobody_is_pupil_and_teacher_of_one_class() {
    assert_problems(
        &Files::small().append("enrollments.csv", "e6,,,c1,s1,u3,teacher,,,\n"),
        &[(
            "enrollments.csv",
            7,
            "role",
            "teacher",
            "CONFLICTING_ENROLMENTS",
        )],
    );
    let twice = Files::small().append("enrollments.csv", "e6,,,c1,s1,u3,student,,,\n");
    assert_eq!(roster(&twice), roster(&Files::small()));
}

#[test]
fn nobody_is_in_more_classes_than_can_be_listed() {
    let mut files = Files::small();
    for number in 0..Standing::MAX_CLASSES {
        let class = format!("k{number},,,Groupe {number},,co1,,scheduled,,s1,y1,,,\n");
        files = files.append("classes.csv", &class);
        let rows = format!("k{number},,,k{number},s1,u1,teacher,,,\n");
        files = files.append("enrollments.csv", &rows);
    }
    assert_problems(
        &files,
        &[(
            "enrollments.csv",
            206,
            "userSourcedId",
            "u1",
            "TOO_MANY_CLASSES",
        )],
    );
}

#[test]
fn all_problems_are_counted_and_a_thousand_kept() {
    let rows: String = (0..1500)
        .map(|number| format!("x{number},,,c9,s1,u1,teacher,,,\n"))
        .collect();
    let found = problems(&Files::small().append("enrollments.csv", &rows));
    assert_eq!(found.count(), 1500);
    assert_eq!(found.sorted().len(), MOST_KEPT);
}

#[test]
fn a_file_that_could_not_be_read_makes_no_reference_wrong() {
    let files = Files::small().replace("users.csv", "givenName,", "");
    assert_problems(
        &files,
        &[("users.csv", 1, "givenName", "", "MISSING_COLUMN")],
    );
}
