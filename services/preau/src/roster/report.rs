//! What an import says, for a terminal.

use std::fmt::Write as _;

use preau_proto::roster::v1::{Import, ImportProblem, ImportSummary};

use crate::failure::one_line;

/// One line a problem: `file:line: column: "value": message`.
pub(crate) fn problems(import: &Import) -> String {
    let mut text: String = import.problems.iter().map(problem).collect();
    let more = (import.problem_count as usize).saturating_sub(import.problems.len());
    if more > 0 {
        let _ = writeln!(text, "and {more} more");
    }
    text
}

fn problem(problem: &ImportProblem) -> String {
    let file = match problem.file.as_str() {
        "" => "the zip",
        file => file,
    };
    let mut line = file.to_owned();
    if problem.line > 0 {
        let _ = write!(line, ":{}", problem.line);
    }
    if !problem.column.is_empty() {
        let _ = write!(line, ": {}", problem.column);
    }
    if !problem.value.is_empty() {
        let _ = write!(line, ": \"{}\"", problem.value);
    }
    // A value is somebody's file: it may hold what a terminal would obey.
    format!("{}\n", one_line(&format!("{line}: {}", problem.message)))
}

/// Whether applying changes nothing.
pub(crate) fn is_unchanged(summary: &ImportSummary) -> bool {
    [
        summary.people_new,
        summary.people_changed,
        summary.people_disabled,
        summary.classes_new,
        summary.classes_changed,
        summary.classes_emptied,
        summary.enrolments_added,
        summary.enrolments_removed,
    ]
    .iter()
    .all(|count| *count == 0)
}

/// Three lines: people, classes, enrolments; and one before them when the file makes administrators.
pub(crate) fn summary(summary: &ImportSummary) -> String {
    let mut text = administrators(summary.administrators_new);
    text.push_str(&row(
        "people",
        &[
            (summary.people_new, "new"),
            (summary.people_changed, "changed"),
            (
                summary.people_adopted,
                "of those made by hand and taken over by their login",
            ),
            (summary.people_disabled, "disabled"),
            (summary.people_unchanged, "unchanged"),
            (summary.people_without_role, "without access here"),
        ],
    ));
    text.push_str(&row(
        "classes",
        &[
            (summary.classes_new, "new"),
            (summary.classes_changed, "changed"),
            (summary.classes_emptied, "emptied of pupils"),
            (summary.classes_unchanged, "unchanged"),
        ],
    ));
    text.push_str(&row(
        "enrolments",
        &[
            (summary.enrolments_added, "added"),
            (summary.enrolments_removed, "removed"),
            (summary.enrolments_unchanged, "unchanged"),
        ],
    ));
    text
}

/// Power over a whole school, which a line of a file gives: not to be read over.
fn administrators(count: u32) -> String {
    match count {
        0 => String::new(),
        1 => "ATTENTION: 1 person becomes an ADMINISTRATOR of the school by this file: look in roles.csv who it is\n"
            .to_owned(),
        _ => format!(
            "ATTENTION: {count} people become ADMINISTRATORS of the school by this file: look in roles.csv who they are\n"
        ),
    }
}

fn row(name: &str, counts: &[(u32, &str)]) -> String {
    let said: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let said = if said.is_empty() {
        "none".to_owned()
    } else {
        said.join(", ")
    };
    format!("{name:12}{said}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(file: &str, line: u32, column: &str, value: &str) -> ImportProblem {
        ImportProblem {
            file: file.into(),
            line,
            column: column.into(),
            value: value.into(),
            reason: "R".into(),
            message: "wrong: correct it".into(),
        }
    }

    #[test]
    fn a_problem_says_where_it_is_as_far_as_that_is_known() {
        let import = Import {
            problems: vec![
                named("users.csv", 3, "givenName", "=1+1"),
                named("users.csv", 0, "username", ""),
                named("", 0, "", ""),
            ],
            problem_count: 5,
            ..Import::default()
        };
        assert_eq!(
            problems(&import),
            "users.csv:3: givenName: \"=1+1\": wrong: correct it\n\
             users.csv: username: wrong: correct it\n\
             the zip: wrong: correct it\n\
             and 2 more\n"
        );
    }

    #[test]
    fn a_value_that_a_terminal_would_obey_is_one_harmless_line() {
        let line = problem(&named(
            "users.csv",
            2,
            "givenName",
            "a\u{1b}[2Jb\nc\u{202e}",
        ));
        assert_eq!(
            line,
            "users.csv:2: givenName: \"a [2Jb c \": wrong: correct it\n"
        );
    }

    #[test]
    fn a_summary_leaves_out_what_is_zero_and_knows_when_nothing_changes() {
        let mut counts = ImportSummary {
            people_unchanged: 99,
            people_without_role: 2,
            classes_unchanged: 3,
            ..ImportSummary::default()
        };
        assert!(is_unchanged(&counts));
        assert_eq!(
            summary(&counts),
            "people      99 unchanged, 2 without access here\n\
             classes     3 unchanged\n\
             enrolments  none\n"
        );
        counts.enrolments_removed = 1;
        assert!(!is_unchanged(&counts));
    }

    #[test]
    fn whom_a_file_gives_power_is_said_before_anything_else() {
        let mut counts = ImportSummary {
            people_changed: 3,
            people_adopted: 2,
            administrators_new: 1,
            ..ImportSummary::default()
        };
        let text = summary(&counts);
        assert!(
            text.starts_with("ATTENTION: 1 person becomes an ADMINISTRATOR of the school"),
            "{text}"
        );
        assert!(
            text.contains("3 changed, 2 of those made by hand and taken over by their login"),
            "{text}"
        );
        counts.administrators_new = 12;
        assert!(summary(&counts).starts_with("ATTENTION: 12 people become ADMINISTRATORS"));
    }
}
