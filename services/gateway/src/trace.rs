//! Where a call from outside stands in a trace.
//!
//! W3C `traceparent` passes as it is. B3's several headers, which older tools still send, are
//! turned into it here, at the edge, so that the mesh knows one form.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use preau_mesh::{Deadline, Inherited, TraceContext};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACE_ID: HeaderName = HeaderName::from_static("x-b3-traceid");
const SPAN_ID: HeaderName = HeaderName::from_static("x-b3-spanid");
const SAMPLED: HeaderName = HeaderName::from_static("x-b3-sampled");
const FLAGS: HeaderName = HeaderName::from_static("x-b3-flags");
const PARENT: HeaderName = HeaderName::from_static("x-b3-parentspanid");

/// What a call hands on to the calls made for it: its trace, and its time within what is allowed.
pub(crate) fn inherited(headers: &HeaderMap, allowed: Duration) -> Inherited {
    Inherited {
        trace: TraceContext::extract(headers),
        deadline: Some(Deadline::asked(headers, allowed)),
    }
}

/// Turns B3 into `traceparent`, unless there is one; B3 goes no further.
pub(crate) fn normalise(headers: &mut HeaderMap) {
    let translated = translate(headers);
    for name in [TRACE_ID, SPAN_ID, SAMPLED, FLAGS, PARENT] {
        headers.remove(name);
    }
    if let Some(translated) = translated
        && !headers.contains_key(TRACEPARENT)
    {
        headers.insert(TRACEPARENT, translated);
    }
}

fn translate(headers: &HeaderMap) -> Option<HeaderValue> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let trace_id = hex(text(TRACE_ID)?, &[16, 32])?;
    let span_id = hex(text(SPAN_ID)?, &[16])?;
    // A deferred decision is no decision against it.
    let sampled = text(FLAGS) == Some("1") || !matches!(text(SAMPLED), Some("0" | "false"));
    let value = format!("00-{trace_id:0>32}-{span_id}-{:02x}", u8::from(sampled));
    HeaderValue::try_from(value).ok()
}

/// Lower-case hexadecimal of one of these lengths, not all zeros.
fn hex(text: &str, lengths: &[usize]) -> Option<String> {
    let fits = lengths.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte != b'0');
    fits.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(pairs: &[(&'static str, &'static str)]) -> (Option<String>, usize) {
        let mut headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        normalise(&mut headers);
        let parent = headers
            .get(TRACEPARENT)
            .map(|value| value.to_str().expect("text").to_owned());
        (parent, headers.len())
    }

    #[test]
    fn b3_becomes_traceparent_and_goes() {
        let (parent, left) = normalised(&[
            ("x-b3-traceid", "463AC35C9F6413AD48485A3953BB6124"),
            ("x-b3-spanid", "a2fb4a1d1a96d312"),
            ("x-b3-sampled", "1"),
        ]);
        assert_eq!(
            parent.as_deref(),
            Some("00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01")
        );
        assert_eq!(left, 1);
    }

    #[test]
    fn short_ids_are_padded_and_a_refusal_to_sample_is_kept() {
        let (parent, _) = normalised(&[
            ("x-b3-traceid", "48485a3953bb6124"),
            ("x-b3-spanid", "a2fb4a1d1a96d312"),
            ("x-b3-sampled", "0"),
        ]);
        assert_eq!(
            parent.as_deref(),
            Some("00-000000000000000048485a3953bb6124-a2fb4a1d1a96d312-00")
        );
    }

    #[test]
    fn traceparent_wins_and_nonsense_is_dropped() {
        let given = "00-0102030405060708090a0b0c0d0e0f10-00f067aa0ba902b7-01";
        let b3 = [
            ("x-b3-traceid", "48485a3953bb6124"),
            ("x-b3-spanid", "a2fb4a1d1a96d312"),
        ];
        let (parent, left) = normalised(&[("traceparent", given), b3[0], b3[1]]);
        assert_eq!((parent.as_deref(), left), (Some(given), 1));
        for bad in [
            "",
            "48485a3953bb612",
            "zz485a3953bb6124",
            "0000000000000000",
        ] {
            assert_eq!(
                normalised(&[("x-b3-traceid", bad), b3[1]]),
                (None, 0),
                "{bad}"
            );
        }
    }
}
