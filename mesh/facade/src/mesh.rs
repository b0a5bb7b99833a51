//! The mesh of one process.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use preau_mesh_identity::principal::Verifier;
use preau_mesh_identity::{IdentityStore, TrustDomain, WallClock, system_clock};
use preau_mesh_layers::{Catalogue, Metrics, ServerShared, SpanIds};
use preau_mesh_transport::{ConnectorConfig, Drained, Listener, ListenerConfig, TransportEvents};
use preau_proto::contract::Contract;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use crate::channel::Channel;
use crate::error::MeshError;
use crate::role_server::RoleServer;
use crate::serve::{Roles, Served};

/// Serves the roles of this process and makes clients to any role. One per process; cheap to clone.
#[derive(Clone)]
pub struct Mesh {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) identities: Arc<IdentityStore>,
    contract: Contract,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) namespace: Arc<str>,
    verifier: Arc<Verifier>,
    pub(crate) metrics: Metrics,
    pub(crate) span_ids: SpanIds,
    listener: ListenerConfig,
    pub(crate) connector: ConnectorConfig,
    /// Shared with the channels, which must not hold the mesh that holds them.
    pub(crate) peers: Arc<ArcSwap<Peers>>,
    channels: Mutex<HashMap<(String, String), Channel>>,
}

/// Where roles are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peers {
    by_role: BTreeMap<String, String>,
    /// For every role that is not in the table: this process.
    local: Option<String>,
}

impl Peers {
    pub(crate) fn address(&self, role: &str) -> Option<&str> {
        self.by_role
            .get(role)
            .or(self.local.as_ref())
            .map(String::as_str)
    }
}

impl Mesh {
    /// A mesh for the identities this process has or will get.
    pub fn builder(identities: Arc<IdentityStore>, contract: Contract) -> MeshBuilder {
        MeshBuilder {
            clock: system_clock(),
            namespace: "default".into(),
            peers: Peers::default(),
            metrics: Metrics::new(),
            span_ids: SpanIds::random(),
            listener: ListenerConfig::default(),
            connector: ConnectorConfig::default(),
            identities,
            contract,
        }
    }

    /// A connection to `to_role` in the name of `from_role`, for any generated client. Dialled at the first call.
    ///
    /// The same pair of roles shares its connections. A role that does not exist fails at the call.
    #[must_use]
    pub fn client(&self, from_role: &str, to_role: &str) -> Channel {
        let mut channels = self
            .inner
            .channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        channels
            .entry((from_role.to_owned(), to_role.to_owned()))
            .or_insert_with(|| Channel::new(&self.inner, from_role, to_role))
            .clone()
    }

    /// What verifies principal tokens; the composition root gives it the published keys.
    #[must_use]
    pub fn principals(&self) -> &Arc<Verifier> {
        &self.inner.verifier
    }

    /// Says where a role is. Calls made from now on go there; those under way finish where they are.
    pub fn set_peer(&self, role: &str, address: &str) {
        self.inner.peers.rcu(|peers| {
            let mut peers = Peers::clone(peers);
            peers.by_role.insert(role.to_owned(), address.to_owned());
            peers
        });
    }

    /// Says where the roles of this very process are, once its listener knows its port.
    pub fn set_local(&self, address: &str) {
        self.inner.peers.rcu(|peers| Peers {
            local: Some(address.to_owned()),
            ..Peers::clone(peers)
        });
    }

    /// The identities of this process.
    #[must_use]
    pub fn identities(&self) -> &Arc<IdentityStore> {
        &self.inner.identities
    }

    /// The trust domain.
    #[must_use]
    pub fn trust_domain(&self) -> &TrustDomain {
        self.inner.identities.trust_domain()
    }

