//! What one row can have wrong.

use super::fixture::{Files, Seen, assert_problems, problems, seen};

/// One value of the small school changed, and the one problem of it.
#[track_caller]
pub(super) fn assert_one(file: &str, old: &str, new: &str, expected: Seen<'_>) {
    assert_problems(&Files::small().replace(file, old, new), &[expected]);
}

#[test]
fn a_row_has_as_many_fields_as_the_header() {
    assert_one(
        "orgs.csv",
        "0951099D,d1",
        "0951099D,d1,x",
        ("orgs.csv", 2, "", "", "FIELD_COUNT"),
    );
    assert_one(
        "orgs.csv",
        "district,,",
        "district,",
        ("orgs.csv", 3, "", "", "FIELD_COUNT"),
    );
}

#[test]
fn what_is_required_is_not_empty() {
    assert_one(
        "users.csv",
        ",Paul,",
        ",,",
        ("users.csv", 4, "givenName", "", "MISSING_VALUE"),
    );
    assert_one(
        "users.csv",
        ",p.trois,",
        ",,",
        ("users.csv", 4, "username", "", "MISSING_VALUE"),
    );
    assert_one(
        "classes.csv",
        ",2de B,",
        ",,",
        ("classes.csv", 3, "title", "", "MISSING_VALUE"),
    );
    assert_one(
        "roles.csv",
        "r6,,",
        ",,",
        ("roles.csv", 7, "sourcedId", "", "MISSING_VALUE"),
    );
    assert_one(
        "enrollments.csv",
        "u3,student",
        "u3,",
        ("enrollments.csv", 5, "role", "", "MISSING_VALUE"),
    );
}

#[test]
fn an_unknown_enumeration_is_told_with_the_words_allowed() {
    assert_one(
        "roles.csv",
        "parent",
        "Parent",
        ("roles.csv", 6, "role", "Parent", "UNKNOWN_ENUMERATION"),
    );
    assert_one(
        "roles.csv",
        "secondary",
        "ext:x",
        ("roles.csv", 7, "roleType", "ext:x", "UNKNOWN_ENUMERATION"),
    );
    assert_one(
        "orgs.csv",
        "district",
        "ext:",
        ("orgs.csv", 3, "type", "ext:", "UNKNOWN_ENUMERATION"),
    );
    assert_one(
        "academicSessions.csv",
        "schoolYear,2026",
        "year,2026",
        (
            "academicSessions.csv",
            2,
            "type",
            "year",
            "UNKNOWN_ENUMERATION",
        ),
    );
    assert_one(
        "classes.csv",
        "2A,homeroom",
        "2A,classe",
        (
            "classes.csv",
            2,
            "classType",
            "classe",
            "UNKNOWN_ENUMERATION",
        ),
    );
    assert_one(
        "enrollments.csv",
        "u3,student",
        "u3,pupil",
        ("enrollments.csv", 5, "role", "pupil", "UNKNOWN_ENUMERATION"),
    );
}

#[test]
fn dates_years_and_booleans_have_one_form() {
    assert_one(
        "roles.csv",
        "2026-09-01",
        "01/09/2026",
        ("roles.csv", 7, "beginDate", "01/09/2026", "INVALID_DATE"),
    );
    assert_one(
        "academicSessions.csv",
        "2027-07-03",
        "2027-02-29",
        (
            "academicSessions.csv",
            2,
            "endDate",
            "2027-02-29",
            "INVALID_DATE",
        ),
    );
    assert_one(
        "academicSessions.csv",
        ",,2027",
        ",,26-27",
        (
            "academicSessions.csv",
            2,
            "schoolYear",
            "26-27",
            "INVALID_YEAR",
        ),
    );
    assert_one(
        "users.csv",
        "false",
        "False",
        ("users.csv", 5, "enabledUser", "False", "INVALID_BOOLEAN"),
    );
    assert_one(
        "enrollments.csv",
        "teacher,true",
        "teacher,1",
        ("enrollments.csv", 3, "primary", "1", "INVALID_BOOLEAN"),
    );
}

#[test]
fn periods_run_forwards() {
    assert_one(
        "roles.csv",
        "2026-09-01,2027-07-03",
        "2027-07-03,2026-09-01",
        ("roles.csv", 7, "endDate", "2026-09-01", "INVALID_PERIOD"),
    );
    assert_one(
        "enrollments.csv",
        "2026-09-01,2027-07-03",
        "2026-09-01,2026-09-01",
        (
            "enrollments.csv",
            6,
            "endDate",
            "2026-09-01",
            "INVALID_PERIOD",
        ),
    );
    assert_one(
        "academicSessions.csv",
        "2026-09-01,2027-07-03",
        "2027-09-01,2027-07-03",
        (
            "academicSessions.csv",
            2,
            "endDate",
            "2027-07-03",
            "INVALID_PERIOD",
        ),
    );
}

#[test]
fn status_and_date_are_blank_in_bulk() {
    assert_one(
        "users.csv",
        "u3,,",
        "u3,active,",
        ("users.csv", 4, "status", "active", "NOT_BLANK"),
    );
    assert_one(
        "orgs.csv",
        "s1,,",
        "s1,,2026-09-01",
        ("orgs.csv", 2, "dateLastModified", "2026-09-01", "NOT_BLANK"),
    );
}

