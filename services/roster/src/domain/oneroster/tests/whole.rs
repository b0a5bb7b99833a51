//! The zip and its manifest.

use super::fixture::{Files, assert_problems, expected, problems, seen};
use crate::domain::oneroster::read;

#[test]
fn a_cut_zip_is_no_zip() {
    let zip = Files::small().zip();
    for length in [0, 1, 100, zip.len() / 2, zip.len() - 1] {
        let found = read(&zip[..length], &expected()).unwrap_err().sorted();
        assert_eq!(
            seen(&found),
            [("", 0, "", "", "ZIP_UNREADABLE")],
            "{length}"
        );
    }
}

#[test]
fn a_file_damaged_inside_the_zip_is_named() {
    let files = Files::small();
    let mut zip = files.zip();
    let place = zip
        .windows(9)
        .position(|bytes| bytes == b"users.csv")
        .unwrap();
    // Behind the local header's name lies the compressed content.
    for byte in &mut zip[place + 20..place + 60] {
        *byte ^= 0x55;
    }
    let found = read(&zip, &expected()).unwrap_err().sorted();
    assert!(
        seen(&found).contains(&("users.csv", 0, "", "", "ZIP_UNREADABLE")),
        "{found:?}"
    );
}

#[test]
fn a_zip_bomb_is_stopped_while_it_is_read() {
    let much = 8 * 1024 * 1024;
    // Blank lines are no rows: only counting bytes ends this.
    let blank = Files::small().with("users.csv", vec![b'\n'; much]);
    assert_problems(&blank, &[("users.csv", 0, "", "", "ZIP_BOMB")]);
    let row = format!("{},,,é,district,,\n", "x".repeat(200));
    let rows = Files::small().append("orgs.csv", &row.repeat(much / row.len()));
    let found = problems(&rows).sorted();
    assert!(seen(&found).contains(&("orgs.csv", 1002, "", "", "TOO_MANY_ROWS")));
    // Without line ends not even a row comes to be.
    let spaces = Files::small().with("users.csv", vec![b' '; much]);
    assert_problems(&spaces, &[("users.csv", 1, "", "", "LINE_TOO_LONG")]);
}

#[test]
fn a_zip_bomb_is_stopped_whatever_its_headers_say_of_its_size() {
    let blank = vec![b'\n'; 8 * 1024 * 1024];
    let mut zip = Files::small().with("users.csv", blank).zip();
    let name = zip.windows(9).rposition(|bytes| bytes == b"users.csv");
    // The compressed size of its entry in the zip's directory.
    let size = name.unwrap() - 46 + 20;
    zip[size..size + 4].copy_from_slice(&60_000_000_u32.to_le_bytes());
    let found = read(&zip, &expected()).unwrap_err().sorted();
    assert_eq!(seen(&found), [("users.csv", 0, "", "", "ZIP_BOMB")]);
}

#[test]
fn a_directory_of_countless_entries_is_refused_before_it_is_read() {
    // Not even a zip: nothing but the beginnings of entries, which nobody may begin to keep.
    let entries = b"PK\x01\x02".repeat(1_000);
    let found = read(&entries, &expected()).unwrap_err().sorted();
    assert_eq!(seen(&found), [("", 0, "", "", "TOO_MANY_ENTRIES")]);
}

#[test]
fn too_many_files_sub_folders_and_unknown_files_are_refused() {
    let mut many = Files::small();
    for number in 0..60 {
        many = many.with(&format!("{number}.csv"), "x");
    }
    assert_problems(&many, &[("", 0, "", "", "TOO_MANY_ENTRIES")]);
    for name in [
        "data/users.csv",
        "../users.csv",
        "..",
        "/etc/passwd",
        "a\\b.csv",
        "__MACOSX/._users.csv",
    ] {
        assert_problems(
            &Files::small().with(name, "x"),
            &[(name, 0, "", "", "SUB_FOLDER")],
        );
    }
    assert_problems(
        &Files::small().with("notes.txt", "x"),
        &[("notes.txt", 0, "", "", "UNKNOWN_FILE")],
    );
    assert_problems(
        &Files::small().with("Users.csv", "x"),
        &[("Users.csv", 0, "", "", "UNKNOWN_FILE")],
    );
}

#[test]
fn two_files_of_one_name_are_refused() {
    // Written under a name of the same length, then renamed in both headers.
    let mut zip = Files::small().with("xsers.csv", "x").zip();
    while let Some(place) = zip.windows(9).position(|bytes| bytes == b"xsers.csv") {
        zip[place] = b'u';
    }
    let found = read(&zip, &expected()).unwrap_err().sorted();
    assert_eq!(seen(&found), [("", 0, "", "", "DUPLICATE_ENTRY")]);
}

