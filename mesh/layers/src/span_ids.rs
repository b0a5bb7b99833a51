//! Where trace and span ids come from.

use std::fmt;
use std::sync::Arc;

/// A source of random ids, injected so that simulations and tests can repeat a run.
#[derive(Clone)]
pub struct SpanIds(Arc<dyn Fn() -> u64 + Send + Sync>);

impl SpanIds {
    /// Ids from the thread's random generator.
    #[must_use]
    pub fn random() -> Self {
        Self(Arc::new(rand::random))
    }

    /// Ids from any source of uniformly random numbers.
    #[must_use]
    pub fn from_fn(draw: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    pub(crate) fn span_id(&self) -> [u8; 8] {
        // An all-zero id is invalid by the specification.
        (self.0)().max(1).to_be_bytes()
    }

    pub(crate) fn trace_id(&self) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(self.0)().to_be_bytes());
        id[8..].copy_from_slice(&self.span_id());
        id
    }
}

impl fmt::Debug for SpanIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpanIds")
    }
}
