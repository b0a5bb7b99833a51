//! The configuration as the program uses it: typed, checked, complete.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Everything that can be configured. Every field has its entry in the registry, which says what it means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) gateway: Gateway,
    pub(crate) mesh: Mesh,
    pub(crate) admin: Admin,
    pub(crate) database: Database,
    pub(crate) vault: Vault,
    pub(crate) devices: Devices,
    pub(crate) log: Log,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) max_connections: u32,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) hosts: Vec<String>,
    pub(crate) trusted_proxies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls_certificate: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls_key: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mesh {
    pub(crate) address: SocketAddr,
    pub(crate) trust_domain: String,
    pub(crate) leaf_lifetime_seconds: u64,
    pub(crate) renew_every_seconds: u64,
    pub(crate) peers: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Admin {
    pub(crate) address: SocketAddr,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    pub(crate) migrate_at_start: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sqlite_max_pages: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vault {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kek: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) objects: Option<PathBuf>,
    pub(crate) fsync: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Devices {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authority: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) filter: String,
    pub(crate) format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            data_dir: "./preau-data".into(),
            gateway: Gateway {
                address: loopback(8080),
                max_connections: 10_000,
                cors_origins: Vec::new(),
                hosts: Vec::new(),
                trusted_proxies: Vec::new(),
                tls_certificate: None,
                tls_key: None,
            },
            mesh: Mesh {
                address: loopback(7443),
                trust_domain: "preau.internal".into(),
                leaf_lifetime_seconds: 24 * 3600,
                renew_every_seconds: 3600,
                peers: BTreeMap::new(),
            },
            admin: Admin {
                address: loopback(9090),
            },
            database: Database {
                url: None,
                migrate_at_start: true,
                sqlite_max_pages: None,
            },
            vault: Vault {
                kek: None,
                objects: None,
                fsync: true,
            },
            devices: Devices { authority: None },
            log: Log {
                filter: "info".into(),
                format: LogFormat::Text,
            },
        }
    }
}

impl Config {
    /// A role's own directory.
    pub(crate) fn role_dir(&self, role: &str) -> PathBuf {
        self.data_dir.join(role)
    }

    /// The key that opens every tenant's keys.
    pub(crate) fn kek_file(&self) -> PathBuf {
        let default = || self.role_dir("files").join("kek");
        self.vault.kek.clone().unwrap_or_else(default)
    }

    /// The folder of sealed records.
    pub(crate) fn objects_dir(&self) -> PathBuf {
        let default = || self.role_dir("files").join("objects");
        self.vault.objects.clone().unwrap_or_else(default)
    }

    /// The key and certificate that certify devices.
    pub(crate) fn device_authority_file(&self) -> PathBuf {
        let default = || self.role_dir("devices").join("authority.pem");
        self.devices.authority.clone().unwrap_or_else(default)
    }

    /// Where a process without the CA keeps its certificates.
    pub(crate) fn identities_dir(&self) -> PathBuf {
        self.data_dir.join("mesh")
    }

    /// The files of the gateway's certificate chain and key; nothing for plain HTTP.
    pub(crate) fn gateway_tls(&self) -> Option<(&Path, &Path)> {
        let certificate = self.gateway.tls_certificate.as_deref()?;
        Some((certificate, self.gateway.tls_key.as_deref()?))
    }

    pub(crate) fn leaf_lifetime(&self) -> Duration {
        Duration::from_secs(self.mesh.leaf_lifetime_seconds)
    }

    pub(crate) fn renew_every(&self) -> Duration {
        Duration::from_secs(self.mesh.renew_every_seconds)
    }
}

/// Whether a name is one of ours.
pub(crate) fn is_role(name: &str) -> bool {
    ROLES.contains(&name)
}

/// Every role a process can take.
pub(crate) const ROLES: [&str; 8] = [
    "control",
    "identity",
    "roster",
    "files",
    "classroom",
    "devices",
    "apps",
    "gateway",
];

/// The parent directory of a file, the working directory when it has none.
pub(crate) fn parent(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
