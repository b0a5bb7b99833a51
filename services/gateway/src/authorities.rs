//! Which authorities certificates of devices may come from: asked of `devices`, again and again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use preau_mesh::{Channel, Mesh, own_request};
use preau_proto::devices::v1::ListAuthoritiesRequest;
use preau_proto::devices::v1::credential_service_client::CredentialServiceClient;
use tokio::sync::oneshot;
use tonic::Status;

use crate::tls::Acceptor;

/// How often a known answer is looked at again.
const REFRESH: Duration = Duration::from_secs(300);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Keeps the acceptor at what `devices` says, for ever; `asked` is told when there was a first answer, or none.
///
/// While `devices` is away, what was known stays. Where nobody runs it, certificates are never asked for.
pub(crate) async fn follow(mesh: &Mesh, acceptor: &Acceptor, asked: oneshot::Sender<()>) {
    let client = CredentialServiceClient::new(mesh.client("gateway", "devices"));
    let mut asked = Some(asked);
    let mut known = Vec::new();
    let mut failures = Failures::default();
    loop {
        let pause = match ask(&client).await {
            Ok(authorities) => {
                failures.over();
                if authorities != known {
                    acceptor.ask_for_devices_of(&authorities);
                    let authorities = authorities.len();
                    tracing::info!(authorities, "devices are asked for their certificates");
                }
                known = authorities;
                REFRESH
            }
            Err(status) => failures.another(&status),
        };
        if let Some(asked) = asked.take() {
            // Whoever waited may have gone on already.
            let _ = asked.send(());
        }
        tokio::time::sleep(pause).await;
    }
}

async fn ask(client: &CredentialServiceClient<Channel>) -> Result<Vec<Vec<u8>>, Status> {
    let request = own_request(ListAuthoritiesRequest {});
    let answer = client.clone().list_authorities(request).await?.into_inner();
    Ok(answer.authorities)
}

/// Failures in a row.
#[derive(Default)]
struct Failures {
    pause: Duration,
    jitter: RandomState,
    count: u32,
}

impl Failures {
    fn over(&mut self) {
        (self.pause, self.count) = (Duration::ZERO, 0);
    }

    /// How long to wait: twice as long each time, from 100 ms to a minute, by up to half less, so that gateways which
    /// lost `devices` together do not come back together. Said once in a row: a platform without devices is none.
    fn another(&mut self, status: &Status) -> Duration {
        if self.count == 0 {
            let (code, reason) = (status.code(), status.message());
            tracing::info!(
                ?code,
                reason,
                "devices does not say whose certificates to ask for: asking again"
            );
        }
        self.count = self.count.saturating_add(1);
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        let spread = u32::try_from(self.jitter.hash_one(self.count) % 501).unwrap_or(0);
        self.pause * (1000 - spread) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_with_jitter_and_begin_anew_after_an_answer() {
        let away = Status::unavailable("away");
        let mut failures = Failures::default();
        let mut longest = FIRST_PAUSE;
        for _ in 0..12 {
            let pause = failures.another(&away);
            assert!(pause >= longest / 2 && pause <= longest, "{pause:?}");
            longest = (longest * 2).min(LONGEST_PAUSE);
        }
        assert_eq!(longest, LONGEST_PAUSE);
        failures.over();
        assert!(failures.another(&away) <= FIRST_PAUSE);
    }
}
