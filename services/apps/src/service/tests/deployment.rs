//! What a school's devices are to have, and which of them have it.

use preau_kernel::ids::{ReleaseId, SchoolId};
use preau_proto::apps::v1::InstallationState as State;
use preau_proto::policy::v1::Role;
use tonic::Code;

use super::world::{both, bytes, fields, reason};
use crate::domain::School;

const APP: &str = "fr.example.geometrie";

#[tokio::test]
async fn a_later_assignment_of_an_app_takes_the_place_of_the_earlier_one() {
    both(async |world| {
        let admin = world.admin();
        let old = world.published(APP, "1", &bytes(10)).await;
        let new = world.published(APP, "2", &bytes(11)).await;
        let first = admin.assign(&world.school, &old.release_id).await.unwrap();
        assert_eq!(first.release, Some(old));
        assert_eq!(first.assigned_by, admin.id.to_string());
        assert_eq!(first.school_id, world.school.id.to_string());
        let later = admin.assign(&world.school, &new.release_id).await.unwrap();
        let again = admin.assign(&world.school, &new.release_id).await.unwrap();
        assert_eq!(later, again);
        let listed = admin.assignments(&world.school).await.unwrap();
        assert_eq!(listed, [later]);

        for _ in 0..2 {
            admin.unassign(&world.school, APP).await.unwrap();
            assert_eq!(admin.assignments(&world.school).await.unwrap(), []);
        }
    })
    .await;
}

#[tokio::test]
async fn every_change_is_announced_once_with_its_hash_and_revision() {
    both(async |world| {
        let (admin, device) = (world.admin(), world.device());
        let one = world.published(APP, "1", &bytes(10)).await.release_id;
        let two = world.published(APP, "2", &bytes(11)).await.release_id;
        let none = device.desired(&[]).await.unwrap().hash;
        let mut hashes = vec![none.clone()];
        for (revision, release) in [(1, &one), (2, &two)] {
            admin.assign(&world.school, release).await.unwrap();
            admin.assign(&world.school, release).await.unwrap();
            let told = world.fleet.told();
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].school_id, world.school.id.to_string());
            assert_eq!(told[0].revision, revision);
            assert_eq!(told[0].hash, device.desired(&[]).await.unwrap().hash);
            assert!(!hashes.contains(&told[0].hash));
            hashes.push(told[0].hash.clone());
        }
        admin.unassign(&world.school, APP).await.unwrap();
        admin.unassign(&world.school, APP).await.unwrap();
        let told = world.fleet.told();
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].revision, &told[0].hash), (3, &none));
    })
    .await;
}

