//! One process: locked, bound, built, serving, drained.

use std::sync::Arc;
use std::time::Duration;

use preau_mesh::{Drained, IdentityStore, Issuer, Mesh, MeshError, system_clock};
use preau_proto::contract::Contract;
use prometheus_client::registry::Registry;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::admin_http::{self, Ready};
use super::ports::{Addresses, Ports, listener_config};
use super::roles::Services;
use super::signals::Signals;
use super::{demo, identities, lock, roles, signing_keys};
use crate::config::{Config, ROLES};
use crate::failure::Failure;

/// The gateway drains first, for at most this long.
const GATEWAY_DRAIN: Duration = Duration::from_secs(12);
/// For tasks and databases at the very end.
const CLOSE: Duration = Duration::from_secs(5);

/// What a start is asked to do besides serving.
#[derive(Default)]
pub(crate) struct Options {
    /// Fill an empty data directory with a demonstration school.
    pub(crate) demo: bool,
    /// For a process that never joined.
    pub(crate) join_token: Option<String>,
}

/// Runs these roles until a signal; answers when everything is drained and closed.
pub(crate) async fn run(
    config: Config,
    roles: Vec<&'static str>,
    options: Options,
) -> Result<(), Failure> {
    let mut signals = Signals::install()?;
    let _locks = lock::lock(&config, &roles)?;
    let process = tokio::select! {
        started = start(&config, &roles, &options) => started?,
        // Nothing serves yet and every write so far was a transaction: there is nothing to drain.
        signal = signals.wait() => {
            tracing::info!(signal, "stopped while starting");
            return Ok(());
        }
    };
    process.announce();
    process.until_stopped(&mut signals).await
}

