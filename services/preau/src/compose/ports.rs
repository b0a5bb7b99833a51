//! The ports of a process, taken before anything slow begins: what cannot be had is known at once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use preau_gateway::{Tls, TlsError};
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
    /// The gateway's certificate, if it has one.
    pub(super) tls: Option<Tls>,
    pub(super) mesh: Listener,
    pub(super) admin: TcpListener,
    pub(super) addresses: Addresses,
}

/// Where they are, now that the system has chosen what was left to it.
#[derive(Clone, Copy)]
pub(super) struct Addresses {
    pub(super) gateway: Option<SocketAddr>,
    /// Whether the gateway speaks TLS.
    pub(super) secure: bool,
    pub(super) mesh: SocketAddr,
    pub(super) admin: SocketAddr,
}

impl Ports {
    pub(super) async fn bind(config: &Config, roles: &[&str]) -> Result<Self, Failure> {
        let (gateway, tls) = match roles.contains(&"gateway") {
            true => {
                let tls = load_tls(config)?;
                let bound = preau_gateway::bind(config.gateway.address, tls.as_ref()).await;
                (Some(bound.map_err(gateway_failure)?), tls)
            }
            false => (None, None),
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
            secure: tls.is_some(),
            mesh: mesh.local_addr(),
            admin: admin.local_addr().map_err(unknown)?,
        };
        Ok(Self {
            gateway,
            tls,
            mesh,
            admin,
            addresses,
        })
    }
}

impl Addresses {
    /// Where browsers and programs reach the gateway.
    pub(super) fn gateway_url(&self) -> Option<String> {
        self.gateway.map(|address| self.url(address))
    }

    /// Where this very process reaches its own gateway.
    pub(super) fn local_gateway_url(&self) -> Option<String> {
        self.gateway.map(|address| self.url(local(address)))
    }

    /// Where this very process reaches its own roles.
    pub(super) fn local_mesh(&self) -> SocketAddr {
        local(self.mesh)
    }

    fn url(&self, gateway: SocketAddr) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{gateway}")
    }
}

/// What listens on every address listens on loopback too.
fn local(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn load_tls(config: &Config) -> Result<Option<Tls>, Failure> {
    match config.gateway_tls() {
        Some((certificate, key)) => Tls::load(certificate, key).map(Some).map_err(tls_failure),
        None => Ok(None),
    }
}

fn tls_failure(error: TlsError) -> Failure {
    match error {
        TlsError::Certificate { path, source } => Failure::new(
            format_args!("cannot use the file of gateway.tls_certificate: {source}"),
            path.display(),
            "write the chain there as PEM, the server's own certificate first",
        ),
        TlsError::Key { path, source } => Failure::new(
            format_args!("cannot use the file of gateway.tls_key: {source}"),
            path.display(),
            "write the private key there as PEM (PKCS#8, SEC1 or PKCS#1)",
        ),
        TlsError::Pair {
            certificate,
            key,
            source,
        } => Failure::new(
            format_args!("gateway.tls_certificate and gateway.tls_key do not fit: {source}"),
            format_args!("{} and {}", certificate.display(), key.display()),
            "write the key that the certificate was issued for",
        ),
    }
    .exit(Exit::Usage)
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
            "use a loopback address such as 127.0.0.1, or set gateway.tls_certificate and gateway.tls_key",
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
