//! What names and other texts may hold.

use super::rows::assert_one;

#[test]
fn formulas_in_names_are_refused() {
    for name in [
        "=1+1",
        "+33",
        "-x",
        "@SUM(A1)",
        "＝1",
        "－x",
        "=HYPERLINK(\"\"http://x\"\")",
    ] {
        let shown = name.replace("\"\"", "\"");
        let quoted = format!("\"{name}\"");
        for (file, old, line, column) in [
            ("users.csv", "Paul", 4, "givenName"),
            ("users.csv", "Trois", 4, "familyName"),
            ("users.csv", "p.trois", 4, "username"),
            ("classes.csv", "2de B", 3, "title"),
            ("classes.csv", "2B", 3, "classCode"),
        ] {
            assert_one(file, old, &quoted, (file, line, column, &shown, "FORMULA"));
        }
    }
    assert_one(
        "users.csv",
        "Paul",
        "\tPaul",
        ("users.csv", 4, "givenName", "\u{FFFD}Paul", "FORMULA"),
    );
}

#[test]
fn names_follow_the_rules_of_names() {
    assert_one(
        "users.csv",
        "Paul",
        "Pa\u{202E}ul",
        ("users.csv", 4, "givenName", "Pa\u{202E}ul", "INVALID_NAME"),
    );
    assert_one(
        "users.csv",
        "Trois",
        "Trois/x",
        ("users.csv", 4, "familyName", "Trois/x", "INVALID_NAME"),
    );
    assert_one(
        "users.csv",
        "Trois",
        " Trois",
        ("users.csv", 4, "familyName", " Trois", "INVALID_NAME"),
    );
    assert_one(
        "users.csv",
        "Trois",
        "Tr\0ois",
        (
            "users.csv",
            4,
            "familyName",
            "Tr\u{FFFD}ois",
            "CONTROL_CHARACTER",
        ),
    );
    assert_one(
        "classes.csv",
        "2de B",
        "2de/B",
        ("classes.csv", 3, "title", "2de/B", "INVALID_NAME"),
    );
    let long = "x".repeat(300);
    assert_one(
        "classes.csv",
        "2de B",
        &long,
        ("classes.csv", 3, "title", &long[..100], "INVALID_NAME"),
    );
}

#[test]
fn stray_quotes_and_control_characters_are_told() {
    assert_one(
        "courses.csv",
        "Seconde",
        "Sec\"onde",
        ("courses.csv", 2, "title", "Sec\"onde", "STRAY_QUOTE"),
    );
    assert_one(
        "courses.csv",
        "Seconde",
        "Sec\u{7}onde",
        (
            "courses.csv",
            2,
            "title",
            "Sec\u{FFFD}onde",
            "CONTROL_CHARACTER",
        ),
    );
    assert_one(
        "roles.csv",
        "r1,",
        " r1,",
        ("roles.csv", 2, "sourcedId", " r1", "INVALID_ID"),
    );
}
