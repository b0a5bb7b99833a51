//! One process: locked, bound, built, serving, drained.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use preau_mesh::transport::BindError;
use preau_mesh::{Drained, IdentityStore, Listener, ListenerConfig, Mesh, MeshError, system_clock};
use preau_proto::contract::Contract;
use prometheus_client::registry::Registry;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::admin_http::{self, Ready};
use super::roles::Services;
use super::signals::Signals;
use super::{demo, identities, lock, roles, signing_keys};
use crate::config::Config;
use crate::failure::{Exit, Failure};

/// The gateway drains for at most this long, then the mesh behind it: together well under 30 s.
const GATEWAY_DRAIN: Duration = Duration::from_secs(12);
const MESH_DRAIN: Duration = Duration::from_secs(8);
/// For tasks and databases after that.
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
        started = Process::start(&config, &roles, &options) => started?,
        // Nothing serves yet and every write so far was a transaction: there is nothing to drain.
        signal = signals.wait() => {
            tracing::info!(signal, "stopped while starting");
            return Ok(());
        }
    };
    process.announce();
    process.until_stopped(&mut signals).await
}

struct Process {
    addresses: Addresses,
    ready: Ready,
    services: Services,
    /// Ends the gateway.
    edge_stop: CancellationToken,
    /// Ends the mesh listener.
    mesh_stop: CancellationToken,
    /// Ends everything else.
    task_stop: CancellationToken,
    edge: Option<JoinHandle<preau_gateway::Drained>>,
    mesh: JoinHandle<Result<Drained, MeshError>>,
    tasks: TaskTracker,
}

#[derive(Clone, Copy)]
struct Addresses {
    gateway: Option<SocketAddr>,
    mesh: SocketAddr,
    admin: SocketAddr,
}

/// The ports, taken before anything slow begins: what cannot be had is known at once.
struct Ports {
    gateway: Option<TcpListener>,
    mesh: Listener,
    admin: TcpListener,
    addresses: Addresses,
}

impl Ports {
    async fn bind(config: &Config, roles: &[&str]) -> Result<Self, Failure> {
        let gateway = match roles.contains(&"gateway") {
            true => Some(
                preau_gateway::bind(config.gateway.address)
                    .await
                    .map_err(gateway_failure)?,
            ),
            false => None,
        };
        let mesh = Listener::bind(config.mesh.address, listener_config())
            .await
            .map_err(|error| mesh_failure(config, &error))?;
        let admin = admin_http::bind(config.admin.address).await?;
        let unknown = |error| {
            Failure::new(
                format_args!("cannot tell the port: {error}"),
                "a bound socket",
                "try again",
            )
        };
        let addresses = Addresses {
            gateway: gateway
                .as_ref()
                .map(TcpListener::local_addr)
                .transpose()
                .map_err(unknown)?,
            mesh: mesh.local_addr(),
            admin: admin.local_addr().map_err(unknown)?,
        };
        Ok(Self {
            gateway,
            mesh,
            admin,
            addresses,
        })
    }
}

