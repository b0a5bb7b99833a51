//! Telling again, giving up, letting go.

use std::time::Duration;

use preau_kernel::failure::Kind;
use preau_storage_database::{Scope, params};

use super::files::{LIFETIME, PART};
use super::world::{both, bytes, reason};
use crate::Swept;

const APP: &str = "fr.example.geometrie";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn devices_that_was_away_is_told_the_latest_when_it_is_back() {
    both(async |world| {
        let (admin, operator) = (world.admin(), world.operator());
        let one = world.published(APP, "1", &bytes(10)).await.release_id;
        let two = world.published(APP, "2", &bytes(11)).await.release_id;
        world.fleet.have_trouble(Some(Kind::Unavailable));
        admin.assign(&world.school, &one).await.unwrap();
        admin.assign(&world.school, &two).await.unwrap();
        operator.assign(&world.other, &one).await.unwrap();
        let behind = Swept {
            is_behind: true,
            ..Swept::default()
        };
        assert_eq!(world.sweep().await, behind);
        assert!(world.fleet.told().is_empty());

        world.fleet.have_trouble(None);
        assert_eq!(world.sweep().await.announced, 2);
        let mut told = world.fleet.told();
        told.sort_by_key(|told| told.revision);
        let schools: Vec<_> = told.iter().map(|told| told.school_id.clone()).collect();
        assert_eq!(
            schools,
            [world.other.id.to_string(), world.school.id.to_string()]
        );
        assert_eq!(told[1].revision, 2);
        let hash = world.device().desired(&[]).await.unwrap().hash;
        assert_eq!(told[1].hash, hash);
        assert_eq!(world.sweep().await, Swept::default());
        assert!(world.fleet.told().is_empty());
    })
    .await;
}

#[tokio::test]
async fn trouble_with_one_school_does_not_keep_others_from_being_heard() {
    both(async |world| {
        let operator = world.operator();
        let release = world.published(APP, "1", &bytes(10)).await.release_id;
        world.fleet.have_trouble(Some(Kind::Unavailable));
        for school in [&world.school, &world.other] {
            operator.assign(school, &release).await.unwrap();
        }
        let heard = async || {
            let swept = world.sweep().await;
            let told = world.fleet.told().into_iter();
            let schools: Vec<_> = told.map(|told| told.school_id).collect();
            (swept.is_behind, schools)
        };
        let (school, other) = (world.school.id.to_string(), world.other.id.to_string());
        world.fleet.have_trouble_with(&school);
        assert_eq!(heard().await, (true, vec![other.clone()]));
        world.fleet.have_trouble_with(&other);
        assert_eq!(heard().await, (false, vec![school]));
        assert_eq!(world.sweep().await, Swept::default());
    })
    .await;
}

#[tokio::test]
async fn a_release_that_nobody_finishes_is_given_up_with_its_bytes() {
    both(async |world| {
        let operator = world.operator();
        let kept = world.published(APP, "1", &bytes(10)).await.release_id;
        let data = bytes(PART);
        let (manifest, signature) = world.publisher.sign(APP, "2", &data);
        let created = operator.create(&manifest, &signature).await.unwrap();
        let given_up = created.release.unwrap().release_id;
        operator.put(&given_up, 0, &data).await.unwrap();

        world.pass(LIFETIME + DAY);
        assert_eq!(world.sweep().await, Swept::default());
        world.pass(Duration::from_micros(1));
        world.files.be_away(true);
        let swept = world.sweep().await;
        assert_eq!((swept.given_up, swept.discarded), (1, 0));
        assert_eq!(reason(operator.get(&given_up).await), "NOT_FOUND");
        world.files.be_away(false);
        let swept = world.sweep().await;
        assert_eq!((swept.given_up, swept.discarded), (0, 1));
        assert_eq!(world.sweep().await, Swept::default());
        assert_eq!(world.files.count(), 1);
        operator.get(&kept).await.unwrap();

        // Its version is free.
        let (other, signed) = world.publisher.sign(APP, "2", b"other bytes");
        operator.create(&other, &signed).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn bytes_dropped_while_files_was_away_are_let_go_of_later() {
    both(async |world| {
        let (operator, data) = (world.operator(), bytes(PART));
        let (manifest, signature) = world.publisher.sign(APP, "1", &data);
        let created = operator.create(&manifest, &signature).await.unwrap();
        let release = created.release.unwrap().release_id;
        // As a process leaves it that was killed between dropping the bytes and letting go of them.
        let mut tx = world.db.begin(Scope::Platform).await.unwrap();
        tx.execute(
            "INSERT INTO discarded_objects (object_id, tenant) SELECT object_id, tenant FROM releases",
            params![],
        )
        .await
        .unwrap();
        tx.execute("UPDATE releases SET object_id = NULL", params![])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let put = operator.put(&release, 0, &data).await;
        assert_eq!(reason(put), "UPLOAD_EXPIRED");
        assert_eq!(world.sweep().await.discarded, 1);
        assert_eq!(world.files.count(), 0);

        operator.create(&manifest, &signature).await.unwrap();
        operator.send(&release, &data).await;
        operator.finish(&release).await.unwrap();
    })
    .await;
}
