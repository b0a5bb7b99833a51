//! `range` and `if-range` (RFC 9110, sections 13.1.5 and 14): one range of bytes, or the whole.

use http::{HeaderMap, HeaderValue, header};

/// A run of bytes within a file. The default is how `files` is asked for all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: u64,
    pub(super) length: u64,
}

/// What a request wants of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it: no range, several (which nobody needs and which cost more than they save), a range of what the file
    /// no longer is, or something that is no range.
    Whole,
    Part(Range),
    /// Nothing that the file has.
    Outside,
}

impl Asked {
    pub(super) fn of(headers: &HeaderMap, tag: &HeaderValue, size: u64) -> Self {
        let mut ranges = headers.get_all(header::RANGE).iter();
        let (Some(range), None) = (ranges.next(), ranges.next()) else {
            return Self::Whole;
        };
        // A date is never ours, so it never matches.
        if headers
            .get_all(header::IF_RANGE)
            .iter()
            .any(|wanted| wanted != tag)
        {
            return Self::Whole;
        }
        range
            .to_str()
            .ok()
            .and_then(|text| parse(text, size))
            .unwrap_or(Self::Whole)
    }
}

/// `None` for what is no single range of bytes.
fn parse(text: &str, size: u64) -> Option<Asked> {
    let (unit, spec) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = spec.trim().split_once('-')?;
    if first.is_empty() {
        let suffix = number(last)?;
        let length = suffix.min(size);
        return Some(match length {
            0 => Asked::Outside,
            length => Asked::Part(Range {
                start: size - length,
                length,
            }),
        });
    }
    let start = number(first)?;
    let end = match last {
        "" => u64::MAX,
        last => number(last)?,
    };
    if end < start {
        return None;
    }
    if start >= size {
        return Some(Asked::Outside);
    }
    let length = end.min(size - 1) - start + 1;
    Some(Asked::Part(Range { start, length }))
}

/// Digits only: no sign, no space. More than fits is as good as the end.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

impl Range {
    pub(super) fn whole(size: u64) -> Self {
        Self {
            start: 0,
            length: size,
        }
    }

    /// `content-range` of this part; it is not empty.
    pub(super) fn content_range(self, size: u64) -> HeaderValue {
        let last = self.start + self.length - 1;
        header_of(format!("bytes {}-{last}/{size}", self.start))
    }

    /// `content-range` where there is no such part.
    pub(super) fn none_of(size: u64) -> HeaderValue {
        header_of(format!("bytes */{size}"))
    }
}

fn header_of(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("digits and signs are a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &[&'static str], if_range: Option<&'static str>, size: u64) -> Asked {
        let mut headers = HeaderMap::new();
        for value in range {
            headers.append(header::RANGE, HeaderValue::from_static(value));
        }
        if let Some(value) = if_range {
            headers.insert(header::IF_RANGE, HeaderValue::from_static(value));
        }
        Asked::of(&headers, &HeaderValue::from_static("\"tag\""), size)
    }

    fn part(start: u64, length: u64) -> Asked {
        Asked::Part(Range { start, length })
    }

    #[test]
    fn one_range_is_that_part() {
        for (range, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-9", part(0, 10)),
            ("bytes=0-", part(0, 10)),
            ("Bytes = 3-", part(3, 7)),
            ("bytes=3-5", part(3, 3)),
            ("bytes=9-9", part(9, 1)),
            ("bytes=9-99999999999999999999999", part(9, 1)),
            ("bytes=-1", part(9, 1)),
            ("bytes=-10", part(0, 10)),
            ("bytes=-11", part(0, 10)),
            ("bytes=10-", Asked::Outside),
            ("bytes=10-12", Asked::Outside),
            ("bytes=99999999999999999999999-", Asked::Outside),
            ("bytes=-0", Asked::Outside),
        ] {
            assert_eq!(asked(&[range], None, 10), expected, "{range}");
        }
        for range in ["bytes=0-", "bytes=0-0", "bytes=-5"] {
            assert_eq!(
                asked(&[range], None, 0),
                Asked::Outside,
                "{range} of nothing"
            );
        }
    }

    #[test]
    fn what_is_no_single_range_is_the_whole() {
        for range in [
            "bytes=0-1,3-4",
            "bytes=5-3",
            "bytes=",
            "bytes=-",
            "bytes",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=1 - 2",
            "bytes=0x1-2",
            "lines=1-2",
        ] {
            assert_eq!(asked(&[range], None, 10), Asked::Whole, "{range}");
        }
        assert_eq!(asked(&[], None, 10), Asked::Whole);
        assert_eq!(asked(&["bytes=0-1", "bytes=3-4"], None, 10), Asked::Whole);
    }

    #[test]
    fn a_range_of_another_version_is_the_whole() {
        assert_eq!(asked(&["bytes=3-"], Some("\"tag\""), 10), part(3, 7));
        for other in [
            "\"other\"",
            "W/\"tag\"",
            "tag",
            "Wed, 21 Oct 2026 07:28:00 GMT",
        ] {
            assert_eq!(
                asked(&["bytes=3-"], Some(other), 10),
                Asked::Whole,
                "{other}"
            );
        }
    }

    #[test]
    fn parts_are_named_by_their_first_and_last_byte() {
        let range = Range {
            start: 3,
            length: 7,
        };
        assert_eq!(range.content_range(10), "bytes 3-9/10");
        assert_eq!(Range::none_of(10), "bytes */10");
    }
}