impl Process {
    async fn start(
        config: &Config,
        roles: &[&'static str],
        options: &Options,
    ) -> Result<Self, Failure> {
        let contract = Contract::load()
            .map_err(|error| Failure::new(error, "the contract in this build", "build it again"))?;
        let ports = Ports::bind(config, roles).await?;
        let addresses = ports.addresses;

        let mut registry = Registry::default();
        let store = IdentityStore::new(roles::trust_domain(config)?, system_clock());
        let mesh = Mesh::builder(store, contract.clone())
            .peers(config.mesh.peers.clone())
            .local(reachable(addresses.mesh))
            .listener_config(listener_config())
            .registry(&mut registry)
            .build();

        let has_ca = roles.contains(&"control");
        let ca = has_ca
            .then(|| identities::open_authority(config))
            .transpose()?;
        let token = options.join_token.as_deref();
        let issuer = identities::establish(config, &mesh, roles, ca.as_ref(), token).await?;
        let mut services = roles::open(config, roles, &mesh, ca).await?;
        let planned = match (options.demo, &services.identity) {
            (true, Some(identity)) => demo::plan(config, identity).await?,
            _ => None,
        };

        let (edge_stop, mesh_stop, task_stop) = Default::default();
        let tasks = TaskTracker::new();
        identities::keep(
            config,
            mesh.identities(),
            &issuer,
            roles,
            &tasks,
            &task_stop,
        );
        tasks.spawn(services.sweeping(CancellationToken::clone(&task_stop)));
        let ready = Ready::default();
        tasks.spawn(admin_http::serve(
            ports.admin,
            registry,
            ready.clone(),
            task_stop.clone(),
        ));

        let servers = std::mem::take(&mut services.servers);
        let mesh_serving = tokio::spawn(mesh.clone().serve(
            ports.mesh,
            servers,
            CancellationToken::clone(&mesh_stop),
        ));
        let keys = watch::Sender::new(false);
        let mut keys_known = keys.subscribe();
        tasks.spawn(signing_keys::keep_fresh(
            mesh.clone(),
            roles[0],
            keys,
            task_stop.clone(),
        ));
        let edge = ports.gateway.map(|listener| {
            let config = gateway_config(config);
            tokio::spawn(preau_gateway::serve(
                listener,
                mesh.clone(),
                contract,
                config,
                CancellationToken::clone(&edge_stop),
            ))
        });

        let process = Self {
            addresses,
            ready,
            services,
            edge_stop,
            mesh_stop,
            task_stop,
            edge,
            mesh: mesh_serving,
            tasks,
        };
        if roles.contains(&"identity") {
            process.wait_for_keys(&mut keys_known).await?;
        }
        if let (Some(plan), Some(address)) = (planned, addresses.gateway) {
            demo::fill(config, plan, &format!("http://{address}")).await?;
        }
        Ok(process)
    }

    /// The first call over the mesh: when it is answered, handshake, policy and database work.
    async fn wait_for_keys(&self, known: &mut watch::Receiver<bool>) -> Result<(), Failure> {
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

    /// The one line on standard output.
    fn announce(&self) {
        self.ready.set(true);
        let line = json!({
            "gateway": self.addresses.gateway.map(|address| format!("http://{address}")),
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
        self.edge_stop.cancel();
        if let Some(edge) = self.edge
            && !edge.is_finished()
            && let Ok(drained) = edge.await
        {
            tracing::info!(cut = drained.cut, "the gateway is drained");
        }
        self.mesh_stop.cancel();
        if mesh_serves && let Ok(Ok(drained)) = self.mesh.await {
            tracing::info!(?drained, "the mesh is drained");
        }
        self.task_stop.cancel();
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

fn mesh_ended(ended: Result<Result<Drained, MeshError>, tokio::task::JoinError>) -> Failure {
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

fn listener_config() -> ListenerConfig {
    ListenerConfig {
        drain: MESH_DRAIN,
        ..ListenerConfig::default()
    }
}

fn gateway_config(config: &Config) -> preau_gateway::Config {
    let origins = config.gateway.cors_origins.iter();
    preau_gateway::Config {
        max_connections: usize::try_from(config.gateway.max_connections).unwrap_or(usize::MAX),
        drain: GATEWAY_DRAIN,
        cors_origins: origins.filter_map(|origin| origin.parse().ok()).collect(),
        ..preau_gateway::Config::default()
    }
}

/// Where this very process reaches a socket of its own.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn gateway_failure(error: preau_gateway::BindError) -> Failure {
    use preau_gateway::BindError;
    match error {
        BindError::NotLoopback(address) => Failure::new(
            "the gateway speaks plain HTTP, on this machine only",
            address,
            "use a loopback address such as 127.0.0.1",
        )
        .exit(Exit::Usage),
        BindError::InUse(address) => Failure::new(
            "gateway port in use",
            address,
            "stop the process that listens there, or choose another with --gateway (port 0 takes any free one)",
        )
        .exit(Exit::InUse),
        BindError::Io { address, source } => {
            Failure::new(format_args!("cannot listen for the gateway: {source}"), address, "choose another with --gateway")
        }
    }
}

fn mesh_failure(config: &Config, error: &BindError) -> Failure {
    let address = config.mesh.address;
    match error {
        BindError::InUse { .. } => Failure::new(
            "mesh port in use",
            address,
            "stop the process that listens there, or choose another with --mesh (port 0 takes any free one)",
        )
        .exit(Exit::InUse),
        error => Failure::new(error, address, "choose another with --mesh"),
    }
}
