//! The contract as the layers look it up: by exact path, once built, shared by every call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use preau_proto::contract::{Contract, Criticality, Idempotency, Method, Rule, Workload};

/// Every method a mesh server may answer: the contract's, and gRPC's own health service.
///
/// `grpc.health.v1` is the one service that is not of the contract: probes of orchestrators speak it, so every role
/// answers it, to any workload with an identity, without a user. Server reflection is not served on the mesh.
#[derive(Debug)]
pub struct Catalogue {
    entries: HashMap<String, Arc<Entry>>,
}

/// One method, with what the layers would otherwise compute at every call.
#[derive(Debug)]
pub struct Entry {
    /// Its policy. Shared, because every admission names it.
    pub method: Arc<Method>,
    /// The policy's rules once more, to be shared with every admission they all fit.
    pub(crate) rules: Arc<[Rule]>,
    pub(crate) index: usize,
    pub(crate) received: String,
    pub(crate) attempt: String,
    pub(crate) rpc: String,
}

impl Catalogue {
    /// The contract's methods and the health service's.
    #[must_use]
    pub fn new(contract: &Contract) -> Arc<Self> {
        let methods = contract.methods().cloned().chain(health());
        let entries = methods
            .enumerate()
            .map(|(index, method)| (method.path.clone(), Arc::new(Entry::new(index, method))))
            .collect();
        Arc::new(Self { entries })
    }

    /// The method at exactly this path. There is no normalisation, so a variant of a path is an unknown path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Arc<Entry>> {
        self.entries.get(path)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

impl Entry {
    fn new(index: usize, method: Method) -> Self {
        let (service, name) = (&method.service, &method.name);
        Self {
            index,
            received: format!("Recv.{service}.{name}"),
            attempt: format!("Attempt.{service}.{name}"),
            rpc: format!("{service}/{name}"),
            rules: method.rules.as_slice().into(),
            method: Arc::new(method),
        }
    }
}

/// What `:path` said, query included: a path with a query is not a method's path.
#[must_use]
pub fn request_path(uri: &Uri) -> &str {
    uri.path_and_query().map_or("", |path| path.as_str())
}

fn health() -> [Method; 2] {
    let method = |name: &str, server_streaming, deadline| Method {
        path: format!("/grpc.health.v1.Health/{name}"),
        service: "grpc.health.v1.Health".into(),
        name: name.into(),
        area: MESH_AREA.into(),
        input: "grpc.health.v1.HealthCheckRequest".into(),
        output: "grpc.health.v1.HealthCheckResponse".into(),
        server_streaming,
        rules: Vec::new(),
        workloads: vec![Workload::Any],
        deadline,
        criticality: Criticality::CriticalPlus,
        audit: false,
        idempotency: Idempotency::NoSideEffects,
    };
    // A watcher resumes after the hour; without any end its stream would outlive what it watches.
    [
        method("Check", false, Duration::from_secs(5)),
        method("Watch", true, Duration::from_secs(3600)),
    ]
}

/// The area whose services every role answers.
pub(crate) const MESH_AREA: &str = "mesh";
