//! The rows of a file: what can be said of each by its columns alone.

use std::io::BufRead;

use super::dates;
use super::known::{Ids, Known};
use super::problems::{Place, Problems, Reason};
use super::records::{Fault, Record, Records};
use super::schema::{Column, File, Kind};
use super::{archive, header};

pub(super) const NOT_UTF8: &str = "not UTF-8 (it looks like Latin-1): save the file as UTF-8";
pub(super) const UTF16: &str =
    "the whole file is in UTF-16, and nothing of it was read: save it as UTF-8";

/// Characters of an id at most (OneRoster: a GUID of at most 255).
const MOST_ID: usize = 255;

/// One row that has all its fields.
pub(super) struct Row<'a> {
    pub(super) line: u32,
    file: &'static str,
    columns: &'static [Column],
    values: &'a [&'a str],
}

impl<'a> Row<'a> {
    /// The value of a column of the file; empty when it has no such column.
    pub(super) fn get(&self, name: &str) -> &'a str {
        let index = self.columns.iter().position(|column| column.name == name);
        index
            .and_then(|index| self.values.get(index).copied())
            .unwrap_or_default()
    }

    /// Where a column of this row is, for a problem.
    pub(super) fn at(&self, name: &'a str) -> Place<'a> {
        Place::file(self.file)
            .line(self.line)
            .column(name, self.get(name))
    }

    /// The period between the columns `beginDate` and `endDate`.
    pub(super) fn period(&self) -> dates::Period {
        dates::Period {
            begins: dates::date(self.get("beginDate")),
            ends: dates::date(self.get("endDate")),
        }
    }
}

/// Reads files, checks their rows and remembers their ids.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) known: Known,
    pub(super) problems: Problems,
}

/// One file while it is read.
struct Table<'a> {
    file: File,
    known: &'a Known,
    problems: &'a mut Problems,
    ids: Ids,
    /// Rows handed on.
    taken: u32,
    /// References into the file itself that pointed to nothing yet.
    later: Vec<(u32, &'static str, Box<str>)>,
    /// Whether the bytes of the file could not be had.
    failed: bool,
}

