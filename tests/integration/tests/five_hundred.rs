//! Five hundred devices for a minute, and a server that ends in the middle of it: nothing is lost, nothing done twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use preau_harness::{Platform, Process, Relay};
use preau_proto::devices::v1::{
    CommandState, Device, DeviceState, GetDeviceRequest, ListDevicesRequest,
};
use serde::Deserialize;

use crate::fleet::school::{Fleet, patiently};

const DEVICES: usize = 500;
/// For how long they are there at least.
const LASTS: Duration = Duration::from_secs(60);
/// Administrators' calls under way at once.
const AT_ONCE: usize = 16;

/// A line of the simulation's report.
#[derive(Deserialize)]
struct Done {
    device_id: String,
    command_id: String,
    times_done: u32,
}

struct Crowd {
    fleet: Fleet,
    relay: Relay,
    simulation: Process,
    /// Every command there is, by id, with its device.
    issued: BTreeMap<String, String>,
}

impl Crowd {
    async fn gather() -> anyhow::Result<Self> {
        let fleet = Fleet::on(Platform::start().await?).await?;
        let relay = Relay::to(fleet.url()).await?;
        let token = fleet.invitation(u32::try_from(DEVICES)?).await?.secret;
        let (devices, url) = (DEVICES.to_string(), format!("http://{}", relay.address()));
        let folder = fleet.platform().root().join("simulated");
        let report = fleet.platform().root().join("report.jsonl");
        let args = [
            "fleet",
            "simulate",
            "--devices",
            &devices,
            "--server",
            &url,
            "--token",
            &token,
            "--json",
            "--state",
            folder.to_str().context("a path")?,
            "--report",
            report.to_str().context("a path")?,
        ];
        let simulation = Process::begin(args, &[])?;
        let crowd = Self {
            fleet,
            relay,
            simulation,
            issued: BTreeMap::new(),
        };
        crowd.until_all_watch().await?;
        Ok(crowd)
    }

    async fn devices(&self) -> anyhow::Result<Vec<Device>> {
        let mut found = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListDevicesRequest {
                school_id: self.fleet.school.clone(),
                page_size: 200,
                page_token,
                include_retired: false,
            };
            let page = self
                .fleet
                .administrator()
                .list_devices(request)
                .await?
                .into_inner();
            found.extend(page.devices);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(found);
            }
        }
    }

    async fn until_all_watch(&self) -> anyhow::Result<()> {
        let outcome = patiently("everybody online", async || {
            let devices = self.devices().await?;
            let online = |device: &&Device| device.state() == DeviceState::Online;
            Ok(devices.iter().filter(online).count() == DEVICES)
        });
        outcome
            .await
            .map_err(|error| error.context(self.simulation.said()))
    }

    /// One command for each device.
    async fn tell_everybody(&mut self, text: &str) -> anyhow::Result<()> {
        let ids: Vec<String> = self
            .devices()
            .await?
            .into_iter()
            .map(|device| device.device_id)
            .collect();
        let fleet = &self.fleet;
        let issued: Vec<(String, String)> = stream::iter(ids)
            .map(async |id| {
                let command = fleet.message_to(&id, &format!("{text} {id}"), 3600).await?;
                anyhow::Ok((command.command_id, id))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        self.issued.extend(issued);
        Ok(())
    }

    /// The server knows that everything was done.
    async fn until_all_is_done(&self) -> anyhow::Result<()> {
        let fleet = &self.fleet;
        let mut open: BTreeSet<&String> = self.issued.values().collect();
        patiently("all done", async || {
            let ids: Vec<&String> = open.iter().copied().collect();
            let finished: Vec<Option<&String>> = stream::iter(ids)
                .map(async |id| {
                    let request = GetDeviceRequest {
                        device_id: id.clone(),
                    };
                    let shown = fleet
                        .administrator()
                        .get_device(request)
                        .await?
                        .into_inner();
                    let done = |state| state == CommandState::Done;
                    let all = shown.commands.iter().all(|command| done(command.state()));
                    anyhow::Ok(all.then_some(id))
                })
                .buffer_unordered(AT_ONCE)
                .try_collect()
                .await?;
            for id in finished.into_iter().flatten() {
                open.remove(id);
            }
            Ok(open.is_empty())
        })
        .await
        .map_err(|error| error.context(self.simulation.said()))
    }
}

#[tokio::test]
async fn five_hundred_devices_lose_nothing_and_do_nothing_twice_while_the_server_restarts()
-> anyhow::Result<()> {
    let mut crowd = Crowd::gather().await?;
    let began = Instant::now();
    crowd.tell_everybody("avant").await?;
    // Told and half answered, as a restart finds them.
    crowd.tell_everybody("pendant").await?;
    crowd.relay.pull();
    crowd.fleet.restart().await?;
    crowd.tell_everybody("absents").await?;
    crowd.relay.plug(crowd.fleet.url())?;
    crowd.until_all_watch().await?;
    crowd.tell_everybody("après").await?;
    crowd.until_all_is_done().await?;
    // Whoever is told something twice is told it at the next connection: so they come once more.
    let left = LASTS.saturating_sub(began.elapsed());
    tokio::time::sleep(left / 2).await;
    crowd.relay.pull();
    crowd.relay.plug(crowd.fleet.url())?;
    crowd.until_all_watch().await?;
    tokio::time::sleep(LASTS.saturating_sub(began.elapsed())).await;

    let Crowd {
        fleet,
        simulation,
        issued,
        ..
    } = crowd;
    let report = fleet.platform().root().join("report.jsonl");
    let end = simulation.terminate().await?;
    assert_eq!(end.code, Some(0), "{end:#?}");
    let mut done = BTreeMap::new();
    for line in std::fs::read_to_string(report)?.lines() {
        let line: Done = serde_json::from_str(line)?;
        assert_eq!(
            line.times_done, 1,
            "{} was done more than once",
            line.command_id
        );
        done.insert(line.command_id, line.device_id);
    }
    assert_eq!(issued.len(), 4 * DEVICES);
    assert!(
        done == issued,
        "{} issued, {} done",
        issued.len(),
        done.len()
    );
    Ok(())
}
