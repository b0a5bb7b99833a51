//! Which gateway, and who is asking.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::Args;

use crate::client::Trust;

/// Where a gateway is unless said otherwise.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";
/// Where Debian and its kin keep the certificates of the authorities that the system trusts.
pub(crate) const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Which gateway, and whose word is taken for it being that one.
#[derive(Debug, Default, Args)]
pub(crate) struct GatewayArgs {
    /// Address of the gateway: https://HOST:PORT, or http:// on this machine
    #[arg(long, value_name = "URL", default_value = DEFAULT_SERVER)]
    pub(crate) server: String,
    /// Certificates (PEM) of authorities that are trusted for https:// beside the system's
    #[arg(long, value_name = "FILE", env = "PREAU_CA", hide_env_values = true)]
    ca: Option<OsString>,
    /// The system's, where they are not at their usual place
    #[arg(long, value_name = "FILE", env = "SSL_CERT_FILE", hide = true)]
    system_ca: Option<OsString>,
}

impl GatewayArgs {
    /// Whose certificates are believed. A variable that is set to nothing counts as not set.
    pub(crate) fn trust(&self) -> Trust {
        let file = |given: &Option<OsString>| {
            let given = given.as_deref().filter(|file| !OsStr::is_empty(file));
            given.map(PathBuf::from)
        };
        Trust::Authorities {
            system: file(&self.system_ca).unwrap_or_else(|| SYSTEM_AUTHORITIES.into()),
            own: file(&self.ca),
        }
    }
}

/// Which gateway, and who is asking.
#[derive(Debug, Default, Args)]
pub(crate) struct ServerArgs {
    #[command(flatten)]
    pub(crate) gateway: GatewayArgs,
    /// Sign in as this login for this one command; otherwise the remembered session is used
    #[arg(long)]
    pub(crate) login: Option<String>,
    /// File whose first line is the password; asked for when not given
    #[arg(long, value_name = "FILE", requires = "login")]
    pub(crate) password_file: Option<PathBuf>,
}
