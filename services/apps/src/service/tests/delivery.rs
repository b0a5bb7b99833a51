//! How a device comes by what it is to have.

use std::time::Duration;

use preau_kernel::ids::ReleaseId;
use preau_proto::apps::v1::InstallationState as State;
use preau_proto::policy::v1::Role;
use tonic::Code;

use super::files::PART;
use super::world::{both, bytes, fields, reason};
use crate::domain::MAX_FETCHES;

const APP: &str = "fr.example.geometrie";

#[tokio::test]
async fn a_device_is_told_what_its_school_wants_as_it_was_signed() {
    both(async |world| {
        let (admin, device) = (world.admin(), world.device());
        let empty = device.desired(&[]).await.unwrap();
        assert!(empty.wanted.is_empty() && !empty.unchanged);
        let b = world.published("fr.example.b", "1", &bytes(10)).await;
        let a = world.published("fr.example.a", "1", &bytes(11)).await;
        for release in [&b, &a] {
            admin
                .assign(&world.school, &release.release_id)
                .await
                .unwrap();
        }
        let state = device.desired(&empty.hash).await.unwrap();
        assert!(!state.unchanged);
        let ids: Vec<_> = state
            .wanted
            .iter()
            .map(|wanted| &wanted.release_id)
            .collect();
        assert_eq!(ids, [&a.release_id, &b.release_id]);
        let (manifest, signature) = world.publisher.sign("fr.example.a", "1", &bytes(11));
        assert_eq!(state.wanted[0].manifest, manifest);
        assert_eq!(state.wanted[0].signature, signature);
        assert_eq!(state.wanted[0].publisher_key_id, world.publisher.key_id());
        let elsewhere = world.somebody(Role::Device, &world.other);
        assert_eq!(elsewhere.desired(&[]).await.unwrap(), empty);
    })
    .await;
}

#[tokio::test]
async fn who_names_the_present_hash_is_told_that_and_nothing_else() {
    both(async |world| {
        let (admin, device) = (world.admin(), world.device());
        let release = world.published(APP, "1", &bytes(10)).await.release_id;
        for _ in 0..2 {
            let state = device.desired(&[]).await.unwrap();
            let again = device.desired(&state.hash).await.unwrap();
            assert!(again.unchanged && again.wanted.is_empty());
            assert_eq!(again.hash, state.hash);
            admin.assign(&world.school, &release).await.unwrap();
        }
        assert_eq!(fields(device.desired(&[1; 31]).await), ["known_hash"]);
        let admins = admin.desired(&[]).await.unwrap_err();
        assert_eq!(admins.code(), Code::PermissionDenied);
    })
    .await;
}

#[tokio::test]
async fn a_fetch_that_breaks_off_is_resumed_with_the_very_bytes() {
    both(async |world| {
        let (device, data) = (world.device(), bytes(3 * PART + 5));
        let release = world.published(APP, "1", &data).await.release_id;
        world.admin().assign(&world.school, &release).await.unwrap();

        world.files.break_after(4);
        let mut frames = device.open(&release, 0, 0).await.unwrap();
        let mut fetched = Vec::new();
        let broken = loop {
            match frames.message().await {
                Ok(frame) => fetched.extend(frame.expect("it breaks off").data),
                Err(status) => break status,
            }
        };
        assert_eq!(broken.code(), Code::Unavailable);
        assert_eq!(fetched, data[..1600]);
        let offset = u64::try_from(fetched.len()).unwrap();
        fetched.extend(device.fetch(&release, offset, 0).await.unwrap());
        assert_eq!(fetched, data);

        assert_eq!(device.fetch(&release, 0, 0).await.unwrap(), data);
        assert_eq!(device.fetch(&release, 7, 100).await.unwrap(), data[7..107]);
        let size = u64::try_from(data.len()).unwrap();
        assert_eq!(device.fetch(&release, size, 0).await.unwrap(), b"");
        let beyond = device.fetch(&release, size + 1, 0).await;
        assert_eq!(reason(beyond), "RANGE_OUTSIDE");
    })
    .await;
}

