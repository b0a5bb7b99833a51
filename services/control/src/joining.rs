//! Becoming a workload: a process without an identity, a join token, and the control plane's address.

use std::time::Duration;

use preau_mesh::transport::{TransportError, join_connection};
use preau_mesh::{IdentityError, IdentityStore, Svid, TrustBundle, WorkloadKey};
use preau_proto::control::v1::workload_identity_service_client::WorkloadIdentityServiceClient;
use preau_proto::control::v1::{JoinRequest, JoinResponse, RoleRequest};
use preau_rpc::reason_of;
use tonic::{Code, Request, Status};

use crate::convert::{self, UnusableAnswer};
use crate::domain::join_token::{JoinToken, JoinTokenError};

/// Why a process did not join. The operator reads this.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The operator's: the text is no join token.
    #[error(transparent)]
    Token(#[from] JoinTokenError),
    /// The address's, the network's, or not the control plane that made the token.
    #[error("{0}: check the address, and that the token was made by the platform that runs there")]
    Unreachable(#[source] TransportError),
    /// The control plane's verdict: the token is unknown, used or expired, or not for these roles.
    #[error("joining was refused ({reason}): {message}")]
    Refused {
        /// Stable, as `JOIN_TOKEN_USED`.
        reason: String,
        /// What to do.
        message: String,
    },
    /// Passing trouble. The token may be used up already.
    #[error(
        "joining failed ({0}): try again, with a new token if this one is then refused as used"
    )]
    Failed(String),
    /// The control plane's fault: its answer cannot be used.
    #[error("the control plane's answer cannot be used: {0}")]
    Unusable(String),
    /// This process's: a key cannot be made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl From<UnusableAnswer> for JoinError {
    fn from(error: UnusableAnswer) -> JoinError {
        JoinError::Unusable(error.to_string())
    }
}

/// Joins as `roles` at `addr` (`host:port` of a process that serves `control`): afterwards `store`
/// holds the trust bundle and a certificate for each role.
///
/// The server is believed only if its certificate ends in the anchor whose hash the token carries;
/// before that the secret is not shown. Either all roles are put into the store, or none.
///
/// # Errors
/// See [`JoinError`]. Refusals that name the request leave the token unused.
pub async fn join(
    token: &str,
    addr: &str,
    roles: &[String],
    store: &IdentityStore,
) -> Result<(), JoinError> {
    let token: JoinToken = token.parse()?;
    let mut keys = Vec::with_capacity(roles.len());
    let mut requests = Vec::with_capacity(roles.len());
    for role in roles {
        let key = WorkloadKey::generate()?;
        requests.push(RoleRequest {
            role: role.clone(),
            csr: key.csr_der()?,
        });
        keys.push((role.clone(), key));
    }
    let answer = ask(&token, addr, requests, store).await?;
    let bundle = trusted(&token, &answer, store)?;
    let svids = keys
        .into_iter()
        .map(|(role, key)| {
            let svid = svid(&role, key, &answer, store)?;
            Ok((role, svid))
        })
        .collect::<Result<Vec<_>, JoinError>>()?;
    store.set_bundle(bundle);
    for (role, svid) in svids {
        store.set_svid(&role, svid);
    }
    Ok(())
}

// The method's own deadline is 10 s; the answer is on its way for at most a little longer.
const PATIENCE: Duration = Duration::from_secs(12);

async fn ask(
    token: &JoinToken,
    addr: &str,
    roles: Vec<RoleRequest>,
    store: &IdentityStore,
) -> Result<JoinResponse, JoinError> {
    let connection = join_connection(store.trust_domain(), token.anchor_sha256(), addr)
        .await
        .map_err(JoinError::Unreachable)?;
    let mut request = Request::new(JoinRequest {
        secret: token.secret().text(),
        roles,
    });
    request.set_timeout(PATIENCE);
    let answer = WorkloadIdentityServiceClient::new(connection)
        .join(request)
        .await;
    answer
        .map(tonic::Response::into_inner)
        .map_err(|status| refused(&status))
}

fn refused(status: &Status) -> JoinError {
    let verdicts = [
        Code::Unauthenticated,
        Code::PermissionDenied,
        Code::InvalidArgument,
    ];
    match reason_of(status) {
        Some(reason) if verdicts.contains(&status.code()) => JoinError::Refused {
            reason,
            message: status.message().to_owned(),
        },
        _ => JoinError::Failed(status.message().to_owned()),
    }
}

// The anchor was checked in the handshake; the bundle must be the one it stands for.
fn trusted(
    token: &JoinToken,
    answer: &JoinResponse,
    store: &IdentityStore,
) -> Result<TrustBundle, JoinError> {
    let bundle = convert::trust_bundle(answer.bundle.clone())?;
    if &bundle.trust_domain != store.trust_domain() {
        let (found, expected) = (&bundle.trust_domain, store.trust_domain());
        return Err(JoinError::Unusable(format!(
            "it is of trust domain {found}, not {expected}"
        )));
    }
    if bundle.fingerprint() != token.anchor_sha256() {
        return Err(JoinError::Unusable(
            "its anchor is not the token's".to_owned(),
        ));
    }
    Ok(bundle)
}

fn svid(
    role: &str,
    key: WorkloadKey,
    answer: &JoinResponse,
    store: &IdentityStore,
) -> Result<Svid, JoinError> {
    let certificate = answer
        .certificates
        .iter()
        .find(|certificate| certificate.role == role);
    let chain = certificate
        .ok_or(UnusableAnswer::NoCertificate)?
        .chain
        .clone();
    let svid = Svid::new(key, convert::chain(chain))?;
    let id = svid.id();
    if id.service() != role || id.trust_domain() != store.trust_domain() {
        return Err(JoinError::Unusable(format!(
            "asked for role {role}, received {id}"
        )));
    }
    Ok(svid)
}
