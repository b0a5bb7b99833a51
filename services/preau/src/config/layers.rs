//! The layers, each value carrying the name of where it came from.

use std::path::Path;

use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::explain;
use super::registry::{self, KEYS, RESERVED};
use super::settings::{Config, is_role};
use crate::failure::{Exit, Failure, at_path};

/// Flags of the command line that set keys: (flag, key, value).
pub(crate) type Flags = Vec<(&'static str, &'static str, String)>;

/// The configuration out of all layers.
///
/// # Errors
/// The file that cannot be read; the key that is unknown or whose value is wrong.
pub(crate) fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: Flags,
) -> Result<Config, Failure> {
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(path) = file {
        // Read here, because figment takes a missing file for an empty one.
        let text = std::fs::read_to_string(path).map_err(|error| {
            at_path("cannot read the configuration", path, &error).exit(Exit::Usage)
        })?;
        let toml = Toml::string(&text);
        let named = Named {
            name: path.display().to_string(),
            data: toml.data().map_err(|error| explain::syntax(path, &error))?,
        };
        figment = figment.merge(named);
    }
    for (name, value) in environment {
        if let Some(layer) = variable(&name, &value)? {
            figment = figment.merge(layer);
        }
    }
    for (flag, key, value) in flags {
        figment = figment.merge(one(format!("flag {flag}"), key, &value));
    }
    let config: Config = figment
        .extract()
        .map_err(|error| explain::wrong(&figment, error))?;
    check(&figment, &config)?;
    Ok(config)
}

/// The layer of one variable; nothing for those that are not ours.
fn variable(name: &str, value: &str) -> Result<Option<Named>, Failure> {
    if !name.starts_with("PREAU_") || RESERVED.iter().any(|(reserved, _)| *reserved == name) {
        return Ok(None);
    }
    let source = format!("environment variable {name}");
    if let Some(key) = KEYS.iter().find(|key| key.variable() == name) {
        return Ok(Some(one(source, key.path, value)));
    }
    if let Some(role) = name.strip_prefix("PREAU_MESH_PEERS_") {
        let path = format!("mesh.peers.{}", role.to_lowercase());
        return Ok(Some(one(source, &path, value)));
    }
    Err(explain::unknown_variable(name))
}

fn one(name: String, path: &str, value: &str) -> Named {
    let text = registry::find(path).is_none_or(|key| key.text || path.starts_with("mesh.peers."));
    let value = match value.parse::<Value>() {
        Ok(parsed) if !text => parsed,
        _ => Value::from(value),
    };
    let mut data = Map::new();
    let nested = figment::util::nest(path, value);
    data.insert(Profile::Default, nested.into_dict().unwrap_or_default());
    Named { name, data }
}

/// Values with the name of their source.
struct Named {
    name: String,
    data: Map<Profile, Dict>,
}

impl Provider for Named {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(self.data.clone())
    }
}

/// What types cannot say.
fn check(figment: &Figment, config: &Config) -> Result<(), Failure> {
    let Config {
        gateway,
        mesh,
        admin,
        database,
        log,
        ..
    } = config;
    let domain = preau_mesh::TrustDomain::parse(&mesh.trust_domain);
    let filter = log.filter.parse::<tracing_subscriber::filter::Targets>();
    let pages = database.sqlite_max_pages;
    let checks = [
        (
            "gateway.tls_certificate",
            gateway.tls_certificate.is_none() || gateway.tls_key.is_some(),
        ),
        (
            "gateway.tls_key",
            gateway.tls_key.is_none() || gateway.tls_certificate.is_some(),
        ),
        (
            "gateway.address",
            config.gateway_tls().is_some() || gateway.address.ip().is_loopback(),
        ),
        ("admin.address", admin.address.ip().is_loopback()),
        (
            "gateway.max_connections",
            (1..=1_000_000).contains(&gateway.max_connections),
        ),
        (
            "gateway.cors_origins",
            gateway.cors_origins.iter().all(|origin| is_origin(origin)),
        ),
        (
            "gateway.hosts",
            gateway.hosts.iter().all(|host| is_host(host)),
        ),
        (
            "gateway.trusted_proxies",
            gateway
                .trusted_proxies
                .iter()
                .all(|proxy| proxy.parse::<preau_gateway::Network>().is_ok()),
        ),
        ("mesh.trust_domain", domain.is_ok()),
        (
            "mesh.leaf_lifetime_seconds",
            (5..=86_400).contains(&mesh.leaf_lifetime_seconds),
        ),
        (
            "mesh.renew_every_seconds",
            (1..=43_200).contains(&mesh.renew_every_seconds),
        ),
        (
            "database.sqlite_max_pages",
            pages.is_none_or(|pages| pages != 0 && pages != u32::MAX),
        ),
        (
            "database.url",
            database.url.as_deref().is_none_or(is_postgres),
        ),
        ("log.filter", filter.is_ok()),
    ];
    if let Some((key, _)) = checks.iter().find(|(_, right)| !right) {
        return Err(explain::value(figment, key, None));
    }
    let wrong_peer =
        |(role, address): &(&String, &String)| !is_role(role) || !is_host_and_port(address);
    match mesh.peers.iter().find(wrong_peer) {
        Some((role, address)) => Err(explain::value(
            figment,
            &format!("mesh.peers.{role}"),
            Some(address),
        )),
        None => Ok(()),
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn is_origin(origin: &str) -> bool {
    origin.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.authority().is_some()
            && !origin.ends_with('/')
            && uri.path() == "/"
            && uri.query().is_none()
    })
}

/// A name as `host` has it, without a port.
fn is_host(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

fn is_host_and_port(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}