    /// The contract that is enforced.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.inner.contract
    }

    /// How the mesh's listener is to be bound.
    #[must_use]
    pub fn listener_config(&self) -> &ListenerConfig {
        &self.inner.listener
    }

    /// What this process counts.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// Serves `roles` until `stop`, then drains: health says NOT_SERVING first, then connections are told to go.
    ///
    /// # Errors
    /// Before anything is accepted: a registered method without a policy, or a service that does not belong there.
    pub async fn serve(
        self,
        listener: Listener,
        roles: Vec<RoleServer>,
        stop: CancellationToken,
    ) -> Result<Drained, MeshError> {
        let roles = Roles::check(roles, &self.inner.contract).await?;
        let health = roles.health();
        let served = Served::new(&self.server_shared(&listener), roles);
        let identities = self.inner.identities.clone();
        let events: Arc<dyn TransportEvents> = Arc::new(self.inner.metrics.clone());
        let mut serving = Box::pin(listener.serve(identities, served, events, stop.clone()));
        tokio::select! {
            drained = &mut serving => return Ok(drained),
            () = stop.cancelled() => health.stop_serving().await,
        }
        Ok(serving.await)
    }

    fn server_shared(&self, listener: &Listener) -> ServerShared {
        let inner = &self.inner;
        ServerShared {
            catalogue: inner.catalogue.clone(),
            verifier: inner.verifier.clone(),
            namespace: inner.namespace.clone(),
            endpoint: listener.local_addr().to_string().into(),
            metrics: inner.metrics.clone(),
            span_ids: inner.span_ids.clone(),
        }
    }
}

impl fmt::Debug for Mesh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mesh")
            .field("peers", &*self.inner.peers.load())
            .finish_non_exhaustive()
    }
}

/// Builds a [`Mesh`].
#[must_use]
pub struct MeshBuilder {
    identities: Arc<IdentityStore>,
    contract: Contract,
    clock: WallClock,
    namespace: String,
    peers: Peers,
    metrics: Metrics,
    span_ids: SpanIds,
    listener: ListenerConfig,
    connector: ConnectorConfig,
}

impl MeshBuilder {
    /// The namespace of every identity here; `default` unless said.
    pub fn namespace(self, namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            ..self
        }
    }

    /// Addresses (`host:port`) of roles in other processes.
    pub fn peers(mut self, peers: BTreeMap<String, String>) -> Self {
        self.peers.by_role = peers;
        self
    }

    /// The address of this process, for every role that is not among the peers.
    pub fn local(mut self, address: impl ToString) -> Self {
        self.peers.local = Some(address.to_string());
        self
    }

    /// The clock that tokens expire by.
    pub fn clock(self, clock: WallClock) -> Self {
        Self { clock, ..self }
    }

    /// Where metrics are registered.
    pub fn registry(self, registry: &mut Registry) -> Self {
        self.metrics.register(registry, self.identities.clone());
        self
    }

    /// Where span and trace ids come from; the thread's random generator unless said.
    pub fn span_ids(self, span_ids: SpanIds) -> Self {
        Self { span_ids, ..self }
    }

    /// Limits of the listener.
    pub fn listener_config(self, listener: ListenerConfig) -> Self {
        Self { listener, ..self }
    }

    /// Limits and back-off of connections made.
    pub fn connector_config(self, connector: ConnectorConfig) -> Self {
        Self { connector, ..self }
    }

    /// The mesh.
    #[must_use]
    pub fn build(self) -> Mesh {
        let verifier = Verifier::new(self.identities.trust_domain().clone(), self.clock);
        let inner = Inner {
            catalogue: Catalogue::new(&self.contract),
            contract: self.contract,
            namespace: self.namespace.into(),
            verifier: Arc::new(verifier),
            metrics: self.metrics,
            span_ids: self.span_ids,
            listener: self.listener,
            connector: self.connector,
            peers: Arc::new(ArcSwap::from_pointee(self.peers)),
            channels: Mutex::default(),
            identities: self.identities,
        };
        Mesh {
            inner: Arc::new(inner),
        }
    }
}
