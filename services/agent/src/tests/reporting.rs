//! What the server is told of apps: until it has heard, and no longer than it wants to.

use preau_proto::apps::v1::InstallationState as I;
use tonic::Status;

use super::installing::{Maker, assign, noise, removed, stand};
use super::stub::Door;
use crate::link::Transport;

#[tokio::test]
async fn a_report_that_was_not_heard_is_made_again() {
    let maker = Maker::new(1);
    let stand = stand(Door::Plain, Transport::Grpc, &[&maker]).await;
    let running = stand.run();
    let bytes = noise(10, 1000);
    let release = maker.release("1.0", &bytes);
    let deaf = Status::unavailable("away");
    // The first is that of FETCHING.
    for _ in 0..2 {
        stand.world().fail("ReportInstallation", deaf.clone());
    }
    assign(&stand, &[(&release, &bytes)]);
    stand
        .until("two tries", |inner| inner.faults.is_empty())
        .await;
    running.kill().await;
    let _running = stand.run();
    stand
        .until("the report", |inner| {
            inner
                .reports
                .iter()
                .any(|said| said.state() == I::Installed)
        })
        .await;
    assert_eq!(stand.world().lock().offsets, [0], "fetched once");
}

#[tokio::test]
async fn a_report_that_is_refused_keeps_nothing_else_waiting() {
    let maker = Maker::new(1);
    let stand = stand(Door::Plain, Transport::Grpc, &[&maker]).await;
    let _running = stand.run();
    let bytes = noise(12, 1000);
    let release = maker.release("1.0", &bytes);
    // Of FETCHING, and of INSTALLED.
    let restored = Status::failed_precondition("the release is not available");
    for _ in 0..2 {
        stand.world().fail("ReportInstallation", restored.clone());
    }
    assign(&stand, &[(&release, &bytes)]);
    stand
        .until("two refusals", |inner| inner.faults.is_empty())
        .await;
    assign(&stand, &[]);
    stand.until("its end", removed).await;
    let reports = stand.world().lock().reports.clone();
    let said: Vec<I> = reports.iter().map(|said| said.state()).collect();
    assert_eq!(said, [I::Removed], "what was refused is not said again");
}