#[test]
fn a_line_that_ends_inside_a_value_is_told_where_it_begins() {
    let files = Files::small()
        .replace("users.csv", ",Trois,", ",\"Tro\nis\",")
        .replace("users.csv", ",false,", ",non,");
    assert_problems(
        &files,
        &[
            ("users.csv", 4, "familyName", "Tro", "NEWLINE_IN_FIELD"),
            ("users.csv", 6, "enabledUser", "non", "INVALID_BOOLEAN"),
        ],
    );
    assert_one(
        "users.csv",
        ",Trois,",
        ",\"Trois,",
        (
            "users.csv",
            4,
            "familyName",
            "Trois,,,,,,u5,,,,,,,s1,",
            "NEWLINE_IN_FIELD",
        ),
    );
}

#[test]
fn latin_1_is_told_with_its_line() {
    let mut bytes = Files::small().text("users.csv").into_bytes();
    let place = bytes
        .windows(5)
        .position(|bytes| bytes == "Théo".as_bytes())
        .unwrap();
    bytes.splice(place..place + 5, *b"Th\xE9o");
    let files = Files::small().with("users.csv", bytes);
    assert_problems(
        &files,
        &[("users.csv", 3, "givenName", "Th\u{FFFD}o", "INVALID_UTF8")],
    );
}

#[test]
fn a_file_in_utf_16_is_told_once_as_what_it_is() {
    for mark in ["", "\u{FEFF}"] {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            for file in ["users.csv", "manifest.csv"] {
                let text = format!("{mark}{}", Files::small().text(file));
                let wide: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
                let found = problems(&Files::small().with(file, wide)).sorted();
                assert_eq!(seen(&found)[0], (file, 1, "", "", "UTF_16"));
                let told = found.iter().filter(|problem| problem.file == file);
                assert_eq!(told.count(), 1);
            }
        }
    }
}

#[test]
fn a_duplicate_id_is_told_at_the_second() {
    let files = Files::small().append("users.csv", "u3,,,true,x.six,,Xavier,Six,,,,,,,,,,,,,s1,\n");
    assert_problems(
        &files,
        &[("users.csv", 7, "sourcedId", "u3", "DUPLICATE_ID")],
    );
}

#[test]
fn a_duplicate_id_breaks_no_more_than_itself() {
    let files = Files::small().append("enrollments.csv", "e5,,,c2,s1,u3,student,,,\n");
    assert_problems(
        &files,
        &[("enrollments.csv", 7, "sourcedId", "e5", "DUPLICATE_ID")],
    );
}

#[test]
fn references_point_to_rows_that_are_there() {
    assert_one(
        "orgs.csv",
        ",d1\n",
        ",d9\n",
        ("orgs.csv", 2, "parentSourcedId", "d9", "UNKNOWN_REFERENCE"),
    );
    assert_one(
        "courses.csv",
        ",y1,",
        ",y9,",
        (
            "courses.csv",
            2,
            "schoolYearSourcedId",
            "y9",
            "UNKNOWN_REFERENCE",
        ),
    );
    assert_one(
        "courses.csv",
        ",s1,",
        ",s9,",
        ("courses.csv", 2, "orgSourcedId", "s9", "UNKNOWN_REFERENCE"),
    );
    assert_one(
        "users.csv",
        ",u5,",
        ",u9,",
        ("users.csv", 4, "agentSourcedIds", "u9", "UNKNOWN_REFERENCE"),
    );
    assert_one(
        "roles.csv",
        ",u5,",
        ",u9,",
        ("roles.csv", 6, "userSourcedId", "u9", "UNKNOWN_REFERENCE"),
    );
    assert_one(
        "enrollments.csv",
        "u3,student",
        "u9,student",
        (
            "enrollments.csv",
            5,
            "userSourcedId",
            "u9",
            "UNKNOWN_REFERENCE",
        ),
    );
    assert_one(
        "enrollments.csv",
        "e4,,,c1",
        "e4,,,c9",
        (
            "enrollments.csv",
            5,
            "classSourcedId",
            "c9",
            "UNKNOWN_REFERENCE",
        ),
    );
    let files = Files::small().replace(
        "classes.csv",
        "2A,homeroom,,s1,y1",
        "2A,homeroom,,s1,\"y1,y9\"",
    );
    assert_problems(
        &files,
        &[(
            "classes.csv",
            2,
            "termSourcedIds",
            "y9",
            "UNKNOWN_REFERENCE",
        )],
    );
}

#[test]
fn a_wrong_row_does_not_make_references_to_it_wrong() {
    assert_one(
        "users.csv",
        "u1,,,true",
        "u1,,,oui",
        ("users.csv", 2, "enabledUser", "oui", "INVALID_BOOLEAN"),
    );
    assert_one(
        "users.csv",
        ",Un,",
        ",Un,,",
        ("users.csv", 2, "", "", "FIELD_COUNT"),
    );
}
