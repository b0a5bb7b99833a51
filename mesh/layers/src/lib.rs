//! The mesh's tower layers and the order they stand in.
//!
//! Three types to know: [`ServerStack`] and [`ClientStack`] (what a call crosses on either side, see below) and
//! [`Admission`] (what the authorization layer found out about a call, left in the request's extensions for the
//! handler, which must discharge the relation the contract declares).
//!
//! This crate must not know sockets, certificates or any particular service: connections come from the transport
//! below, handlers and peers from the facade above, every policy from the contract.
//!
//! # The server stack, outermost first
//!
//! | layer | why here |
//! |---|---|
//! | (transport) | handshakes, connection caps and age come before any request exists; it leaves [`ConnectionInfo`] |
//! | trace | outermost, so that its span covers every other layer and every refusal carries ids |
//! | metrics | next, so that refusals and expiries below are counted with the status the caller saw |
//! | deadline | before anything that may wait, so that waiting is bounded too; enforced until trailers |
//! | *admission* | (later) sheds by criticality and by the deadline just computed, before work is spent on a call |
//! | *rate limit* | (later) per identity; after admission, because an overloaded process protects itself first |
//! | authorize | last before the handler: it verifies a signature, work that only admitted calls deserve; and its guard must see the handler's own answer, unchanged |
//!
//! # The client stack, outermost first
//!
//! | layer | why here |
//! |---|---|
//! | budget | outermost: every retry and hedge below spends the same budget |
//! | trace | one span and one id per attempt; with retry below it, a second instance goes under the breaker and this one becomes the span of the whole call |
//! | metrics | sees what the caller sees: expiries of the peer, connection failures |
//! | *retry* | (later) declared by `idempotency_level`, budgeted; above routing, so that a retry may go elsewhere |
//! | *hedge* | (later) idempotent methods only; below retry, or a hedge would be retried on its own |
//! | *route* | (later) chooses a version (pilot) before an endpoint of it is chosen |
//! | *balance* | (later) power of two choices over the endpoints of the route |
//! | *breaker* | (later) per endpoint and method; innermost, because it judges one endpoint |
//! | (transport) | the connections of one endpoint |
//!
//! Bodies: every layer takes a [`tonic::body::Body`] and wraps the response body in its own type, so a call pays
//! for one box at each boundary and not for one per layer. Errors of response bodies are [`tonic::Status`].

mod catalogue;
mod client;
mod expiring;
mod fault;
mod headers;
mod metrics;
mod observe;
mod origin;
mod server;
mod span_ids;
#[cfg(test)]
mod testing;
mod timeout;
mod trace_context;

pub use catalogue::{Catalogue, Entry, request_path};
pub use client::budget::{Budget, BudgetLayer};
pub use client::metrics::{ClientMetrics, ClientMetricsLayer};
pub use client::trace::{ClientTrace, ClientTraceLayer};
pub use client::{ClientShared, ClientStack, Inherited, client_stack};
pub use expiring::{Deadline, ExpiringBody, ExpiringFuture};
pub use fault::{DOMAIN, Fault, Reported};
pub use metrics::Metrics;
pub use observe::{ObservedBody, ObservedFuture, Observer, Outcome};
pub use origin::Origin;
pub use server::authorize::{Admission, Authorize, AuthorizeLayer, PRINCIPAL_HEADER};
pub use server::deadline::{ServerDeadline, ServerDeadlineLayer};
pub use server::metrics::{ServerMetrics, ServerMetricsLayer};
pub use server::trace::{ServerTrace, ServerTraceLayer};
pub use server::{ServerShared, ServerStack, server_stack};
pub use span_ids::SpanIds;
pub use trace_context::{TraceContext, TraceContextError};

pub use preau_mesh_transport::ConnectionInfo;

/// The target of the mesh's spans and events.
const TARGET: &str = "preau::mesh";
