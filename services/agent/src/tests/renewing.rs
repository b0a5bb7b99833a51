//! Certificates that are renewed, and those that turn out to be of no use.

use preau_proto::devices::v1::CommandState as S;

use super::stand::{Stand, message};
use super::stub::{Door, TOKEN};
use crate::link::Transport;

fn keys(stand: &Stand) -> Vec<String> {
    let entries = std::fs::read_dir(stand.state()).expect("there");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut keys: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name.starts_with("key-"))
        .collect();
    keys.sort();
    keys
}

async fn due(door: Door) -> (Stand, String) {
    let stand = Stand::new(door, Transport::Auto).await;
    // Due as soon as it is issued.
    stand.world().lock().renew_in = -1;
    let enrolled = stand.enroll(TOKEN).await.expect("enrolled");
    (stand, enrolled.device_id)
}

#[tokio::test]
async fn a_renewed_certificate_has_a_new_key_and_the_old_one_goes() {
    for door in [Door::Tls, Door::Plain] {
        let (stand, device) = due(door).await;
        let before = keys(&stand);
        let _running = stand.run();
        stand
            .until("a renewal and a new stream", |inner| {
                let renewed = inner
                    .calls
                    .iter()
                    .position(|call| call.0 == "RenewCertificate");
                let after = renewed.map(|at| &inner.calls[at..]).unwrap_or_default();
                after
                    .iter()
                    .any(|call| call.0 == "Watch" && call.1 == device)
            })
            .await;
        // What is told on the new stream comes after it was believed.
        let told = stand.world().issue(&device, message("renewed"));
        stand.until_state(told, S::Done).await;
        let after = keys(&stand);
        assert_eq!(after.len(), 1, "{door:?}");
        assert_ne!(after, before, "{door:?}");
    }
}

#[tokio::test]
async fn a_renewed_certificate_that_does_not_work_is_dropped_for_the_one_before() {
    let (stand, device) = due(Door::Plain).await;
    let before = keys(&stand);
    stand.world().lock().issues_bad = true;
    let _running = stand.run();
    stand
        .until("a renewal", |inner| {
            inner.calls.iter().any(|call| call.0 == "RenewCertificate")
        })
        .await;
    let told = stand.world().issue(&device, message("still here"));
    stand.until_state(told, S::Done).await;
    // Beside it there may be the key of the next try.
    assert!(keys(&stand).contains(&before[0]));
}

#[tokio::test]
async fn a_renewal_that_is_refused_is_tried_again_and_stops_nothing() {
    let (stand, device) = due(Door::Plain).await;
    for _ in 0..3 {
        let status = tonic::Status::internal("no");
        stand.world().fail("RenewCertificate", status);
    }
    let _running = stand.run();
    let told = stand.world().issue(&device, message("meanwhile"));
    stand.until_state(told, S::Done).await;
    stand
        .until("a fourth try", |inner| {
            let tries = inner
                .calls
                .iter()
                .filter(|call| call.0 == "RenewCertificate");
            tries.count() == 4
        })
        .await;
}
