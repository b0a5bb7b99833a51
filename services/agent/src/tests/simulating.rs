//! A fleet of simulated devices: the server restarts under them, and so do they.

use std::collections::BTreeMap;
use std::path::Path;

use preau_kernel::clock::Clock;
use preau_proto::devices::v1::CommandState as S;
use preau_proto::devices::v1::action::{Unlock, What};
use serde_json::Value;
use tokio::sync::oneshot;

use super::stand::{Stand, message};
use super::stub::{Door, TOKEN};
use crate::link::Transport;
use crate::simulate::{Fleet, Summary};

const DEVICES: u32 = 30;

fn fleet(stand: &Stand, token: Option<&str>, report: &Path) -> Fleet {
    Fleet {
        devices: DEVICES,
        server: stand.stub.url(),
        trust: stand.trust(),
        transport: stand.transport,
        token: token.map(str::to_owned),
        dir: stand.dir.path().join("fleet"),
        clock: Clock::system(),
        report: Some(report.to_owned()),
    }
}

/// Runs it while `story` is told.
async fn during(fleet: Fleet, story: impl Future<Output = ()>) -> Summary {
    let (ended, end) = oneshot::channel();
    let stop = async { end.await.expect("the story ends") };
    let (summary, ()) = tokio::join!(fleet.run(stop, |_| ()), async {
        story.await;
        ended.send(()).expect("the fleet runs");
    });
    summary.expect("a fleet")
}

fn devices(stand: &Stand) -> Vec<String> {
    let mut devices: Vec<String> = stand.world().lock().keys.values().cloned().collect();
    devices.sort();
    devices.dedup();
    devices
}

fn tell_all(stand: &Stand, text: &str) {
    for device in devices(stand) {
        stand.world().issue(&device, message(text));
        stand.world().issue(&device, What::Unlock(Unlock {}));
    }
}

async fn until_all_done(stand: &Stand) {
    stand
        .until("every command", |inner| {
            inner.commands.iter().all(|told| told.state() == S::Done)
        })
        .await;
}

/// How often each command was done.
fn times(report: &Path) -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(report).expect("a report");
    let lines = text
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).expect("JSON") });
    lines
        .map(|line| {
            let command = line["command_id"].as_str().expect("an id").to_owned();
            (command, line["times_done"].as_u64().expect("a number"))
        })
        .collect()
}

#[tokio::test]
async fn a_fleet_loses_nothing_and_does_nothing_twice_over_restarts_of_both_sides() {
    let mut stand = Stand::new(Door::Tls, Transport::Auto).await;
    let reports = ["one", "two"].map(|name| stand.dir.path().join(name));
    let first = during(fleet(&stand, Some(TOKEN), &reports[0]), async {
        let all = DEVICES as usize;
        let watches = |inner: &super::stub::Inner| {
            inner
                .calls
                .iter()
                .filter(|call| call.0 == "Watch" && !call.1.is_empty())
                .count()
        };
        stand
            .until("every stream", |inner| watches(inner) >= all)
            .await;
        tell_all(&stand, "one");
        until_all_done(&stand).await;
        // Issued while nobody listens.
        stand.stub.stop().await;
        tell_all(&stand, "two");
        stand.stub.start(Door::Tls).await;
        until_all_done(&stand).await;
    });
    let first = first.await;
    assert_eq!(first.counts.enrolled, u64::from(DEVICES));
    // What is done is the server's to say: it heard before the fleet counted.
    assert_eq!(first.counts.commands.taken, u64::from(DEVICES) * 4);
    assert_eq!(first.counts.commands.duplicates_done, 0);
    assert!(first.counts.reconnects >= u64::from(DEVICES));

    // The same directory again: the same devices, without a token.
    tell_all(&stand, "three");
    let second = during(fleet(&stand, None, &reports[1]), until_all_done(&stand)).await;
    assert_eq!(second.counts.resumed, u64::from(DEVICES));
    assert_eq!(second.counts.commands.taken, u64::from(DEVICES) * 2);
    assert_eq!(devices(&stand).len(), DEVICES as usize);

    let mut all = times(&reports[0]);
    for (command, times) in times(&reports[1]) {
        *all.entry(command).or_default() += times;
    }
    assert_eq!(all.len(), DEVICES as usize * 6);
    assert!(all.values().all(|times| *times == 1), "{all:?}");
}

#[tokio::test]
async fn devices_without_a_token_that_is_good_are_given_up_and_counted() {
    let stand = Stand::new(Door::Plain, Transport::GrpcWeb).await;
    let report = stand.dir.path().join("report");
    let wrong = "WXYZ-WXYZ-WXYZ-WXYZ-WXYZ";
    let summary = during(fleet(&stand, Some(wrong), &report), async {
        let all = DEVICES as usize;
        stand
            .until("every try", |inner| {
                inner.calls.iter().filter(|call| call.0 == "Enroll").count() == all
            })
            .await;
    })
    .await;
    assert!(
        summary.counts.enrolled == 0 && summary.counts.given_up > 0,
        "{summary:?}"
    );
    assert!(summary.errors["TOKEN_UNKNOWN"] > 0, "{summary:?}");
}