#[tokio::test]
async fn a_release_is_fetched_by_devices_of_schools_that_want_it_alone() {
    both(async |world| {
        let admin = world.admin();
        let release = world.published(APP, "1", &bytes(10)).await.release_id;
        let (device, elsewhere) = (world.device(), world.somebody(Role::Device, &world.other));
        let unassigned = device.fetch(&release, 0, 0).await.unwrap_err();
        assert_eq!(unassigned.code(), Code::NotFound);
        admin.assign(&world.school, &release).await.unwrap();
        device.fetch(&release, 0, 0).await.unwrap();

        let unknown = ReleaseId::new().to_string();
        let of_another_school = elsewhere.fetch(&release, 0, 0).await.unwrap_err();
        let of_nobody = elsewhere.fetch(&unknown, 0, 0).await.unwrap_err();
        assert_eq!(of_another_school.code(), Code::NotFound);
        assert_eq!(of_another_school.message(), of_nobody.message());
        let admins = admin.fetch(&release, 0, 0).await.unwrap_err();
        assert_eq!(admins.code(), Code::PermissionDenied);

        admin.unassign(&world.school, APP).await.unwrap();
        let taken_back = device.fetch(&release, 0, 0).await;
        assert_eq!(reason(taken_back), "NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn a_device_holds_few_fetches_open_and_takes_no_others_place() {
    both(async |world| {
        let (device, neighbour) = (world.device(), world.device());
        let data = bytes(3 * PART);
        let release = world.published(APP, "1", &data).await.release_id;
        world.admin().assign(&world.school, &release).await.unwrap();
        world.files.hold_after(1);
        let mut held = Vec::new();
        for _ in 0..MAX_FETCHES {
            held.push(device.open(&release, 0, 0).await.unwrap());
        }
        let refused = device.open(&release, 0, 0).await.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert_eq!(reason::<()>(Err(refused)), "TOO_MANY_FETCHES");
        neighbour.open(&release, 0, 0).await.unwrap();

        // That a stream was dropped has to come to the server first.
        held.pop();
        let room = async { while device.open(&release, 0, 0).await.is_err() {} };
        let patience = Duration::from_secs(30);
        tokio::time::timeout(patience, room)
            .await
            .expect("a fetch that is over makes room");
    })
    .await;
}

#[tokio::test]
async fn a_report_names_a_release_of_its_app_and_says_why_in_a_line() {
    both(async |world| {
        let device = world.device();
        let release = world.published(APP, "1", &bytes(10)).await.release_id;
        world.published("fr.example.b", "1", &bytes(11)).await;
        let unknown = ReleaseId::new().to_string();
        let long = "x".repeat(201);
        for (app, release, state, reason, field) in [
            ("x", &*release, State::Installed, "", "app"),
            (APP, "", State::Installed, "", "release_id"),
            (APP, "", State::Fetching, "", "release_id"),
            ("fr.example.b", &release, State::Installed, "", "release_id"),
            (APP, &release, State::Unspecified, "", "state"),
            (APP, &release, State::Failed, "two\nlines", "reason"),
            (APP, &release, State::Failed, &long, "reason"),
        ] {
            let refused = device.report(app, release, state, reason).await;
            assert_eq!(fields(refused), [field]);
        }
        let refused = device.report(APP, &unknown, State::Installed, "").await;
        assert_eq!(reason(refused), "NOT_FOUND");
        let refused = device.report("fr.example.c", "", State::Removed, "").await;
        assert_eq!(reason(refused), "NOT_FOUND");
        let admins = world.admin();
        let refused = admins.report(APP, &release, State::Installed, "").await;
        assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);

        let listed = admins.installations(&world.school, "", 0, "").await;
        assert_eq!(listed.unwrap().installations, []);
    })
    .await;
}

#[tokio::test]
async fn what_a_device_says_is_of_the_school_it_says_it_for() {
    both(async |world| {
        let release = world.published(APP, "1", &bytes(10)).await.release_id;
        let device = world.device();
        let id = device.id.to_string().parse().unwrap();
        let moved = world.device_as(id, &world.other);
        device
            .report(APP, &release, State::Installed, "")
            .await
            .unwrap();
        moved
            .report(APP, &release, State::Failed, "no room")
            .await
            .unwrap();
        let operator = world.operator();
        for (school, state) in [
            (&world.school, State::Installed),
            (&world.other, State::Failed),
        ] {
            let listed = operator.installations(school, "", 0, "").await.unwrap();
            assert_eq!(listed.installations.len(), 1);
            assert_eq!(listed.installations[0].state(), state);
        }
    })
    .await;
}
