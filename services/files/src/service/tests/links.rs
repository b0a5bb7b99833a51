//! Download links.

use std::time::Duration;

use preau_kernel::ids::NodeId;
use preau_mesh::Reported;
use tonic::Code;

use super::everyday::open;
use super::person::{bytes, reason, seen};
use super::world::{PART, World};

#[tokio::test]
async fn a_link_gives_its_holder_the_file_or_any_part_of_it() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let data = bytes(3 * PART + 10);
    let node = pupil.share(&space, "", "Été.pdf", &data).await;
    let link = pupil.link(&space, &node.node_id).await.unwrap();
    assert!(link.path.starts_with("/d/") && link.path.len() < 1024);

    let at = |offset, length| open(world.pair.client(), &link.path, offset, length);
    let (opened, all) = at(0, 0).await.unwrap();
    assert_eq!((&*opened.name, opened.size), ("Été.pdf", data.len() as u64));
    assert_eq!(opened.blake3, node.content.unwrap().blake3);
    assert_eq!(all, data);
    assert_eq!(at(1000, 1500).await.unwrap().1, &data[1000..2500]);
    assert_eq!(at(data.len() as u64, 0).await.unwrap().1, b"");
    let beyond = at(data.len() as u64 + 1, 0).await.unwrap_err();
    assert_eq!(beyond.code(), Code::OutOfRange);
    assert_eq!(
        Reported::of(&beyond).metadata["size"],
        data.len().to_string()
    );
}

#[tokio::test]
async fn a_link_ends_after_five_minutes() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let node = pupil.share(&space, "", "a", b"a").await.node_id;
    let link = pupil.link(&space, &node).await.unwrap().path;
    world.advance(Duration::from_secs(299));
    open(world.pair.client(), &link, 0, 0).await.unwrap();
    world.advance(Duration::from_secs(1));
    let refused = open(world.pair.client(), &link, 0, 0).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(Reported::of(&refused).reason, "LINK_EXPIRED");
}

#[tokio::test]
async fn a_forged_link_opens_nothing() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let node = pupil.share(&space, "", "a", b"a").await.node_id;
    let link = pupil.link(&space, &node).await.unwrap().path;
    let cut = &link[..link.len() - 4];
    let other = if link.ends_with('A') { "B" } else { "A" };
    let changed = format!("{}{other}AAA", &link[..link.len() - 4]);
    for forged in ["", "x", "/d/", cut, &changed, &"A".repeat(200)] {
        let refused = open(world.pair.client(), forged, 0, 0).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{forged}");
        assert_eq!(Reported::of(&refused).reason, "LINK_INVALID", "{forged}");
    }
}

#[tokio::test]
async fn links_outlive_the_key_that_sealed_them_and_another_process_opens_them() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let node = pupil.share(&space, "", "a", b"a").await.node_id;
    pupil.link(&space, &node).await.unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    world.advance(day - Duration::from_secs(1));
    let last = pupil.link(&space, &node).await.unwrap().path;
    world.advance(Duration::from_secs(1));
    // Under the next day's key.
    let first = pupil.link(&space, &node).await.unwrap().path;
    for link in [&last, &first] {
        open(world.pair.client(), link, 0, 0).await.unwrap();
    }
    let fresh = world.files();
    for link in [&last, &first] {
        let token = link.trim_start_matches("/d/");
        let span = crate::convert::span(0, 0);
        assert!(fresh.open_link(token, span).await.is_ok());
    }
}

#[tokio::test]
async fn a_link_to_bytes_that_are_gone_is_refused_before_anything_is_sent() {
    let world = World::new().await;
    let pupil = world.pupil(&world.class("2nde B"));
    let space = pupil.space().await;
    let node = pupil.share(&space, "", "a", b"a").await.node_id;
    let link = pupil.link(&space, &node).await.unwrap().path;
    pupil.delete(&space, &node).await.unwrap();
    open(world.pair.client(), &link, 0, 0)
        .await
        .expect("what lies in the trash is there still");
    pupil.purge(&space, &node).await.unwrap();
    let refused = open(world.pair.client(), &link, 0, 0).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn a_link_is_made_only_to_files_the_caller_can_read() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let pupil = world.pupil(&class);
    let stranger = world.pupil(&world.class("2nde C"));
    let space = pupil.space().await;
    let node = pupil.share(&space, "", "a", b"a").await.node_id;
    let folder = pupil.create_folder(&space, "", "f").await.unwrap().node_id;
    let unknown = NodeId::new().to_string();
    assert_eq!(reason(pupil.link(&space, &folder).await), "NOT_A_FILE");
    let absent = pupil.link(&space, &unknown).await.unwrap_err();
    assert_eq!(absent.code(), Code::NotFound);
    assert_eq!(
        seen(stranger.link(&space, &node).await),
        seen(stranger.link(&space, &unknown).await),
    );
}
