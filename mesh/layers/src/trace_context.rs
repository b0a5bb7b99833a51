//! W3C Trace Context: `traceparent` and `tracestate`, read strictly and written in version 00.
//!
//! After <https://www.w3.org/TR/trace-context-2/>: a `traceparent` that is not exactly right starts a new trace, and
//! its `tracestate` is ignored with it. B3 is understood at the edge only.

mod state;

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::headers::{Single, single};
use crate::span_ids::SpanIds;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Length of a version 00 `traceparent`.
const LENGTH: usize = 55;
/// The flags the specification defines: sampled and random-trace-id. Others must be sent as zero.
const KNOWN_FLAGS: u8 = 0b11;
const SAMPLED: u8 = 1;

/// Where in a trace a call stands.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace, the same on every hop.
    pub trace_id: [u8; 16],
    /// This hop's span: the parent of whatever it calls.
    pub span_id: [u8; 8],
    /// `trace-flags`: bit 0 says that the trace is sampled.
    pub flags: u8,
    /// `tracestate` as it will be sent on.
    pub state: Option<String>,
}

/// The header is no `traceparent` that may be continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "traceparent is malformed: expected 00-<32 lower-case hex>-<16 lower-case hex>-<2 lower-case hex>"
)]
pub struct TraceContextError;

impl TraceContext {
    /// A trace of its own. It is flagged as sampled: a mesh proxy beside us exports its spans only then, and a
    /// collector that wants fewer samples by whole traces.
    #[must_use]
    pub fn root(ids: &SpanIds) -> Self {
        Self {
            trace_id: ids.trace_id(),
            span_id: ids.span_id(),
            flags: SAMPLED,
            state: None,
        }
    }

    /// The next span of the same trace.
    #[must_use]
    pub fn child(&self, ids: &SpanIds) -> Self {
        Self {
            span_id: ids.span_id(),
            ..self.clone()
        }
    }

    /// Reads a `traceparent` value. Of a later version only what version 00 knows is read.
    ///
    /// # Errors
    /// If it is not exactly as the specification says.
    pub fn parse(traceparent: &[u8]) -> Result<Self, TraceContextError> {
        let (head, rest) = traceparent
            .split_at_checked(LENGTH)
            .ok_or(TraceContextError)?;
        let [version] = hex_bytes::<1>(&head[..2])?;
        let follows_version = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.is_empty() || rest[0] == b'-',
        };
        let dashes = head[2] == b'-' && head[35] == b'-' && head[52] == b'-';
        let trace_id = hex_bytes::<16>(&head[3..35])?;
        let span_id = hex_bytes::<8>(&head[36..52])?;
        let [flags] = hex_bytes::<1>(&head[53..])?;
        if !follows_version || !dashes || trace_id == [0; 16] || span_id == [0; 8] {
            return Err(TraceContextError);
        }
        Ok(Self {
            trace_id,
            span_id,
            flags: flags & KNOWN_FLAGS,
            state: None,
        })
    }

    /// The remote parent of a request, if it names exactly one that is well formed.
    #[must_use]
    pub fn extract(headers: &HeaderMap) -> Option<Self> {
        let Single::One(parent) = single(headers, &TRACEPARENT) else {
            return None;
        };
        let mut context = Self::parse(parent.as_bytes()).ok()?;
        context.state = state::combine(headers.get_all(TRACESTATE));
        Some(context)
    }

    /// Replaces whatever trace headers a request has by this context.
    pub fn inject(&self, headers: &mut HeaderMap) {
        headers.insert(TRACEPARENT, self.header());
        match self.state.as_deref().map(HeaderValue::from_str) {
            Some(Ok(state)) => headers.insert(TRACESTATE, state),
            _ => headers.remove(TRACESTATE),
        };
    }

    /// Whether somebody records this trace.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    fn header(&self) -> HeaderValue {
        let mut text = [b'-'; LENGTH];
        text[..2].copy_from_slice(b"00");
        write_hex(&self.trace_id, &mut text[3..35]);
        write_hex(&self.span_id, &mut text[36..52]);
        write_hex(&[self.flags], &mut text[53..]);
        let mut value = HeaderValue::from_bytes(&text).expect("hex and dashes are a header value");
        // Never the same twice: it must not push what repeats out of the connection's compression table.
        value.set_sensitive(true);
        value
    }
}

/// Shows as its `traceparent`.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace, span) = (hex::encode(self.trace_id), hex::encode(self.span_id));
        write!(f, "00-{trace}-{span}-{:02x}", self.flags)
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An id as a field of a span, written out only if somebody reads it.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn hex_bytes<const N: usize>(text: &[u8]) -> Result<[u8; N], TraceContextError> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(TraceContextError),
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(bytes)
}

fn write_hex(bytes: &[u8], text: &mut [u8]) {
    hex::encode_to_slice(bytes, text).expect("the slice is twice as long as the bytes");
}

#[cfg(test)]
mod tests;