impl Reader {
    /// Reads one file. `take` gets every row that has its fields, in the order of [`Known`]'s numbers; what it makes of
    /// them is worth something only when there is no problem in the end.
    pub(super) fn read(
        &mut self,
        file: File,
        input: impl BufRead,
        take: &mut dyn FnMut(&Row<'_>, &Known, &mut Problems),
    ) {
        let mut table = Table {
            file,
            known: &self.known,
            problems: &mut self.problems,
            ids: Ids::new(),
            taken: 0,
            later: Vec::new(),
            failed: false,
        };
        if table.read(Records::new(input), take) {
            table.check_later();
            let ids = table.ids;
            self.known.set(file, ids);
        }
    }
}

impl Table<'_> {
    fn whole(&self) -> Place<'static> {
        Place::file(self.file.entry())
    }

    /// Whether the ids are all there.
    fn read<R: BufRead>(
        &mut self,
        mut records: Records<R>,
        take: &mut dyn FnMut(&Row<'_>, &Known, &mut Problems),
    ) -> bool {
        let mut record = Record::default();
        let mut width = None;
        let mut rows = 0_u32;
        while self.next(&mut records, &mut record) {
            let goes_on = match width {
                None => {
                    let columns = self.file.columns();
                    width = header::check(self.file.entry(), columns, &record, self.problems);
                    width.is_some()
                }
                Some(width) => {
                    rows += 1;
                    self.is_allowed(rows, record.line) && self.row(&record, width, take)
                }
            };
            if !goes_on {
                return false;
            }
        }
        if self.failed || records.gave_up() {
            return false;
        }
        if rows == 0 {
            let text = "the file is empty: export it again, with its header and at least one row";
            self.problems.add(self.whole(), Reason::EmptyFile, text);
        }
        rows > 0
    }

    fn next<R: BufRead>(&mut self, records: &mut Records<R>, record: &mut Record) -> bool {
        records.next(record).unwrap_or_else(|error| {
            self.failed = true;
            let (reason, text) = archive::reading_failed(&error);
            self.problems.add(self.whole(), reason, text);
            false
        })
    }

    fn is_allowed(&mut self, rows: u32, line: u32) -> bool {
        let most = self.file.most_rows();
        if rows > most {
            let text = format!("more than {most} rows: import one school at a time");
            self.problems
                .add(self.whole().line(line), Reason::TooManyRows, text);
        }
        rows <= most
    }

    /// Checks one row and hands it on; false when reading must stop.
    fn row(
        &mut self,
        record: &Record,
        width: usize,
        take: &mut dyn FnMut(&Row<'_>, &Known, &mut Problems),
    ) -> bool {
        let columns = self.file.columns();
        let place = self.whole().line(record.line);
        if let Some(fault) = record.fault {
            fault_of(fault, columns, place, record, self.problems);
            self.remember(record, false);
            return fault != Fault::TooLong;
        }
        if record.len() != width {
            let text = format!(
                "{} fields where the header has {width}: a comma too many or too few, or one inside a value without quotes",
                record.len()
            );
            self.problems.add(place, Reason::FieldCount, text);
            self.remember(record, false);
            return true;
        }
        let Some(values) = decode(columns, place, record, self.problems) else {
            self.remember(record, false);
            return true;
        };
        for (column, value) in columns.iter().zip(&values) {
            self.value(*column, record.line, value);
        }
        self.remember(record, true);
        let row = Row {
            line: record.line,
            file: self.file.entry(),
            columns,
            values: &values,
        };
        take(&row, self.known, self.problems);
        true
    }

    /// Keeps the row's id, so that references to it hold even where the rest of the row is wrong.
    fn remember(&mut self, record: &Record, taken: bool) {
        let number = taken.then_some(self.taken);
        self.taken += u32::from(taken);
        let Ok(id) = std::str::from_utf8(record.field(0)) else {
            return;
        };
        if id.is_empty() {
            return;
        }
        if self.ids.contains_key(id) {
            let place = self.whole().line(record.line).column("sourcedId", id);
            let text = "another row of the file has this id: give every row its own";
            self.problems.add(place, Reason::DuplicateId, text);
        } else {
            self.ids.insert(id.into(), number);
        }
    }

    fn value(&mut self, column: Column, line: u32, value: &str) {
        let place = self.whole().line(line).column(column.name, value);
        if value.is_empty() {
            if column.required {
                let text = "empty, and must not be: fill it in";
                self.problems.add(place, Reason::MissingValue, text);
            }
            return;
        }
        match column.kind {
            Kind::Ref(file) => self.reference(file, column, line, value),
            Kind::Refs(file) => {
                for id in value.split(',').map(str::trim) {
                    self.reference(file, column, line, id);
                }
            }
            kind => {
                if let Err((reason, text)) = check_value(kind, value) {
                    self.problems.add(place, reason, text);
                }
            }
        }
        if !matches!(column.kind, Kind::Name) && value.chars().any(char::is_control) {
            self.problems.add(place, Reason::ControlCharacter, CONTROL);
        }
    }

    fn reference(&mut self, file: File, column: Column, line: u32, id: &str) {
        if file == self.file {
            if !self.ids.contains_key(id) {
                self.later.push((line, column.name, id.into()));
            }
            return;
        }
        if self.known.of(file).is_some_and(|ids| !ids.contains_key(id)) {
            let place = self.whole().line(line).column(column.name, id);
            dangling(place, file, self.problems);
        }
    }

    fn check_later(&mut self) {
        for (line, column, id) in std::mem::take(&mut self.later) {
            if !self.ids.contains_key(&id) {
                let place = self.whole().line(line).column(column, &id);
                dangling(place, self.file, self.problems);
            }
        }
    }
}

const CONTROL: &str = "holds an invisible control character: remove it";

fn dangling(place: Place<'_>, file: File, problems: &mut Problems) {
    let text = format!(
        "no row of {} has this id: add it there, or correct it here",
        file.entry()
    );
    problems.add(place, Reason::UnknownReference, text);
}

fn fault_of(
    fault: Fault,
    columns: &[Column],
    place: Place<'_>,
    record: &Record,
    problems: &mut Problems,
) {
    let at = |field: usize| columns.get(field).map_or("", |column| column.name);
    let (column, value, reason, text) = match fault {
        Fault::Newline(field) => {
            let text =
                "a line ends inside a value: write the value on one line, and close every quote";
            let whole = String::from_utf8_lossy(record.field(field));
            let first = whole.lines().next().unwrap_or_default().to_owned();
            (at(field), first, Reason::NewlineInField, text)
        }
        Fault::StrayQuote(field) => {
            let text =
                "a quote inside a value: put the whole value in quotes and write the quote twice";
            let value = String::from_utf8_lossy(record.field(field)).into_owned();
            (at(field), value, Reason::StrayQuote, text)
        }
        Fault::TooLong => {
            let text = "longer than a row can be, and nothing after it was read: look for a quote that is not closed";
            ("", String::new(), Reason::LineTooLong, text)
        }
        Fault::Utf16 => ("", String::new(), Reason::Utf16, UTF16),
    };
    problems.add(place.column(column, &value), reason, text);
}

/// The fields as text; `None` when one is not UTF-8, and then each such one is a problem.
fn decode<'a>(
    columns: &[Column],
    place: Place<'_>,
    record: &'a Record,
    problems: &mut Problems,
) -> Option<Vec<&'a str>> {
    let mut values = Vec::with_capacity(record.len());
    for index in 0..record.len() {
        match std::str::from_utf8(record.field(index)) {
            Ok(value) => values.push(value),
            Err(_) => {
                let column = columns.get(index).map_or("", |column| column.name);
                let value = String::from_utf8_lossy(record.field(index));
                problems.add(place.column(column, &value), Reason::InvalidUtf8, NOT_UTF8);
            }
        }
    }
    (values.len() == record.len()).then_some(values)
}

