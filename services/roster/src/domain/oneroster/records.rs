//! Records of a CSV file (RFC 4180), strictly, each with the line that it stands on.
//!
//! Our own, because a roster's mistakes must be told by line and column: a reader that forgives a stray quote, or goes
//! on over an unclosed one, would report them somewhere else or not at all.

use std::io::{self, BufRead, Chain, Cursor, Read};

use super::encoding::{Encoding, SAMPLE};

/// Bytes of a record at most.
const MOST_BYTES: usize = 64 * 1024;
/// Lines that an unclosed quote may swallow before the rest of the file is given up.
const MOST_LINES: u32 = 100;

/// The byte order mark, as UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// What is wrong with the form of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Field `0` goes over the end of a line.
    Newline(usize),
    /// Field `0` has a quote where none may be.
    StrayQuote(usize),
    /// Longer than a record may be; reading stops.
    TooLong,
    /// Nothing of the file can be told apart: it is in UTF-16. Its first record, and its last.
    Utf16,
}

/// The fields of one record; reused from one to the next.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The line it begins on, from 1.
    pub(super) line: u32,
    pub(super) fault: Option<Fault>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Field `index`, unquoted; empty when there is none.
    pub(super) fn field(&self, index: usize) -> &[u8] {
        let start = match index {
            0 => 0,
            _ => self.ends.get(index - 1).copied().unwrap_or_default(),
        };
        self.ends
            .get(index)
            .and_then(|end| self.bytes.get(start..*end))
            .unwrap_or_default()
    }

    fn end_field(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

/// Reads records one by one. Blank lines are skipped; CRLF and LF both end a line, and CR in a file that has no LF; a
/// byte order mark is skipped.
pub(super) struct Records<R> {
    /// Behind what was looked at already.
    input: Chain<Cursor<Vec<u8>>, R>,
    /// Known from the first record on.
    encoding: Option<Encoding>,
    line: u32,
    raw: Vec<u8>,
    ended: bool,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input: Cursor::new(Vec::new()).chain(input),
            encoding: None,
            line: 0,
            raw: Vec::new(),
            ended: false,
        }
    }

    /// Whether the file has more that was not read: nothing after an unclosed quote or an endless line can be trusted.
    pub(super) fn gave_up(&self) -> bool {
        self.ended
    }

    /// The next record into `record`; false at the end.
    ///
    /// # Errors
    /// What the input reports.
    pub(super) fn next(&mut self, record: &mut Record) -> io::Result<bool> {
        let line_end = match self.encoding()? {
            Encoding::Bytes { line_end } => line_end,
            Encoding::Utf16 => return Ok(self.give_up_utf16(record)),
        };
        loop {
            self.raw.clear();
            if self.ended || !self.append_line(line_end)? {
                return Ok(false);
            }
            if self.line == 1 && self.raw.starts_with(MARK) {
                self.raw.drain(..MARK.len());
            }
            if !self.raw.is_empty() {
                break;
            }
        }
        record.line = self.line;
        record.fault = None;
        self.split(record, line_end)?;
        Ok(true)
    }

    fn encoding(&mut self) -> io::Result<Encoding> {
        if let Some(encoding) = self.encoding {
            return Ok(encoding);
        }
        let (seen, rest) = self.input.get_mut();
        rest.by_ref().take(SAMPLE).read_to_end(seen.get_mut())?;
        Ok(*self.encoding.insert(Encoding::of(seen.get_ref())))
    }

    fn give_up_utf16(&mut self, record: &mut Record) -> bool {
        *record = Record {
            line: 1,
            fault: Some(Fault::Utf16),
            ..Record::default()
        };
        !std::mem::replace(&mut self.ended, true)
    }

    fn split(&mut self, record: &mut Record, line_end: u8) -> io::Result<()> {
        let first = self.line;
        let mut newline = None;
        // A record that is given up unsplit must not show the fields of the one before.
        record.bytes.clear();
        record.ends.clear();
        loop {
            if self.raw.len() > MOST_BYTES || self.line - first > MOST_LINES {
                record.fault = Some(newline.unwrap_or(Fault::TooLong));
                self.ended = true;
                return Ok(());
            }
            match split(&self.raw, record) {
                Split::Whole => {
                    record.fault = newline;
                    return Ok(());
                }
                Split::Stray(field) => {
                    record.fault = Some(Fault::StrayQuote(field));
                    return Ok(());
                }
                Split::Open(field) => {
                    newline.get_or_insert(Fault::Newline(field));
                    self.raw.push(b'\n');
                    if !self.append_line(line_end)? {
                        record.fault = newline;
                        self.ended = true;
                        return Ok(());
                    }
                }
            }
        }
    }

    /// The next physical line behind what is there, without its end; false at the end of the file.
    fn append_line(&mut self, line_end: u8) -> io::Result<bool> {
        let before = self.raw.len();
        let most = (MOST_BYTES + 2 * MARK.len()) as u64;
        let read = self
            .input
            .by_ref()
            .take(most)
            .read_until(line_end, &mut self.raw)?;
        if read == 0 {
            return Ok(false);
        }
        self.line = self.line.saturating_add(1);
        for end in [b'\n', b'\r'] {
            if self.raw.len() > before && self.raw.last() == Some(&end) {
                self.raw.pop();
            }
        }
        Ok(true)
    }
}

enum Split {
    Whole,
    /// The quote of this field is not closed.
    Open(usize),
    /// A quote inside an unquoted field, or text behind a closing quote.
    Stray(usize),
}

fn split(line: &[u8], record: &mut Record) -> Split {
    record.bytes.clear();
    record.ends.clear();
    let mut rest = line;
    loop {
        let field = record.ends.len();
        let after = match rest.strip_prefix(b"\"") {
            Some(quoted) => match unquote(quoted, &mut record.bytes) {
                Some(after) => after,
                None => {
                    record.end_field();
                    return Split::Open(field);
                }
            },
            None => {
                let end = rest.iter().position(|byte| *byte == b',');
                let (plain, after) = rest.split_at(end.unwrap_or(rest.len()));
                record.bytes.extend_from_slice(plain);
                if plain.contains(&b'"') {
                    record.end_field();
                    return Split::Stray(field);
                }
                after
            }
        };
        record.end_field();
        match after.split_first() {
            None => return Split::Whole,
            Some((b',', next)) => rest = next,
            Some(_) => return Split::Stray(field),
        }
    }
}

/// Takes a quoted field up to its closing quote; `None` when there is none.
fn unquote<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let Some(quote) = rest.iter().position(|byte| *byte == b'"') else {
            out.extend_from_slice(rest);
            return None;
        };
        out.extend_from_slice(rest.get(..quote)?);
        rest = rest.get(quote + 1..)?;
        match rest.strip_prefix(b"\"") {
            Some(after) => {
                out.push(b'"');
                rest = after;
            }
            None => return Some(rest),
        }
    }
}

#[cfg(test)]
mod tests;
