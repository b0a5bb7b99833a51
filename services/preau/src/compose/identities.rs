//! How a process comes to its identities, and keeps them.
//!
//! With the role `control` it holds the CA and issues for itself. Without, it joins once with a
//! token, keeps certificates and anchors under `<data_dir>/mesh`, and renews by what it has.

mod kept;

use std::path::Path;
use std::sync::Arc;

use preau_control::{JoinError, LocalIssuer, RemoteIssuer};
use preau_mesh::{
    CaConfig, CertificateAuthority, IdentityStore, Issuer, Mesh, Renewal, RenewalEvent,
    keep_renewed, obtain, system_clock,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::roles::NAMESPACE;
use crate::config::Config;
use crate::failure::{Exit, Failure};

/// The CA of this trust domain, made at the first start.
pub(crate) fn open_authority(config: &Config) -> Result<Arc<CertificateAuthority>, Failure> {
    let dir = config.role_dir("control").join("ca");
    let ca_config = CaConfig {
        max_leaf_lifetime: config.leaf_lifetime(),
        ..CaConfig::default()
    };
    crate::private::create_dir(&dir)
        .map_err(|error| crate::failure::at_path("cannot make the CA's directory", &dir, &error))?;
    CertificateAuthority::load_or_create(&dir, super::roles::trust_domain(config)?, &ca_config)
        .map(Arc::new)
        .map_err(|error| {
            Failure::new(
                format_args!("cannot open the certificate authority: {error}"),
                dir.display(),
                "put its file back from a backup",
            )
        })
}

/// Gives every role its first certificate of this run; answers whom to ask for the next.
pub(crate) async fn establish(
    config: &Config,
    mesh: &Mesh,
    roles: &[&'static str],
    ca: Option<&Arc<CertificateAuthority>>,
    join_token: Option<&str>,
) -> Result<Arc<dyn Issuer>, Failure> {
    let store = mesh.identities();
    match ca {
        Some(ca) => issue_locally(config, store, roles, ca).await,
        None => {
            join(config, mesh, roles, join_token).await?;
            Ok(Arc::new(RemoteIssuer::new(mesh.clone())))
        }
    }
}

/// Renews every role's certificate until `stop`.
pub(crate) fn keep(
    config: &Config,
    store: &Arc<IdentityStore>,
    issuer: &Arc<dyn Issuer>,
    roles: &[&'static str],
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    let renewal = Renewal {
        every: config.renew_every(),
        ..Renewal::default()
    };
    for role in roles {
        // Where the CA is, certificates live in memory only.
        let dir = (!roles.contains(&"control")).then(|| config.identities_dir());
        let kept = Arc::clone(store);
        let on_event = move |event: RenewalEvent| report(&event, dir.as_deref(), &kept);
        let renewing = keep_renewed(
            Arc::clone(store),
            Arc::clone(issuer),
            (*role).to_owned(),
            renewal,
            on_event,
            stop.clone(),
        );
        tasks.spawn(renewing);
    }
}

fn report(event: &RenewalEvent, dir: Option<&Path>, store: &IdentityStore) {
    match event {
        RenewalEvent::Renewed { role, .. } => {
            tracing::debug!(role, "renewed the certificate");
            if let Some(Err(failure)) = dir.map(|dir| kept::save(dir, store, role)) {
                tracing::error!(role, error = %failure, "the new certificate is in use but was not kept for the next start");
            }
        }
        RenewalEvent::Failed {
            role,
            error,
            retry_in,
            valid_for,
        } => tracing::warn!(
            role,
            %error,
            retry_in_s = retry_in.as_secs(),
            valid_for_s = valid_for.as_secs(),
            "the certificate was not renewed; the present one stays in use"
        ),
        _ => {}
    }
}

async fn issue_locally(
    config: &Config,
    store: &Arc<IdentityStore>,
    roles: &[&'static str],
    ca: &Arc<CertificateAuthority>,
) -> Result<Arc<dyn Issuer>, Failure> {
    let issuer: Arc<dyn Issuer> = Arc::new(LocalIssuer::new(
        Arc::clone(ca),
        NAMESPACE,
        config.leaf_lifetime(),
    ));
    for role in roles {
        obtain(store, issuer.as_ref(), role)
            .await
            .map_err(|error| {
                let place = config.role_dir("control").join("ca");
                Failure::new(
                    format_args!("no certificate for role {role}: {error}"),
                    place.display(),
                    "look at the files there",
                )
            })?;
    }
    Ok(issuer)
}

fn not_joined(error: &JoinError, address: &str) -> Failure {
    let (exit, remedy) = match error {
        JoinError::Token(_) => (Exit::Denied, "copy the whole line that `preau` printed"),
        JoinError::Unreachable(_) => (
            Exit::Unavailable,
            "check the address, and that the token was made by the platform that runs there",
        ),
        JoinError::Refused { reason, .. } => (Exit::Denied, refused(reason)),
        JoinError::Failed(_) => (
            Exit::Unavailable,
            "try again, with a new token if this one is then refused as used",
        ),
        _ => (Exit::Failed, "look into the log of the process there"),
    };
    Failure::said("cannot join the mesh", &error.to_string(), address, remedy).exit(exit)
}

/// What to do about a join token that the control plane refuses.
fn refused(reason: &str) -> &'static str {
    match reason {
        "JOIN_TOKEN_UNKNOWN" => {
            "check that it was copied whole and made by this platform, or make a new one"
        }
        "JOIN_TOKEN_USED" => "make a new one for each process that joins",
        "JOIN_TOKEN_EXPIRED" => "make a new one",
        _ => "make a token for these roles with `preau admin join-token`",
    }
}

async fn join(
    config: &Config,
    mesh: &Mesh,
    roles: &[&'static str],
    token: Option<&str>,
) -> Result<(), Failure> {
    let dir = config.identities_dir();
    let store = mesh.identities();
    if kept::load(&dir, store, roles, (system_clock())())? {
        return Ok(());
    }
    let Some(address) = config.mesh.peers.get("control") else {
        let failure = Failure::new(
            "this process has no certificates and does not know where to join",
            "mesh.peers.control",
            "write the address of the process with the role control",
        );
        return Err(failure.exit(Exit::Usage));
    };
    let token = token.ok_or_else(|| {
        Failure::new(
            "this process has no valid certificates and no join token",
            dir.display(),
            "make a token with `preau admin join-token` and pass it with --join-token-file or PREAU_JOIN_TOKEN",
        )
        .exit(Exit::Denied)
    })?;
    let wanted: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
    preau_control::join(token, address, &wanted, store)
        .await
        .map_err(|error| not_joined(&error, address))?;
    for role in roles {
        kept::save(&dir, store, role)?;
    }
    tracing::info!(?roles, "joined the mesh");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_join_says_once_what_to_do() {
        let refused = JoinError::Refused {
            reason: "JOIN_TOKEN_USED".into(),
            message: "this join token was used already: make a new one for each process that joins"
                .into(),
        };
        let failure = not_joined(&refused, "127.0.0.1:7443");
        assert_eq!(failure.code(), Exit::Denied);
        assert_eq!(
            failure.to_string(),
            "cannot join the mesh: joining was refused (JOIN_TOKEN_USED): this join token was used \
             already: 127.0.0.1:7443: make a new one for each process that joins"
        );
    }
}
