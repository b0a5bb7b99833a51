//! The client side: its layers, assembled in the order that the crate's page explains.

pub(crate) mod budget;
pub(crate) mod metrics;
pub(crate) mod trace;

use std::sync::Arc;

use tower::Layer;

use crate::catalogue::Catalogue;
use crate::expiring::Deadline;
use crate::metrics::Metrics;
use crate::origin::Origin;
use crate::span_ids::SpanIds;
use crate::trace_context::TraceContext;

use budget::{Budget, BudgetLayer};
use metrics::{ClientMetrics, ClientMetricsLayer};
use trace::{ClientTrace, ClientTraceLayer};

/// A connection to a peer behind every client layer.
pub type ClientStack<S> = Budget<ClientTrace<ClientMetrics<S>>>;

/// What the client layers of one (from, to) pair need.
#[derive(Clone, Debug)]
pub struct ClientShared {
    /// The methods and their policies.
    pub catalogue: Arc<Catalogue>,
    /// The role that calls.
    pub from: Arc<str>,
    /// The role that is called.
    pub to: Arc<str>,
    /// `<role>.<trust domain>` of the role that is called.
    pub authority: Arc<str>,
    /// The identity the peer must prove.
    pub server_id: Arc<str>,
    /// Where calls are counted.
    pub metrics: Metrics,
    /// Where span ids come from.
    pub span_ids: SpanIds,
}

impl ClientShared {
    /// What errors of these layers name.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin::Client {
            service: self.to.clone(),
            endpoint: self.authority.clone(),
        }
    }
}

/// What an outbound request inherits from the call it serves. In the extensions of requests that go out.
#[derive(Clone, Debug, Default)]
pub struct Inherited {
    /// The trace to continue; a new one without.
    pub trace: Option<TraceContext>,
    /// What is left of the time.
    pub deadline: Option<Deadline>,
}

/// Puts every client layer in front of `inner`.
pub fn client_stack<S>(shared: &ClientShared, inner: S) -> ClientStack<S> {
    let stack = ClientMetricsLayer::new(shared).layer(inner);
    let stack = ClientTraceLayer::new(shared).layer(stack);
    BudgetLayer::new(shared).layer(stack)
}
