//! Which bytes of a record hold which bytes of plaintext.

use std::ops::Range;

/// Bytes before the first segment.
pub const HEADER_LEN: usize = 48;
/// Plaintext in a segment; the last one may hold less.
pub const SEGMENT_LEN: usize = 1 << SEGMENT_LOG2;
/// Bytes a segment has beside its ciphertext.
pub const TAG_LEN: usize = 16;
/// Longest plaintext of one record: the segment counter has 32 bits.
pub const MAX_PLAINTEXT: u64 = (SEGMENT_LEN as u64) << 32;

pub(crate) const SEGMENT_LOG2: u8 = 16;

/// The layout of a record, which follows from its plaintext's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    length: u64,
}

/// The segments that hold a range of plaintext.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The plaintext asked for.
    pub plaintext: Range<u64>,
    /// The bytes of the record to fetch: whole segments, without the header.
    pub record: Range<u64>,
    /// Index of the first segment.
    pub(crate) first: u32,
}

impl Layout {
    /// Of a plaintext of `length` bytes; none beyond [`MAX_PLAINTEXT`].
    #[must_use]
    pub fn of(length: u64) -> Option<Layout> {
        (length <= MAX_PLAINTEXT).then_some(Layout { length })
    }

    /// The plaintext's length.
    #[must_use]
    pub fn plaintext_len(&self) -> u64 {
        self.length
    }

    /// The record's length.
    #[must_use]
    pub fn record_len(&self) -> u64 {
        HEADER_LEN as u64 + self.length + self.segments() * TAG_LEN as u64
    }

    /// Number of segments, at least one.
    #[must_use]
    pub fn segments(&self) -> u64 {
        self.length.div_ceil(SEGMENT_LEN as u64).max(1)
    }

    /// The segments that hold `range`; none if it is not within the plaintext. An empty range spans the segment it lies in,
    /// so that it too is authenticated.
    #[must_use]
    pub fn span(&self, range: Range<u64>) -> Option<Span> {
        if range.start > range.end || range.end > self.length {
            return None;
        }
        let last = self.segments() - 1;
        let first = (range.start / SEGMENT_LEN as u64).min(last);
        let end = range.end.div_ceil(SEGMENT_LEN as u64).max(first + 1);
        let stride = (SEGMENT_LEN + TAG_LEN) as u64;
        let record_end = (HEADER_LEN as u64 + end * stride).min(self.record_len());
        Some(Span {
            plaintext: range,
            record: HEADER_LEN as u64 + first * stride..record_end,
            first: u32::try_from(first).ok()?,
        })
    }

    /// The whole plaintext.
    pub(crate) fn whole(&self) -> Span {
        Span {
            plaintext: 0..self.length,
            record: HEADER_LEN as u64..self.record_len(),
            first: 0,
        }
    }

    pub(crate) fn is_last(&self, segment: u32) -> bool {
        u64::from(segment) + 1 == self.segments()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: u64 = SEGMENT_LEN as u64;

    fn layout(length: u64) -> Layout {
        Layout::of(length).expect("within the limit")
    }

    #[test]
    fn lengths_follow_from_the_plaintext() {
        for (length, segments) in [
            (0, 1),
            (1, 1),
            (SEGMENT, 1),
            (SEGMENT + 1, 2),
            (2 * SEGMENT, 2),
        ] {
            assert_eq!(layout(length).segments(), segments);
            assert_eq!(layout(length).record_len(), 48 + length + 16 * segments);
        }
        assert_eq!(Layout::of(MAX_PLAINTEXT + 1), None);
        assert_eq!(layout(MAX_PLAINTEXT).segments(), 1 << 32);
    }

    #[test]
    fn a_range_spans_whole_segments_and_no_more_than_it_needs() {
        let layout = layout(3 * SEGMENT + 5);
        let record = |range| layout.span(range).expect("within the plaintext").record;
        let start = |segment: u64| 48 + segment * (SEGMENT + 16);
        assert_eq!(record(0..1), start(0)..start(1));
        assert_eq!(record(SEGMENT - 1..SEGMENT + 1), start(0)..start(2));
        assert_eq!(record(SEGMENT..2 * SEGMENT), start(1)..start(2));
        assert_eq!(
            record(3 * SEGMENT..3 * SEGMENT + 5),
            start(3)..layout.record_len()
        );
        assert_eq!(record(0..3 * SEGMENT + 5), 48..layout.record_len());
        assert_eq!(record(2 * SEGMENT..2 * SEGMENT), start(2)..start(3));
    }

    #[test]
    fn a_range_outside_the_plaintext_has_no_span() {
        assert_eq!(layout(10).span(0..11), None);
        #[expect(clippy::reversed_empty_ranges, reason = "that is the point")]
        let reversed = 5..4;
        assert_eq!(layout(10).span(reversed), None);
    }
}