#[test]
fn an_encrypted_file_and_a_rare_compression_are_named() {
    let zip = Files::small().zip();
    let central = |zip: &[u8]| {
        let name = b"orgs.csv";
        let mut places = zip
            .windows(name.len())
            .enumerate()
            .filter(|(_, bytes)| bytes == name);
        places.next_back().unwrap().0 - 46
    };
    let mut encrypted = zip.clone();
    let header = central(&zip);
    encrypted[header + 8] |= 1;
    let found = read(&encrypted, &expected()).unwrap_err().sorted();
    assert_eq!(seen(&found)[0], ("orgs.csv", 0, "", "", "ENCRYPTED"));
    let mut rare = zip;
    rare[header + 10] = 98;
    let found = read(&rare, &expected()).unwrap_err().sorted();
    assert_eq!(
        seen(&found)[0],
        ("orgs.csv", 0, "", "", "UNSUPPORTED_COMPRESSION")
    );
}

#[test]
fn the_manifest_must_be_there_and_be_one() {
    assert_problems(
        &Files::small().without("manifest.csv"),
        &[("manifest.csv", 0, "", "", "MANIFEST_MISSING")],
    );
    assert_problems(
        &Files::small().with("manifest.csv", "\u{FEFF}"),
        &[("manifest.csv", 0, "", "", "EMPTY_FILE")],
    );
    assert_problems(
        &Files::small().replace("manifest.csv", "propertyName,value", "propertyName,valeur"),
        &[
            ("manifest.csv", 1, "value", "", "MISSING_COLUMN"),
            ("manifest.csv", 1, "valeur", "valeur", "UNKNOWN_COLUMN"),
        ],
    );
    assert_problems(
        &Files::small().append("manifest.csv", "file.users,bulk\n"),
        &[(
            "manifest.csv",
            13,
            "propertyName",
            "file.users",
            "DUPLICATE_PROPERTY",
        )],
    );
    assert_problems(
        &Files::small().append("manifest.csv", "source.systemName\n"),
        &[("manifest.csv", 13, "", "", "FIELD_COUNT")],
    );
}

#[test]
fn only_version_1_2_is_read() {
    for version in ["1.1", "1.20", "2.0", ""] {
        let files = Files::small().replace(
            "manifest.csv",
            "oneroster.version,1.2",
            &format!("oneroster.version,{version}"),
        );
        assert_problems(
            &files,
            &[("manifest.csv", 3, "value", version, "UNSUPPORTED_VERSION")],
        );
    }
    let files = Files::small().replace(
        "manifest.csv",
        "oneroster.version,1.2",
        "oneroster.version,1.2.1",
    );
    assert!(read(&files.zip(), &expected()).is_ok());
    assert_problems(
        &Files::small().replace("manifest.csv", "oneroster.version,1.2\n", ""),
        &[(
            "manifest.csv",
            0,
            "propertyName",
            "oneroster.version",
            "MISSING_PROPERTY",
        )],
    );
}

#[test]
fn the_manifest_and_the_zip_agree() {
    assert_problems(
        &Files::small().without("users.csv"),
        &[("users.csv", 0, "", "", "FILE_MISSING")],
    );
    assert_problems(
        &Files::small().replace("manifest.csv", "file.roles,bulk", "file.roles,absent"),
        &[("manifest.csv", 10, "value", "absent", "FILE_MISSING")],
    );
    assert_problems(
        &Files::small().replace("manifest.csv", "file.roles,bulk", "file.roles,delta"),
        &[("manifest.csv", 10, "value", "delta", "DELTA_UNSUPPORTED")],
    );
    assert_problems(
        &Files::small().replace("manifest.csv", "file.roles,bulk", "file.roles,Bulk"),
        &[("manifest.csv", 10, "value", "Bulk", "UNKNOWN_ENUMERATION")],
    );
    assert_problems(
        &Files::small().replace("manifest.csv", "file.roles,bulk\n", ""),
        &[(
            "manifest.csv",
            0,
            "propertyName",
            "file.roles",
            "MISSING_PROPERTY",
        )],
    );
    assert_problems(
        &Files::small().with("results.csv", "x"),
        &[("results.csv", 0, "", "", "FILE_NOT_ANNOUNCED")],
    );
    assert_problems(
        &Files::small().with("lineItems.csv", "x"),
        &[("lineItems.csv", 0, "", "", "FILE_NOT_ANNOUNCED")],
    );
    assert_problems(
        &Files::small().replace("manifest.csv", "file.results,absent", "file.results,bulk"),
        &[("results.csv", 0, "", "", "FILE_MISSING")],
    );
    assert_problems(
        &Files::small().append("manifest.csv", "file.élèves,bulk\n"),
        &[("manifest.csv", 13, "propertyName", "élèves", "UNKNOWN_FILE")],
    );
}

#[test]
fn demographics_are_refused_with_the_reason() {
    let there = Files::small().with("demographics.csv", "x");
    assert_problems(
        &there,
        &[("demographics.csv", 0, "", "", "DEMOGRAPHICS_REFUSED")],
    );
    let announced = Files::small().replace(
        "manifest.csv",
        "file.demographics,absent",
        "file.demographics,bulk",
    );
    assert_problems(
        &announced,
        &[("manifest.csv", 7, "value", "bulk", "DEMOGRAPHICS_REFUSED")],
    );
    assert!(
        problems(&there).sorted()[0]
            .message
            .contains("ethnic origin")
    );
}
