//! The ports of a process, taken before anything slow begins: what cannot be had is known at once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use preau_mesh::transport::BindError;
use preau_mesh::{Listener, ListenerConfig};
use tokio::net::TcpListener;

use super::admin_http;
use crate::config::Config;
use crate::failure::{Exit, Failure};

/// The mesh drains after the gateway: together well under 30 s.
const MESH_DRAIN: Duration = Duration::from_secs(8);

/// Bound and not yet served.
pub(super) struct Ports {
    pub(super) gateway: Option<TcpListener>,
    pub(super) mesh: Listener,
    pub(super) admin: TcpListener,
    pub(super) addresses: Addresses,
}

/// Where they are, now that the system has chosen what was left to it.
#[derive(Clone, Copy)]
pub(super) struct Addresses {
    pub(super) gateway: Option<SocketAddr>,
    pub(super) mesh: SocketAddr,
    pub(super) admin: SocketAddr,
}

impl Ports {
    pub(super) async fn bind(config: &Config, roles: &[&str]) -> Result<Self, Failure> {
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

impl Addresses {
    /// Where this very process reaches its own roles.
    pub(super) fn local_mesh(&self) -> SocketAddr {
        let mut address = self.mesh;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        address
    }
}

/// How the mesh's listener behaves.
pub(super) fn listener_config() -> ListenerConfig {
    ListenerConfig {
        drain: MESH_DRAIN,
        ..ListenerConfig::default()
    }
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
