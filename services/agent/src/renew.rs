//! Renewing the certificate, with a new key each time: the one before it is kept until the new one was seen to work.

use std::time::Duration;

use preau_proto::devices::v1::RenewCertificateRequest;
use preau_proto::devices::v1::agent_service_client::AgentServiceClient;
use tonic::Status;

use crate::device::{Device, Using};
use crate::enroll::{AGENT_VERSION, operating_system};
use crate::error::AgentError;
use crate::keys::DeviceKey;
use crate::retry::{asked, spread};
use crate::state::{StoredCredential, forget_keys, keep_key};

/// As the contract has it.
const RENEW: Duration = Duration::from_secs(10);
/// Machines sleep, and clocks are put right: the time is looked at this often.
const LOOK: Duration = Duration::from_secs(3600);

/// The wait after a try doubles so often: from a minute to an hour.
const DOUBLINGS: u32 = 6;

/// Renews whenever it is time, for ever. What fails is tried again, and so is what was issued and does not work: ever
/// later, since each such certificate costs the stream.
pub(crate) async fn renewing(device: &Device) {
    let mut tries = 0;
    loop {
        let renew_at = device.store.read(|journal| journal.credential.renew_at);
        let pending = device.link().1 == Using::Next;
        let left = Duration::from_micros(
            u64::try_from(renew_at.saturating_sub(device.clock.now().0)).unwrap_or(0),
        );
        if !left.is_zero() {
            tries = 0;
        }
        if pending || !left.is_zero() {
            // A second more or less of what is left is of no account.
            tokio::time::sleep(left.clamp(Duration::from_secs(1), LOOK)).await;
            continue;
        }
        // Boxed: it is rare, and every device would keep the room for it.
        let floor = match Box::pin(renew(device)).await {
            Ok(()) => Duration::ZERO,
            Err(status) => {
                tracing::warn!(code = ?status.code(), message = status.message(), "the certificate was not renewed");
                asked(&status)
            }
        };
        let wait = device.timing.renewal * 2u32.pow(tries.min(DOUBLINGS));
        tries += 1;
        let wait = spread(wait, &mut rand::rng()).max(floor);
        tokio::time::sleep(wait).await;
    }
}

async fn renew(device: &Device) -> Result<(), Status> {
    let internal = |error: AgentError| Status::internal(error.to_string());
    let key = DeviceKey::generate().map_err(internal)?;
    let certificate_request = key.certificate_request().map_err(internal)?;
    let (credential, device_id) = device
        .store
        .read(|journal| (journal.credential.clone(), journal.device_id.clone()));
    let enrolled = credential.load(device.store.dir(), &device_id);
    let proof = enrolled.and_then(|enrolled| enrolled.key.renewal_proof(&certificate_request));
    let request = RenewCertificateRequest {
        proof: proof.map_err(internal)?,
        certificate_request,
        os: operating_system(),
        agent_version: AGENT_VERSION.to_owned(),
    };
    // Before it is asked for: a certificate whose key was lost would be one for nothing.
    let store = &device.store;
    let file = keep_key(store.dir(), &key, store.durability()).map_err(internal)?;
    let (link, _) = device.link();
    let answer = link
        .call(RENEW, request, |wire, request| {
            Box::pin(async move {
                AgentServiceClient::new(wire)
                    .renew_certificate(request)
                    .await
            })
        })
        .await;
    let issued = match answer {
        Ok(answer) => answer.certificate.unwrap_or_default(),
        Err(status) => {
            forget(device);
            return Err(status);
        }
    };
    let next = StoredCredential::new(&file, issued);
    if next.chain.is_empty() {
        forget(device);
        return Err(Status::internal("the server's answer holds no certificate"));
    }
    // One that no connection can begin with would be the device's only one after a restart.
    if let Err(error) = device.check(&next) {
        forget(device);
        return Err(internal(error));
    }
    let kept = next.clone();
    store
        .change(move |journal| journal.next = Some(kept))
        .await
        .map_err(internal)?;
    device.use_credential(&next, Using::Next).map_err(internal)
}

/// A stream has begun: the credential that it was opened with is good from now on, and the one before it is removed.
pub(crate) async fn proven(device: &Device) {
    if device.link().1 == Using::Proven {
        return;
    }
    let changed = device.store.change(|journal| {
        if let Some(next) = journal.next.take() {
            journal.credential = next;
        }
    });
    match changed.await {
        Ok(()) => {
            device.proven();
            forget(device);
            tracing::info!("the certificate was renewed");
        }
        Err(error) => tracing::error!(%error, "the renewed certificate is not kept"),
    }
}

/// The renewed credential does not work: the one before it does, or there is nothing to be done.
pub(crate) async fn fall_back(device: &Device) {
    tracing::warn!("the renewed certificate does not work; the one before it is used");
    let before = device.store.change(|journal| {
        journal.next = None;
        journal.credential.clone()
    });
    let used = match before.await {
        Ok(credential) => device.use_credential(&credential, Using::Proven),
        Err(error) => Err(error),
    };
    match used {
        Ok(()) => forget(device),
        Err(error) => tracing::error!(%error, "the certificate before it cannot be used"),
    }
}

/// Removes keys that no credential of the journal has.
fn forget(device: &Device) {
    let kept = device.store.read(|journal| {
        let next = journal.next.as_ref().map(|next| next.key.clone());
        [Some(journal.credential.key.clone()), next]
    });
    let kept: Vec<&str> = kept.iter().flatten().map(String::as_str).collect();
    if let Err(error) = forget_keys(device.store.dir(), &kept) {
        tracing::warn!(%error, "a key that is not needed any more could not be removed");
    }
}
