//! The list of devices, and what is seen of them.

use std::time::Duration;

use preau_proto::devices::v1 as wire;
use preau_proto::devices::v1::DeviceState::{Offline, Online, Retired};

use super::world::{World, both, fields, text};

fn page(world: &World, size: u32, token: &str) -> wire::ListDevicesRequest {
    wire::ListDevicesRequest {
        school_id: text(world.school.id),
        page_size: size,
        page_token: token.into(),
        include_retired: false,
    }
}

fn names(answer: &wire::ListDevicesResponse) -> Vec<&str> {
    let devices = answer.devices.iter();
    devices.map(|device| device.name.as_str()).collect()
}

#[tokio::test]
async fn devices_are_listed_by_name_in_pages() {
    both(async |world| {
        let admin = world.admin();
        let mut ids = std::collections::BTreeSet::new();
        for name in ["b", "C", "a", "É", "a"] {
            ids.insert(world.enrolled_as(name).await.id);
        }
        let all = admin.list(page(&world, 0, "")).await.unwrap();
        assert_eq!(names(&all), ["a", "a", "b", "C", "É"]);
        assert_eq!(all.next_page_token, "");
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let answer = admin.list(page(&world, 2, &token)).await.unwrap();
            seen.extend(answer.devices);
            token = answer.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, all.devices);
        assert_eq!(
            seen.into_iter()
                .map(|device| device.device_id)
                .collect::<std::collections::BTreeSet<_>>(),
            ids
        );
        assert_eq!(
            fields(admin.list(page(&world, 201, "")).await),
            ["page_size"]
        );
        assert_eq!(
            fields(admin.list(page(&world, 0, "%")).await),
            ["page_token"]
        );
    })
    .await;
}

#[tokio::test]
async fn retired_devices_are_listed_when_asked_for() {
    let world = World::new().await;
    let admin = world.admin();
    world.enrolled_as("a").await;
    let retired = world.enrolled_as("b").await;
    admin.retire(&retired.id).await.unwrap();
    assert_eq!(
        names(&admin.list(page(&world, 0, "")).await.unwrap()),
        ["a"]
    );
    let with = wire::ListDevicesRequest {
        include_retired: true,
        ..page(&world, 0, "")
    };
    let all = admin.list(with).await.unwrap();
    assert_eq!(names(&all), ["a", "b"]);
    assert_eq!(all.devices[1].state(), Retired);
}

#[tokio::test]
async fn a_device_is_online_while_it_watches_and_last_seen_within_a_minute() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let sees = async || {
            let (device, _) = admin.get(&tablet.id).await.unwrap();
            (device.state(), device.last_seen_at.map(|at| at.seconds))
        };
        assert_eq!(sees().await, (Offline, None));
        let watching = tablet.watch(0).await.unwrap();
        let came = world.unix();
        world.sweep().await;
        assert_eq!(sees().await, (Online, Some(came)));
        for _ in 0..60 {
            world.pass(Duration::from_secs(2));
            world.sweep().await;
            let (state, seen) = sees().await;
            assert_eq!(state, Online);
            assert!(world.unix() - seen.unwrap() < 60);
        }
        // Back before the sweep: never offline, not even for a moment.
        world.closed(&tablet.id, watching).await;
        let watching = tablet.watch(0).await.unwrap();
        world.sweep().await;
        assert_eq!(sees().await.0, Online);
        world.closed(&tablet.id, watching).await;
        world.pass(Duration::from_secs(1));
        world.sweep().await;
        assert_eq!(sees().await, (Offline, Some(world.unix())));
    })
    .await;
}

#[tokio::test]
async fn the_devices_of_a_process_that_is_gone_are_offline_when_its_lease_has_run_out() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let other = world.another_process();
        let _watching = tablet.watch(0).await.unwrap();
        world.sweep().await;
        let state = async || admin.get(&tablet.id).await.unwrap().0.state();
        world.pass(Duration::from_secs(29));
        other.sweep().await.unwrap();
        assert_eq!(state().await, Online);
        world.pass(Duration::from_secs(1));
        assert_eq!(state().await, Offline);
        // It was only slow: it takes another lease, and its devices are there again.
        world.sweep().await;
        assert_eq!(state().await, Online);
    })
    .await;
}