#[tokio::test]
async fn administrators_reach_their_own_schools_and_are_told_nothing_of_others() {
    both(async |world| {
        let release = world.published(APP, "1", &bytes(10)).await.release_id;
        let reaches = [
            world.admin(),
            world.authority_admin(&world.school),
            world.operator(),
        ];
        for person in &reaches {
            person.assign(&world.school, &release).await.unwrap();
            person.assignments(&world.school).await.unwrap();
            let page = person.installations(&world.school, "", 0, "").await;
            page.unwrap();
            person.unassign(&world.school, APP).await.unwrap();
        }
        world
            .operator()
            .assign(&world.school, &release)
            .await
            .unwrap();

        let unknown = School {
            id: SchoolId::new(),
            ..world.school
        };
        let strangers = [
            (
                world.somebody(Role::SchoolAdmin, &world.other),
                world.school,
            ),
            (world.authority_admin(&world.other), world.school),
            (world.admin(), world.other),
            (world.operator(), unknown),
        ];
        for (person, school) in &strangers {
            let refusals = [
                person.assign(school, &release).await.unwrap_err(),
                person.unassign(school, APP).await.unwrap_err(),
                person.assignments(school).await.unwrap_err(),
                person.installations(school, "", 0, "").await.unwrap_err(),
            ];
            for refused in refusals {
                assert_eq!(refused.code(), Code::NotFound, "{refused:?}");
                assert!(refused.message().contains("school"), "{refused:?}");
            }
        }
        for person in [
            world.somebody(Role::Teacher, &world.school),
            world.somebody(Role::Student, &world.school),
            world.device(),
        ] {
            let codes = [
                person
                    .assign(&world.school, &release)
                    .await
                    .unwrap_err()
                    .code(),
                person
                    .unassign(&world.school, APP)
                    .await
                    .unwrap_err()
                    .code(),
                person.assignments(&world.school).await.unwrap_err().code(),
                person
                    .installations(&world.school, "", 0, "")
                    .await
                    .unwrap_err()
                    .code(),
            ];
            assert_eq!(codes, [Code::PermissionDenied; 4]);
        }
        let listed = world.admin().assignments(&world.school).await.unwrap();
        assert_eq!(listed.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_does_not_exist_is_not_assigned() {
    both(async |world| {
        let admin = world.admin();
        let unknown = ReleaseId::new().to_string();
        let refused = admin.assign(&world.school, &unknown).await;
        assert_eq!(reason(refused), "NOT_FOUND");
        assert_eq!(
            fields(admin.assign(&world.school, "x").await),
            ["release_id"]
        );
        assert_eq!(fields(admin.unassign(&world.school, "x").await), ["app"]);
        assert!(world.fleet.told().is_empty());
    })
    .await;
}

#[tokio::test]
async fn devices_are_counted_by_what_they_said_last_of_the_assigned_release() {
    both(async |world| {
        let admin = world.admin();
        let old = world.published(APP, "1", &bytes(10)).await.release_id;
        let new = world.published(APP, "2", &bytes(11)).await.release_id;
        admin.assign(&world.school, &new).await.unwrap();
        let say = async |release: &str, states: &[State]| {
            let device = world.device();
            for state in states {
                device.report(APP, release, *state, "").await.unwrap();
            }
        };
        say(&new, &[State::Fetching, State::Failed, State::Installed]).await;
        say(&new, &[State::Installed]).await;
        say(&new, &[State::Fetching]).await;
        say(&new, &[State::Fetching, State::Failed]).await;
        say(&new, &[State::Installed, State::Removed]).await;
        say(&old, &[State::Installed]).await;
        let elsewhere = world.somebody(Role::Device, &world.other);
        let installed = elsewhere.report(APP, &new, State::Installed, "");
        installed.await.unwrap();

        let listed = admin.assignments(&world.school).await.unwrap();
        let [assignment] = &listed[..] else {
            panic!("one assignment, not {listed:?}");
        };
        let counts = (assignment.installed, assignment.failed, assignment.fetching);
        assert_eq!(counts, (2, 1, 1));
    })
    .await;
}

#[tokio::test]
async fn who_has_what_is_listed_by_device_and_app() {
    both(async |world| {
        let admin = world.admin();
        let (a, b) = ("fr.example.a", "fr.example.b");
        let of_a = world.published(a, "1", &bytes(10)).await.release_id;
        let of_b = world.published(b, "7", &bytes(11)).await.release_id;
        let mut devices = [world.device(), world.device()];
        devices.sort_by_key(|device| device.id);
        for device in &devices {
            device
                .report(b, &of_b, State::Failed, "disk full")
                .await
                .unwrap();
            device
                .report(a, &of_a, State::Installed, "so what")
                .await
                .unwrap();
        }
        devices[1].report(a, "", State::Removed, "").await.unwrap();

        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = admin.installations(&world.school, "", 3, &token).await;
            let page = page.unwrap();
            seen.extend(page.installations);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        let ids = devices.map(|device| device.id.to_string());
        let row = |device: usize, app: &str, version: &str, state: State, reason: &str| {
            let (device, app) = (ids[device].clone(), app.to_owned());
            (device, app, version.to_owned(), state, reason.to_owned())
        };
        let expected = [
            row(0, a, "1", State::Installed, ""),
            row(0, b, "7", State::Failed, "disk full"),
            row(1, a, "", State::Removed, ""),
            row(1, b, "7", State::Failed, "disk full"),
        ];
        let told = |one: preau_proto::apps::v1::Installation| {
            let state = one.state();
            (one.device_id, one.app, one.version, state, one.reason)
        };
        assert_eq!(seen.into_iter().map(told).collect::<Vec<_>>(), expected);

        let first = admin.installations(&world.school, b, 1, "").await.unwrap();
        let token = first.next_page_token;
        let second = admin.installations(&world.school, b, 1, &token).await;
        let second = second.unwrap();
        assert_eq!(second.installations[0].device_id, ids[1]);
        assert_eq!(second.next_page_token, "");
        let many = admin.installations(&world.school, "", 501, "").await;
        assert_eq!(fields(many), ["page_size"]);
        let forged = admin.installations(&world.school, "", 0, "x").await;
        assert_eq!(fields(forged), ["page_token"]);
    })
    .await;
}
