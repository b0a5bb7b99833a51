//! Publishers and releases.

use std::time::Duration;

use preau_proto::apps::v1::ReleaseState;
use preau_proto::policy::v1::Role;
use tonic::Code;

use super::publisher::{Publisher, manifest};
use super::world::{both, bytes, fields, reason};

const APP: &str = "fr.example.geometrie";

#[tokio::test]
async fn a_publisher_is_added_once_and_everybody_who_needs_it_reads_it() {
    both(async |world| {
        let (operator, other) = (world.operator(), Publisher::of(9));
        let key = other.public_key();
        let added = operator.add_publisher("Autre", &key).await.unwrap();
        assert_eq!(added.key_id, other.key_id());
        let again = operator.add_publisher("Sous un autre nom", &key).await;
        assert_eq!(again.unwrap(), added);
        for reader in [world.admin(), world.device(), operator] {
            let listed = reader.publishers().await.unwrap();
            let names: Vec<_> = listed.iter().map(|publisher| &*publisher.name).collect();
            assert_eq!(names, ["Autre", "Éditions"]);
            assert_eq!(listed[0], added);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_key_or_no_name_adds_nobody() {
    both(async |world| {
        let (operator, key) = (world.operator(), Publisher::of(9).public_key());
        for (name, key, field) in [
            ("Autre", &key[1..], "public_key"),
            // Anybody can sign for it.
            ("Autre", &[0; 32], "public_key"),
            (" ", &key, "name"),
            ("a\nb", &key, "name"),
            (&"é".repeat(101), &key, "name"),
        ] {
            let refused = operator.add_publisher(name, key).await;
            assert_eq!(fields(refused), [field]);
        }
        assert_eq!(operator.publishers().await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_signature_counts_if_a_publisher_made_it_for_this_very_manifest() {
    both(async |world| {
        let operator = world.operator();
        let (manifest, signature) = world.publisher.sign(APP, "1.0", b"app");

        let mut spoilt = signature.clone();
        spoilt[10] ^= 1;
        let unknown = Publisher::of(9).sign(APP, "1.0", b"app").1;
        let (other, _) = world.publisher.sign("fr.example.autre", "1.0", b"app");
        for (manifest, signature) in [
            (&manifest, &spoilt),
            (&manifest, &unknown),
            (&other, &signature),
        ] {
            let refused = operator.create(manifest, signature).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument);
            assert_eq!(reason::<()>(Err(refused)), "SIGNATURE_WRONG");
        }
        let short = operator.create(&manifest, &signature[1..]).await;
        assert_eq!(fields(short), ["signature"]);
        let listed = operator.releases("", 0, "").await.unwrap();
        assert!(listed.releases.is_empty());
        assert_eq!(world.files.count(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_signed_manifest_that_no_device_could_use_is_refused() {
    both(async |world| {
        let (operator, right) = (world.operator(), manifest(APP, "1.0", b"app"));
        let mut wrong = [right.clone(), right.clone(), right];
        wrong[0].file_name = "../../etc/passwd".into();
        wrong[1].size = 0;
        wrong[2].app = "Géométrie".into();
        let named = ["manifest.file_name", "manifest.size", "manifest.app"];
        for (wrong, field) in wrong.iter().zip(named) {
            let (manifest, signature) = world.publisher.sign_message(wrong);
            let refused = operator.create(&manifest, &signature).await;
            assert_eq!(fields(refused), [field]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_version_is_published_once() {
    both(async |world| {
        let operator = world.operator();
        let (manifest, signature) = world.publisher.sign(APP, "1.0", b"app");
        let first = operator.create(&manifest, &signature).await.unwrap();
        let again = operator.create(&manifest, &signature).await.unwrap();
        assert_eq!(first, again);
        assert_eq!(world.files.count(), 1);

        let (other, signed) = world.publisher.sign(APP, "1.0", b"other bytes");
        let refused = operator.create(&other, &signed).await.unwrap_err();
        assert_eq!(refused.code(), Code::AlreadyExists);
        assert_eq!(reason::<()>(Err(refused)), "RELEASE_EXISTS");

        let release = first.release.unwrap();
        operator.send(&release.release_id, b"app").await;
        let finished = operator.finish(&release.release_id).await.unwrap();
        assert_eq!(finished.state(), ReleaseState::Available);
        let again = operator.create(&manifest, &signature).await.unwrap();
        assert_eq!((again.release, again.plan), (Some(finished), None));
        let refused = operator.create(&other, &signed).await;
        assert_eq!(reason(refused), "RELEASE_EXISTS");
    })
    .await;
}

#[tokio::test]
async fn of_many_who_announce_a_release_at_once_all_get_the_same() {
    both(async |world| {
        let operator = world.operator();
        let (manifest, signature) = world.publisher.sign(APP, "1.0", b"app");
        let calls = (0..8).map(|_| operator.create(&manifest, &signature));
        let answers = futures::future::join_all(calls).await;
        let mut ids = Vec::new();
        for answer in answers {
            // Who lost the race for the object too often is told to try again.
            match answer {
                Ok(answer) => ids.push(answer.release.unwrap().release_id),
                Err(refused) => assert_eq!(refused.code(), Code::Aborted, "{refused:?}"),
            }
        }
        ids.dedup();
        assert_eq!(ids.len(), 1);
        // The others' objects were let go of.
        assert_eq!(world.files.count(), 1);
    })
    .await;
}

#[tokio::test]
async fn releases_page_by_app_the_newest_first() {
    both(async |world| {
        let mut versions = Vec::new();
        for (app, version) in [
            ("fr.example.b", "1"),
            (APP, "1"),
            (APP, "2"),
            ("fr.example.b", "2"),
            (APP, "3"),
        ] {
            world.published(app, version, &bytes(10)).await;
            versions.push((app, version));
            world.pass(Duration::from_secs(1));
        }
        let admin = world.admin();
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = admin.releases("", 2, &token).await.unwrap();
            let rows = page.releases.into_iter();
            seen.extend(rows.map(|release| (release.app, release.version)));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        let seen: Vec<_> = seen
            .iter()
            .map(|(app, version)| (&**app, &**version))
            .collect();
        let expected = [
            ("fr.example.b", "2"),
            ("fr.example.b", "1"),
            (APP, "3"),
            (APP, "2"),
            (APP, "1"),
        ];
        assert_eq!(seen, expected);
        let of_one = admin.releases("fr.example.b", 0, "").await.unwrap();
        assert_eq!(of_one.releases.len(), 2);
        assert_eq!(fields(admin.releases("", 201, "").await), ["page_size"]);
        assert_eq!(fields(admin.releases("", 0, "x").await), ["page_token"]);
        assert_eq!(fields(admin.releases("x", 0, "").await), ["app"]);
    })
    .await;
}

#[tokio::test]
async fn only_operators_publish() {
    both(async |world| {
        let (manifest, signature) = world.publisher.sign(APP, "1.0", b"app");
        let operator = world.operator();
        let created = operator.create(&manifest, &signature).await.unwrap();
        let release = created.release.unwrap().release_id;
        let key = Publisher::of(9).public_key();
        for person in [
            world.admin(),
            world.authority_admin(&world.school),
            world.somebody(Role::Teacher, &world.school),
            world.somebody(Role::Student, &world.school),
            world.device(),
        ] {
            let codes = [
                person.add_publisher("x", &key).await.unwrap_err().code(),
                person
                    .create(&manifest, &signature)
                    .await
                    .unwrap_err()
                    .code(),
                person.put(&release, 0, b"app").await.unwrap_err().code(),
                person.finish(&release).await.unwrap_err().code(),
            ];
            assert_eq!(codes, [Code::PermissionDenied; 4]);
        }
        for person in [
            world.somebody(Role::Teacher, &world.school),
            world.somebody(Role::Student, &world.school),
        ] {
            let codes = [
                person.publishers().await.unwrap_err().code(),
                person.get(&release).await.unwrap_err().code(),
                person.releases("", 0, "").await.unwrap_err().code(),
            ];
            assert_eq!(codes, [Code::PermissionDenied; 3]);
        }
        let admin = world.admin();
        let unknown = preau_kernel::ids::ReleaseId::new().to_string();
        assert_eq!(reason(admin.get(&unknown).await), "NOT_FOUND");
        assert_eq!(reason(operator.finish(&unknown).await), "NOT_FOUND");
    })
    .await;
}
