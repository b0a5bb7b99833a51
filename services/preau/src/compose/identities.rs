//! How a process comes to its identities, and keeps them.
//!
//! With the role `control` it holds the CA and issues for itself. Without, it joins once with a
//! token, keeps certificates and anchors under `<data_dir>/mesh`, and renews by what it has.

mod kept;

use std::path::Path;
use std::sync::Arc;

use preau_control::{LocalIssuer, RemoteIssuer};
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
        .map_err(|error| {
            let remedy =
                "check the address, and that the token is fresh, unused and for these roles";
            Failure::said("cannot join the mesh", error, address, remedy).exit(Exit::Denied)
        })?;
    for role in roles {
        kept::save(&dir, store, role)?;
    }
    tracing::info!(?roles, "joined the mesh");
    Ok(())
}
