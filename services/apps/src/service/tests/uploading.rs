//! A release's bytes on their way in.

use preau_proto::apps::v1 as wire;
use tonic::Code;

use super::files::{LIFETIME, PART};
use super::publisher::manifest;
use super::world::{World, both, bytes, reason};

const APP: &str = "fr.example.geometrie";

/// A release that was announced, and its id.
async fn announced(world: &World, data: &[u8]) -> (String, wire::UploadPlan) {
    let (manifest, signature) = world.publisher.sign(APP, "1.0", data);
    let created = world.operator().create(&manifest, &signature).await;
    let created = created.unwrap();
    (created.release.unwrap().release_id, created.plan.unwrap())
}

fn run(first: u32, count: u32) -> wire::MissingRun {
    wire::MissingRun { first, count }
}

#[tokio::test]
async fn parts_come_in_any_order_and_what_is_missing_is_said() {
    both(async |world| {
        let (operator, data) = (world.operator(), bytes(2 * PART + 5));
        let (release, plan) = announced(&world, &data).await;
        assert_eq!((plan.part_size, plan.part_count), (1024, 3));
        assert_eq!(plan.missing, [run(0, 3)]);

        let last = &data[2 * PART..];
        assert_eq!(operator.put(&release, 2, last).await.unwrap(), 2);
        assert_eq!(operator.put(&release, 2, last).await.unwrap(), 2);
        let refused = operator.finish(&release).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(reason::<()>(Err(refused)), "PARTS_MISSING");
        let found = operator.get(&release).await.unwrap();
        assert_eq!(found.plan.unwrap().missing, [run(0, 1), run(1, 1)]);

        operator.send(&release, &data).await;
        let finished = operator.finish(&release).await.unwrap();
        assert_eq!(finished.state(), wire::ReleaseState::Available);
        assert_eq!(operator.finish(&release).await.unwrap(), finished);
        let found = operator.get(&release).await.unwrap();
        assert_eq!((found.release, found.plan), (Some(finished), None));
        let late = operator.put(&release, 2, last).await;
        assert_eq!(reason(late), "RELEASE_AVAILABLE");
    })
    .await;
}

#[tokio::test]
async fn parts_of_a_wrong_size_place_or_content_are_refused_and_nothing_is_stored() {
    both(async |world| {
        let (operator, data) = (world.operator(), bytes(PART + 5));
        let (release, _) = announced(&world, &data).await;
        for (index, part, expected) in [
            (0, &data[..=PART], "PART_LENGTH_WRONG"),
            (0, &data[..PART - 1], "PART_LENGTH_WRONG"),
            (1, &data[..6], "PART_LENGTH_WRONG"),
            (2, &data[..5], "PART_INDEX_WRONG"),
        ] {
            let refused = operator.put(&release, index, part).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument);
            assert_eq!(reason::<()>(Err(refused)), expected);
        }
        operator.put(&release, 1, b"other").await.unwrap();
        let conflict = operator.put(&release, 1, &data[PART..]).await;
        assert_eq!(reason(conflict), "PART_CONFLICT");
        let found = operator.get(&release).await.unwrap();
        assert_eq!(found.plan.unwrap().missing, [run(0, 1)]);
    })
    .await;
}

#[tokio::test]
async fn bytes_that_are_not_the_manifests_are_dropped_and_can_be_sent_again() {
    both(async |world| {
        let (operator, data) = (world.operator(), bytes(PART + 5));
        let (release, _) = announced(&world, &data).await;
        let mut wrong = data.clone();
        wrong[3] ^= 1;
        operator.send(&release, &wrong).await;
        let refused = operator.finish(&release).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(reason::<()>(Err(refused)), "HASH_WRONG");
        let found = operator.get(&release).await.unwrap();
        assert_eq!(found.plan.unwrap().missing, [run(0, 1), run(1, 1)]);
        assert_eq!(world.files.count(), 1);

        operator.send(&release, &data).await;
        operator.finish(&release).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn both_hashes_of_the_manifest_have_to_hold() {
    both(async |world| {
        let (operator, data) = (world.operator(), bytes(PART + 5));
        let mut lying = manifest(APP, "1.0", &data);
        lying.sha256[0] ^= 1;
        let (manifest, signature) = world.publisher.sign_message(&lying);
        let created = operator.create(&manifest, &signature).await.unwrap();
        let release = created.release.unwrap().release_id;
        for _ in 0..2 {
            operator.send(&release, &data).await;
            assert_eq!(reason(operator.finish(&release).await), "HASH_WRONG");
            // What was committed for nothing is let go of.
            assert_eq!(world.files.count(), 1);
        }
        let found = operator.get(&release).await.unwrap().release.unwrap();
        assert_eq!(found.state(), wire::ReleaseState::Uploading);
        let assigned = operator.assign(&world.school, &release).await;
        assert_eq!(reason(assigned), "RELEASE_NOT_AVAILABLE");
    })
    .await;
}

#[tokio::test]
async fn a_read_that_breaks_off_while_finishing_is_no_wrong_hash() {
    both(async |world| {
        let (operator, data) = (world.operator(), bytes(2 * PART));
        let (release, _) = announced(&world, &data).await;
        operator.send(&release, &data).await;
        world.files.break_after(2);
        let refused = operator.finish(&release).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        let finished = operator.finish(&release).await.unwrap();
        assert_eq!(finished.state(), wire::ReleaseState::Available);
    })
    .await;
}

#[tokio::test]
async fn an_upload_whose_time_is_up_is_begun_anew_by_announcing_again() {
    both(async |world| {
        let (operator, data) = (world.operator(), bytes(PART));
        let (manifest, signature) = world.publisher.sign(APP, "1.0", &data);
        let (release, plan) = announced(&world, &data).await;
        operator.put(&release, 0, &data).await.unwrap();
        world.pass(LIFETIME);
        let late = operator.put(&release, 0, &data).await;
        assert_eq!(reason(late), "UPLOAD_EXPIRED");
        assert_eq!(reason(operator.finish(&release).await), "UPLOAD_EXPIRED");
        assert_eq!(operator.get(&release).await.unwrap().plan, None);

        let again = operator.create(&manifest, &signature).await.unwrap();
        assert_eq!(again.plan, Some(plan));
        assert_eq!(again.release.unwrap().release_id, release);
        operator.send(&release, &data).await;
        operator.finish(&release).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_storage_that_is_away_says_so_and_nothing_is_lost() {
    both(async |world| {
        let (operator, data) = (world.operator(), bytes(PART));
        let (manifest, signature) = world.publisher.sign(APP, "1.0", &data);
        world.files.be_away(true);
        let refused = operator.create(&manifest, &signature).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        world.files.be_away(false);
        let (release, _) = announced(&world, &data).await;
        operator.send(&release, &data).await;
        world.files.be_away(true);
        let refused = operator.finish(&release).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        world.files.be_away(false);
        operator.finish(&release).await.unwrap();
    })
    .await;
}
