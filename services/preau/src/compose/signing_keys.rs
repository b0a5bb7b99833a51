//! The public keys of principal tokens: asked of `identity` over the mesh, in one process or many.

use std::time::Duration;

use preau_mesh::{Channel, Mesh, own_request};
use preau_proto::identity::v1::ListSigningKeysRequest;
use preau_proto::identity::v1::session_service_client::SessionServiceClient;
use rand::Rng;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;

/// Identity publishes a key ten minutes before it signs with it.
const EVERY: Duration = Duration::from_secs(60);
/// However many unknown keys are shown.
const AT_MOST_EVERY: Duration = Duration::from_secs(5);
const FIRST_RETRY: Duration = Duration::from_millis(100);
/// While no key is known: every user is turned away meanwhile.
const LAST_FIRST: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(10);

/// Keeps the mesh's verifier supplied until `stop`; `known` says whether there are keys.
pub(crate) async fn keep_fresh(
    mesh: Mesh,
    role: &str,
    known: watch::Sender<bool>,
    stop: CancellationToken,
) {
    let mut identity = SessionServiceClient::new(mesh.client(role, "identity"));
    let mut pause = FIRST_RETRY;
    loop {
        let wait = match fetch(&mut identity).await {
            Ok(keys) => {
                let some = !keys.is_empty();
                mesh.principals().set_keys(keys);
                known.send_replace(some);
                pause = FIRST_RETRY;
                EVERY
            }
            Err(status) => {
                // Keys that are known stay good: verification goes on without identity.
                tracing::warn!(code = ?status.code(), message = status.message(), "no signing keys from identity");
                let longest = if *known.borrow() {
                    LAST_RETRY
                } else {
                    LAST_FIRST
                };
                pause = (pause * 2).min(longest);
                pause
            }
        };
        let jittered = wait.mul_f64(rand::rng().random_range(0.8..1.0));
        tokio::select! {
            () = tokio::time::sleep(jittered) => {}
            () = soon_wanted(&mesh) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Ends when a token came under a key unknown here, but not at every one of them: key ids are easy to invent.
async fn soon_wanted(mesh: &Mesh) {
    tokio::time::sleep(AT_MOST_EVERY).await;
    mesh.principals().unknown_key_seen().await;
}

async fn fetch(
    identity: &mut SessionServiceClient<Channel>,
) -> Result<Vec<(String, [u8; 32])>, Status> {
    let answer = identity
        .list_signing_keys(own_request(ListSigningKeysRequest {}))
        .await?;
    answer
        .into_inner()
        .keys
        .into_iter()
        .map(|key| {
            let public_key = <[u8; 32]>::try_from(key.public_key.as_slice())
                .map_err(|_| Status::internal("a signing key is not 32 bytes long"))?;
            Ok((key.key_id, public_key))
        })
        .collect()
}
