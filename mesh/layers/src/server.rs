//! The server side: its layers, assembled in the order that the crate's page explains.

pub(crate) mod authorize;
pub(crate) mod deadline;
pub(crate) mod metrics;
pub(crate) mod trace;

use std::sync::Arc;

use preau_mesh_identity::principal::Verifier;
use tower::Layer;

use crate::catalogue::Catalogue;
use crate::metrics::Metrics;
use crate::span_ids::SpanIds;

use authorize::{Authorize, AuthorizeLayer};
use deadline::{ServerDeadline, ServerDeadlineLayer};
use metrics::{ServerMetrics, ServerMetricsLayer};
use trace::{ServerTrace, ServerTraceLayer};

/// A handler behind every server layer.
pub type ServerStack<S> = ServerTrace<ServerMetrics<ServerDeadline<Authorize<S>>>>;

/// What the server layers need, from the composition of the process.
#[derive(Clone)]
pub struct ServerShared {
    /// The methods and their policies.
    pub catalogue: Arc<Catalogue>,
    /// Verifies principal tokens.
    pub verifier: Arc<Verifier>,
    /// The namespace whose workloads policies name; an identity of another is listed nowhere.
    pub namespace: Arc<str>,
    /// The address listened on, for errors.
    pub endpoint: Arc<str>,
    /// Where calls are counted.
    pub metrics: Metrics,
    /// Where span ids come from.
    pub span_ids: SpanIds,
}

/// Puts every server layer in front of `inner`.
pub fn server_stack<S>(shared: &ServerShared, inner: S) -> ServerStack<S> {
    let stack = AuthorizeLayer::new(shared).layer(inner);
    let stack = ServerDeadlineLayer::new(shared).layer(stack);
    let stack = ServerMetricsLayer::new(shared).layer(stack);
    ServerTraceLayer::new(shared).layer(stack)
}