fn check_value(kind: Kind, value: &str) -> Result<(), (Reason, String)> {
    let wrong = |reason, text: &str| Err((reason, text.to_owned()));
    match kind {
        Kind::Id if value.chars().count() > MOST_ID || value.trim() != value => wrong(
            Reason::InvalidId,
            "an id is at most 255 characters without a space around it: shorten it",
        ),
        Kind::Blank => wrong(
            Reason::NotBlank,
            "must be empty in a bulk export: export in bulk, not changes only",
        ),
        Kind::Boolean if value != "true" && value != "false" => {
            wrong(Reason::InvalidBoolean, "write true or false, in lower case")
        }
        Kind::Date if dates::date(value).is_none() => {
            wrong(Reason::InvalidDate, "not a day: write it as 2026-09-01")
        }
        Kind::Year if !dates::is_year(value) => wrong(
            Reason::InvalidYear,
            "not a year: write the year in which the school year ends, as 2027",
        ),
        Kind::Word(words) if !words.admit(value) => Err((
            Reason::UnknownEnumeration,
            format!(
                "not one of the words allowed here: write {}",
                words.list.join(", ")
            ),
        )),
        Kind::Name if is_formula(value) => wrong(
            Reason::Formula,
            "begins like a formula, which a spreadsheet would run: write it without = + - @ or a tab in front",
        ),
        Kind::Name if value.chars().any(char::is_control) => {
            wrong(Reason::ControlCharacter, CONTROL)
        }
        _ => Ok(()),
    }
}

/// What a spreadsheet takes for a formula (OWASP, CSV injection), in some languages also by its full-width form.
pub(super) fn is_formula(value: &str) -> bool {
    value.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r'])
}
