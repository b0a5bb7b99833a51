//! Metric families under Linkerd's names and labels, so that its dashboards and alerts read ours.
//!
//! Names, label names and latency buckets are those of linkerd2-proxy's HTTP metrics (`request_total`,
//! `response_total`, `response_latency_ms`), with one label of ours, `rpc`, and the role. As there, latency is
//! measured to the first data, and what counts as a failure is a list of gRPC codes.

mod calls;
mod certificates;
mod transport;

use std::sync::Arc;

use preau_mesh_identity::IdentityStore;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub(crate) use calls::{CallObserver, Handles};

use certificates::Certificates;
use transport::TransportMetrics;

pub(crate) type Labels = Vec<(&'static str, String)>;
type Latencies = Family<Labels, Histogram, fn() -> Histogram>;

/// The mesh's metrics of one process. Also what the transport reports its events to.
#[derive(Clone, Debug)]
pub struct Metrics {
    families: Arc<Families>,
}

#[derive(Debug)]
struct Families {
    requests: Family<Labels, Counter>,
    responses: Family<Labels, Counter>,
    latency: Latencies,
    transport: TransportMetrics,
}

impl Metrics {
    /// Metrics that nobody scrapes until they are registered.
    #[must_use]
    pub fn new() -> Self {
        let families = Families {
            requests: Family::default(),
            responses: Family::default(),
            latency: Family::new_with_constructor(latency_histogram),
            transport: TransportMetrics::default(),
        };
        Self {
            families: Arc::new(families),
        }
    }

    /// Adds every family to `registry`, and the expiry of every certificate in `identities`.
    pub fn register(&self, registry: &mut Registry, identities: Arc<IdentityStore>) {
        let Families {
            requests,
            responses,
            latency,
            transport,
        } = &*self.families;
        // The encoder appends `_total` to counters.
        registry.register("request", "Requests, by method and peer", requests.clone());
        registry.register(
            "response",
            "Responses that ended, by method, peer and status",
            responses.clone(),
        );
        registry.register(
            "response_latency_ms",
            "Milliseconds from request to first data",
            latency.clone(),
        );
        transport.register(registry);
        registry.register_collector(Box::new(Certificates::new(identities)));
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// linkerd2-proxy's latency buckets: 1 to 5, then 10 to 50, and so on to 50,000 ms.
fn latency_histogram() -> Histogram {
    let decades = [1.0, 10.0, 100.0, 1_000.0, 10_000.0];
    Histogram::new(
        decades
            .into_iter()
            .flat_map(|decade| (1..=5).map(move |step| decade * f64::from(step))),
    )
}
