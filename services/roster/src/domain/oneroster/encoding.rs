//! What the first bytes of a file say of how it was saved.

/// Bytes that are looked at: more than any header has.
pub(super) const SAMPLE: u64 = 4096;

/// How a file was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// In UTF-8, or in what has to be told byte by byte; this byte ends a line.
    Bytes { line_end: u8 },
    /// In UTF-16, of which no byte means what it seems to.
    Utf16,
}

impl Encoding {
    pub(super) fn of(sample: &[u8]) -> Self {
        if is_utf16(sample) {
            return Self::Utf16;
        }
        // As old programs for the Mac still save: without any LF, every CR ends a line.
        let line_end = match sample.contains(&b'\r') && !sample.contains(&b'\n') {
            true => b'\r',
            false => b'\n',
        };
        Self::Bytes { line_end }
    }
}

/// By its byte order mark, or without one by its zeros: of a header in UTF-16 every second byte is one, while text in
/// UTF-8 has none, and a damaged file few.
fn is_utf16(sample: &[u8]) -> bool {
    let zeros = sample.iter().filter(|byte| **byte == 0).count();
    sample.starts_with(b"\xFF\xFE") || sample.starts_with(b"\xFE\xFF") || zeros * 3 > sample.len()
}

#[cfg(test)]
mod tests {
    use super::Encoding;

    const LF: Encoding = Encoding::Bytes { line_end: b'\n' };

    #[test]
    fn utf_16_is_known_by_its_mark_or_its_zeros() {
        let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| {
            text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
        };
        for text in ["\u{FEFF}sourcedId,statut\n", "sourcedId,Été\n", "\u{FEFF}"] {
            assert_eq!(Encoding::of(&wide(text, u16::to_le_bytes)), Encoding::Utf16);
            assert_eq!(Encoding::of(&wide(text, u16::to_be_bytes)), Encoding::Utf16);
        }
        for bytes in [
            &b""[..],
            b"a",
            b"\xEF\xBB\xBFsourcedId\n",
            b"source\0dId\n",
            b"Th\xE9o,\xFF\xFE\n",
        ] {
            assert_eq!(Encoding::of(bytes), LF, "{bytes:?}");
        }
    }

    #[test]
    fn a_cr_ends_lines_only_where_no_lf_does() {
        assert_eq!(
            Encoding::of(b"a,b\r1,2\r"),
            Encoding::Bytes { line_end: b'\r' }
        );
        for bytes in [&b"a,b\r\n1,2\r\n"[..], b"a,b\n1,2\r\n", b"a,b"] {
            assert_eq!(Encoding::of(bytes), LF, "{bytes:?}");
        }
    }
}