async fn start(
    config: &Config,
    roles: &[&'static str],
    options: &Options,
) -> Result<Process, Failure> {
    let built = Built::new(config, roles, options).await?;
    let plan = match (options.demo, &built.services.identity) {
        (true, Some(identity)) => demo::plan(config, identity).await?,
        _ => None,
    };
    let (process, keys) = built.serve(config, roles);
    if roles.contains(&"identity") {
        process.wait_for_keys(keys).await?;
    }
    if let (Some(plan), Some(url)) = (plan, process.addresses.local_gateway_url()) {
        demo::fill(config, plan, &url).await?;
    }
    Ok(process)
}

/// Everything constructed, nothing served.
struct Built {
    contract: Contract,
    ports: Ports,
    registry: Registry,
    mesh: Mesh,
    issuer: Arc<dyn Issuer>,
    services: Services,
}

impl Built {
    async fn new(
        config: &Config,
        roles: &[&'static str],
        options: &Options,
    ) -> Result<Self, Failure> {
        let contract = Contract::load()
            .map_err(|error| Failure::new(error, "the contract in this build", "build it again"))?;
        let ports = Ports::bind(config, roles).await?;
        let mut registry = Registry::default();
        let store = IdentityStore::new(roles::trust_domain(config)?, system_clock());
        let mesh = Mesh::builder(store, contract.clone())
            .peers(config.mesh.peers.clone())
            .local(ports.addresses.local_mesh())
            .listener_config(listener_config())
            .registry(&mut registry)
            .build();
        warn_of_missing_peers(config, roles);

        let has_ca = roles.contains(&"control");
        let ca = has_ca
            .then(|| identities::open_authority(config))
            .transpose()?;
        let token = options.join_token.as_deref();
        let issuer = identities::establish(config, &mesh, roles, ca.as_ref(), token).await?;
        let services = roles::open(config, roles, &mesh, ca).await?;
        Ok(Self {
            contract,
            ports,
            registry,
            mesh,
            issuer,
            services,
        })
    }

    /// Starts everything; the receiver turns true when principals can be verified.
    fn serve(
        mut self,
        config: &Config,
        roles: &[&'static str],
    ) -> (Process, watch::Receiver<bool>) {
        let keys = watch::Sender::new(false);
        let keys_known = keys.subscribe();
        let (stops, tasks) = (Stops::default(), TaskTracker::new());
        let ready = Ready::new(keys_known.clone());
        let (mesh, stop) = (self.mesh, &stops.tasks);
        identities::keep(config, mesh.identities(), &self.issuer, roles, &tasks, stop);
        tasks.spawn(self.services.upkeep(stop.clone()));
        let (port, registry) = (self.ports.admin, self.registry);
        tasks.spawn(admin_http::serve(
            port,
            registry,
            ready.clone(),
            stop.clone(),
        ));
        tasks.spawn(signing_keys::keep_fresh(
            mesh.clone(),
            roles[0],
            keys,
            stop.clone(),
        ));

        let servers = std::mem::take(&mut self.services.servers);
        let serving = mesh
            .clone()
            .serve(self.ports.mesh, servers, stops.mesh.clone());
        let tls = self.ports.tls;
        let edge = self.ports.gateway.map(|listener| {
            let config = gateway_config(config, tls);
            let (mesh, stop) = (mesh.clone(), stops.edge.clone());
            tokio::spawn(preau_gateway::serve(
                listener,
                mesh,
                self.contract,
                config,
                stop,
            ))
        });
        let process = Process {
            addresses: self.ports.addresses,
            services: self.services,
            mesh: tokio::spawn(serving),
            ready,
            stops,
            edge,
            tasks,
        };
        (process, keys_known)
    }
}

/// One after the other, from the outside in.
#[derive(Default)]
struct Stops {
    edge: CancellationToken,
    mesh: CancellationToken,
    tasks: CancellationToken,
}

struct Process {
    addresses: Addresses,
    services: Services,
    ready: Ready,
    stops: Stops,
    edge: Option<JoinHandle<preau_gateway::Drained>>,
    mesh: JoinHandle<Result<Drained, MeshError>>,
    tasks: TaskTracker,
}

impl Process {
    /// The first call over the mesh: when it is answered, handshake, policy and database work.
    async fn wait_for_keys(&self, mut known: watch::Receiver<bool>) -> Result<(), Failure> {
        let answered =
            tokio::time::timeout(Duration::from_secs(10), known.wait_for(|known| *known)).await;
        match answered {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Failure::new(
                "the roles of this process do not reach each other",
                self.addresses.mesh,
                "see the log above; a firewall on loopback, or a contract that names a method without a policy",
            )),
        }
    }

    /// The one line on standard output: it listens. Whether it can tell who calls, which takes the
    /// keys of an identity that may start later, is what `/readyz` says.
    fn announce(&self) {
        self.ready.set(true);
        let line = json!({
            "gateway": self.addresses.gateway_url(),
            "mesh": self.addresses.mesh.to_string(),
            "admin": format!("http://{}", self.addresses.admin),
        });
        // Nobody listening is no reason to stop serving.
        let _ = crate::cli::print(&format!("ready {line}\n"));
        tracing::info!(mesh = %self.addresses.mesh, admin = %self.addresses.admin, "serving");
    }

    async fn until_stopped(mut self, signals: &mut Signals) -> Result<(), Failure> {
        let broke = tokio::select! {
            signal = signals.wait() => {
                tracing::info!(signal, "draining");
                None
            }
            ended = &mut self.mesh => Some(mesh_ended(ended)),
            ended = edge_ended(&mut self.edge) => Some(ended),
        };
        self.ready.set(false);
        tokio::select! {
            () = self.drain(broke.is_none()) => {}
            signal = signals.wait() => tracing::warn!(signal, "stopped again: not waiting any longer"),
        }
        match broke {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// From the outside in: whoever is still answered needs what is behind it.
    async fn drain(self, mesh_serves: bool) {
        // Watches would hold up both drains for as long as they may.
        self.services.end_watches();
        self.stops.edge.cancel();
        if let Some(edge) = self.edge
            && !edge.is_finished()
            && let Ok(drained) = edge.await
        {
            tracing::info!(cut = drained.cut, "the gateway is drained");
        }
        self.stops.mesh.cancel();
        if mesh_serves && let Ok(Ok(drained)) = self.mesh.await {
            tracing::info!(?drained, "the mesh is drained");
        }
        self.stops.tasks.cancel();
        self.tasks.close();
        let closed = async {
            self.tasks.wait().await;
            self.services.close().await;
        };
        if tokio::time::timeout(CLOSE, closed).await.is_err() {
            tracing::warn!("not everything was closed in time; the next start recovers");
        }
    }
}

async fn edge_ended(edge: &mut Option<JoinHandle<preau_gateway::Drained>>) -> Failure {
    match edge {
        Some(edge) => {
            let _ = edge.await;
            Failure::new(
                "the gateway stopped serving",
                "this process",
                "see the log above, then start again",
            )
        }
        None => std::future::pending().await,
    }
}

fn mesh_ended(ended: Result<Result<Drained, MeshError>, JoinError>) -> Failure {
    match ended {
        Ok(Err(error)) => Failure::new(
            error,
            "the contract in this build",
            "correct proto/ and build again",
        ),
        _ => Failure::new(
            "the mesh stopped serving",
            "this process",
            "see the log above, then start again",
        ),
    }
}

/// A role that is neither here nor among the peers is looked for here, and not found.
fn warn_of_missing_peers(config: &Config, roles: &[&str]) {
    for role in ROLES {
        let missing = !roles.contains(&role) && !config.mesh.peers.contains_key(role);
        if let Some(caller) = roles
            .iter()
            .find(|from| calls(from, role))
            .filter(|_| missing)
        {
            tracing::warn!(
                "{caller} calls {role}, which is not in this process: set mesh.peers.{role}"
            );
        }
    }
}

/// Every role asks control for certificates and identity for keys.
fn calls(from: &str, to: &str) -> bool {
    matches!(to, "control" | "identity")
        || from == "gateway"
        || matches!(
            (from, to),
            ("files" | "classroom", "roster") | ("apps", "files" | "devices")
        )
}

fn gateway_config(config: &Config, tls: Option<preau_gateway::Tls>) -> preau_gateway::Config {
    let origins = config.gateway.cors_origins.iter();
    let proxies = config.gateway.trusted_proxies.iter();
    preau_gateway::Config {
        max_connections: usize::try_from(config.gateway.max_connections).unwrap_or(usize::MAX),
        drain: GATEWAY_DRAIN,
        cors_origins: origins.filter_map(|origin| origin.parse().ok()).collect(),
        hosts: config.gateway.hosts.clone(),
        trusted_proxies: proxies.filter_map(|proxy| proxy.parse().ok()).collect(),
        tls,
        ..preau_gateway::Config::default()
    }
}
