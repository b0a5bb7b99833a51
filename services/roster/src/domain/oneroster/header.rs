//! The first line of a file: the columns, all of them, in their order.

use super::problems::{Place, Problems, Reason};
use super::records::{Fault, Record};
use super::schema::Column;

/// How columns of the exporter's own begin; they stand to the right of the others.
const EXTENSION: &str = "metadata.";

/// Checks the header; answers how many fields every row must have, or nothing when the rows cannot be read by it.
pub(super) fn check(
    file: &str,
    columns: &[Column],
    record: &Record,
    problems: &mut Problems,
) -> Option<usize> {
    let place = Place::file(file).line(record.line);
    if let Some(fault) = record.fault {
        let (reason, text) = header_fault(fault);
        problems.add(place, reason, text);
        return None;
    }
    let mut found = Vec::with_capacity(record.len());
    for index in 0..record.len() {
        match std::str::from_utf8(record.field(index)) {
            Ok(name) => found.push(name),
            Err(_) => {
                let value = String::from_utf8_lossy(record.field(index));
                problems.add(
                    place.column("", &value),
                    Reason::InvalidUtf8,
                    super::rows::NOT_UTF8,
                );
                return None;
            }
        }
    }
    let before = problems.count();
    check_names(place, columns, &found, problems);
    if problems.count() == before {
        check_order(place, columns, &found, problems);
    }
    (problems.count() == before).then_some(found.len())
}

fn header_fault(fault: Fault) -> (Reason, &'static str) {
    let reason = match fault {
        Fault::Newline(_) => Reason::NewlineInField,
        Fault::StrayQuote(_) => Reason::StrayQuote,
        Fault::TooLong => Reason::LineTooLong,
        Fault::Utf16 => return (Reason::Utf16, super::rows::UTF16),
    };
    let text =
        "the header is not one line of column names: write it without line breaks and quotes";
    (reason, text)
}

fn check_names(place: Place<'_>, columns: &[Column], found: &[&str], problems: &mut Problems) {
    for column in columns {
        if !found.contains(&column.name) {
            let text = "the column is missing: OneRoster 1.2 wants every column, empty or not, in upper and lower case as written";
            problems.add(place.column(column.name, ""), Reason::MissingColumn, text);
        }
    }
    for (index, name) in found.iter().enumerate() {
        let known = columns.iter().any(|column| column.name == *name);
        if !known && !name.starts_with(EXTENSION) {
            let text = "no column of OneRoster 1.2: remove it, or name it metadata.… and put it to the right";
            problems.add(place.column(name, name), Reason::UnknownColumn, text);
        }
        if found.iter().take(index).any(|earlier| earlier == name) {
            let text = "the column stands there twice: remove one";
            problems.add(place.column(name, name), Reason::DuplicateColumn, text);
        }
    }
}

/// The first column that is out of its place says enough: the others follow from it.
fn check_order(place: Place<'_>, columns: &[Column], found: &[&str], problems: &mut Problems) {
    let wrong = columns
        .iter()
        .zip(found)
        .find(|(column, name)| column.name != **name);
    if let Some((column, name)) = wrong {
        let text = format!(
            "column {} must stand here: keep the order of OneRoster 1.2",
            column.name
        );
        problems.add(place.column(name, name), Reason::ColumnOrder, text);
    }
}
