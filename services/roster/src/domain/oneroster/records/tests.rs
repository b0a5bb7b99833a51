#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::collection::vec;
use proptest::prelude::proptest;

use super::{Fault, Record, Records};

fn read(text: &[u8]) -> Vec<(u32, Option<Fault>, Vec<String>)> {
    let mut records = Records::new(text);
    let mut record = Record::default();
    let mut all = Vec::new();
    while records.next(&mut record).unwrap() {
        let fields = (0..record.len())
            .map(|index| String::from_utf8_lossy(record.field(index)).into_owned())
            .collect();
        all.push((record.line, record.fault, fields));
    }
    all
}

fn fields(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn lines_end_with_crlf_or_lf_and_are_counted_as_an_editor_does() {
    let expected = vec![
        (1, None, fields(&["a", "b"])),
        (3, None, fields(&["c", ""])),
        (4, None, fields(&["d,\"e", "f"])),
    ];
    let text = "a,b\n\nc,\n\"d,\"\"e\",f";
    assert_eq!(read(text.as_bytes()), expected);
    assert_eq!(read(text.replace('\n', "\r\n").as_bytes()), expected);
    assert_eq!(read(text.replace('\n', "\r").as_bytes()), expected);
    assert_eq!(read(format!("\u{FEFF}{text}\n").as_bytes()), expected);
}

#[test]
fn a_value_over_two_lines_is_told_where_it_begins_and_reading_goes_on() {
    let found = read(b"a,\"b\nb\",c\nd,e,f\n");
    assert_eq!(
        found[0],
        (1, Some(Fault::Newline(1)), fields(&["a", "b\nb", "c"]))
    );
    assert_eq!(found[1], (3, None, fields(&["d", "e", "f"])));
}

#[test]
fn stray_quotes_are_told_from_good_ones() {
    assert_eq!(read(b"a,b\"c")[0].1, Some(Fault::StrayQuote(1)));
    assert_eq!(read(b"\"a\"b,c")[0].1, Some(Fault::StrayQuote(0)));
    assert_eq!(read(b"\"\",\"\"\"\"")[0], (1, None, fields(&["", "\""])));
}

#[test]
fn an_unclosed_quote_and_an_endless_line_end_the_file() {
    let unclosed = format!("a\n\"b\n{}", "c\n".repeat(1000));
    let found = read(unclosed.as_bytes());
    assert_eq!(found.len(), 2);
    assert_eq!((found[1].0, found[1].1), (2, Some(Fault::Newline(0))));
    let long = format!("a\n{}\nb\n", "x".repeat(100_000));
    let found = read(long.as_bytes());
    assert_eq!(found.len(), 2);
    // Nothing of the record before it: its id would be reported as given twice.
    assert_eq!(found[1], (2, Some(Fault::TooLong), Vec::new()));
}

proptest! {
    #[test]
    fn what_a_csv_writer_writes_reads_back(rows in vec(vec("[^\r\n\u{FEFF}\0]{0,12}", 2..5), 1..8)) {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let found: Vec<_> = read(&text).into_iter().map(|(_, fault, fields)| (fault, fields)).collect();
        let expected: Vec<_> = rows.into_iter().map(|row| (None, row)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(proptest::prelude::any::<u8>(), 0..400)) {
        let count = |end| bytes.iter().filter(|byte| **byte == end).count();
        let lines = match count(b'\n') {
            0 => count(b'\r'),
            lines => lines,
        };
        assert!(read(&bytes).len() <= lines + 1);
    }
}
