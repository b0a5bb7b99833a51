//! The first line of a file.

use super::fixture::{Files, assert_problems};

#[test]
fn a_missing_column_is_named() {
    let files = Files::small()
        .replace("courses.csv", ",courseCode", "")
        .replace("courses.csv", ",2DE", "");
    assert_problems(
        &files,
        &[("courses.csv", 1, "courseCode", "", "MISSING_COLUMN")],
    );
}

#[test]
fn reordered_columns_are_told_at_the_first() {
    let files = Files::small().replace("users.csv", "givenName,familyName", "familyName,givenName");
    assert_problems(
        &files,
        &[("users.csv", 1, "familyName", "familyName", "COLUMN_ORDER")],
    );
}

#[test]
fn an_unknown_column_and_one_of_another_case_are_named() {
    let files = Files::small()
        .replace("orgs.csv", "parentSourcedId", "parentSourcedId,couleur")
        .replace("orgs.csv", "0951099D,d1", "0951099D,d1,bleu");
    assert_problems(
        &files,
        &[("orgs.csv", 1, "couleur", "couleur", "UNKNOWN_COLUMN")],
    );
    let files = Files::small().replace("orgs.csv", "identifier", "Identifier");
    assert_problems(
        &files,
        &[
            ("orgs.csv", 1, "identifier", "", "MISSING_COLUMN"),
            ("orgs.csv", 1, "Identifier", "Identifier", "UNKNOWN_COLUMN"),
        ],
    );
}

#[test]
fn the_exporters_own_columns_stand_to_the_right() {
    let files = Files::small().replace(
        "orgs.csv",
        "sourcedId,status",
        "metadata.x,sourcedId,status",
    );
    assert_problems(
        &files,
        &[("orgs.csv", 1, "metadata.x", "metadata.x", "COLUMN_ORDER")],
    );
}

#[test]
fn a_column_that_stands_twice_is_named() {
    let files = Files::small().replace("orgs.csv", "parentSourcedId", "parentSourcedId,name");
    assert_problems(
        &files,
        &[("orgs.csv", 1, "name", "name", "DUPLICATE_COLUMN")],
    );
}

#[test]
fn a_header_that_is_no_header_is_told_once() {
    let files = Files::small().replace("orgs.csv", "sourcedId,status", "sourcedId,\"status");
    assert_problems(&files, &[("orgs.csv", 1, "", "", "NEWLINE_IN_FIELD")]);
    let utf16: Vec<u8> = "sourcedId"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let files = Files::small().with("orgs.csv", [b"\xFF\xFE".to_vec(), utf16].concat());
    assert_problems(&files, &[("orgs.csv", 1, "", "", "UTF_16")]);
    let files = Files::small().with("orgs.csv", b"sourcedId,Th\xE9o\n");
    let value = "Th\u{FFFD}o";
    assert_problems(&files, &[("orgs.csv", 1, "", value, "INVALID_UTF8")]);
}

#[test]
fn a_file_of_nothing_is_empty() {
    for content in ["", "\n\n", "\u{FEFF}"] {
        let files = Files::small().with("enrollments.csv", content);
        assert_problems(&files, &[("enrollments.csv", 0, "", "", "EMPTY_FILE")]);
    }
    let text = Files::small().text("enrollments.csv");
    let header = text.lines().next().unwrap();
    let files = Files::small().with("enrollments.csv", header);
    assert_problems(&files, &[("enrollments.csv", 0, "", "", "EMPTY_FILE")]);
}
