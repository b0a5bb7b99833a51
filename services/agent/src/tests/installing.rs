//! Apps: fetched on from where it was cut, believed for their publisher alone, gone when they are not wanted.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use preau_kernel::ids::ReleaseId;
use preau_proto::apps::v1::InstallationState as I;
use preau_proto::apps::v1::{Manifest, Publisher, Wanted};
use prost::Message as _;
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};
use std::path::PathBuf;

use super::stand::Stand;
use super::stub::{Door, Inner, TOKEN};
use crate::link::Transport;
use crate::{PublicKey, key_id, standing, trust};

const APP: &str = "fr.example.geometrie";

/// Somebody who signs.
pub(super) struct Maker(Ed25519KeyPair);

impl Maker {
    pub(super) fn new(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed"))
    }

    fn key(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref();
        PublicKey::new(bytes.try_into().expect("32 bytes"))
    }

    fn publisher(&self) -> Publisher {
        Publisher {
            key_id: key_id(&self.key()),
            public_key: self.key().as_bytes().to_vec(),
            ..Publisher::default()
        }
    }

    pub(super) fn release(&self, version: &str, bytes: &[u8]) -> Wanted {
        let manifest = Manifest {
            app: APP.into(),
            name: "Géométrie".into(),
            version: version.into(),
            size: bytes.len() as u64,
            sha256: digest(&SHA256, bytes).as_ref().to_vec(),
            blake3: blake3::hash(bytes).as_bytes().to_vec(),
            file_name: "geometrie.AppImage".into(),
            executable: true,
        };
        self.sign(&manifest)
    }

    fn sign(&self, manifest: &Manifest) -> Wanted {
        let manifest = manifest.encode_to_vec();
        let signed = [b"preau-release-v1\0", manifest.as_slice()].concat();
        Wanted {
            release_id: ReleaseId::new().to_string(),
            signature: self.0.sign(&signed).as_ref().to_vec(),
            publisher_key_id: key_id(&self.key()),
            manifest,
        }
    }
}

pub(super) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    StdRng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}

/// Assigns these releases, with these bytes, and nothing else.
pub(super) fn assign(stand: &Stand, releases: &[(&Wanted, &[u8])]) {
    let mut inner = stand.world().lock();
    inner.wanted = releases
        .iter()
        .map(|(wanted, _)| (*wanted).clone())
        .collect();
    let files = releases
        .iter()
        .map(|(wanted, bytes)| (wanted.release_id.clone(), bytes.to_vec()));
    inner.files = files.collect();
    let ids: String = releases
        .iter()
        .map(|(wanted, _)| wanted.release_id.as_str())
        .collect();
    inner.hash = blake3::hash(ids.as_bytes()).as_bytes().to_vec();
    drop(inner);
    stand.world().tell();
}

pub(super) async fn stand(door: Door, transport: Transport, known: &[&Maker]) -> Stand {
    let stand = Stand::new(door, transport).await;
    stand.world().lock().publishers = known.iter().map(|maker| maker.publisher()).collect();
    stand.enroll(TOKEN).await.expect("enrolled");
    stand
}

/// Whether something was said of a release, after it was said that it is being fetched.
fn said(inner: &Inner, release: &Wanted, state: I) -> bool {
    let of_release = inner
        .reports
        .iter()
        .filter(|said| said.release_id == release.release_id);
    let mut fetched = state == I::Failed;
    for said in of_release {
        fetched |= said.state() == I::Fetching;
        if fetched && said.state() == state {
            return true;
        }
    }
    false
}

pub(super) fn removed(inner: &Inner) -> bool {
    inner
        .reports
        .iter()
        .any(|said| said.app == APP && said.state() == I::Removed)
}

fn last_reason(stand: &Stand) -> String {
    stand
        .world()
        .lock()
        .reports
        .last()
        .expect("a report")
        .reason
        .clone()
}

fn current(stand: &Stand) -> PathBuf {
    stand
        .prefix("apps")
        .join(APP)
        .join("current")
        .join("geometrie.AppImage")
}

#[tokio::test]
async fn a_release_is_installed_replaced_and_removed_and_each_is_said() {
    let maker = Maker::new(1);
    for (door, transport) in [
        (Door::Tls, Transport::Grpc),
        (Door::Plain, Transport::GrpcWeb),
    ] {
        let stand = stand(door, transport, &[&maker]).await;
        let _running = stand.run();
        let (one, two) = (noise(1, 300_000), noise(2, 50_000));
        let (first, second) = (maker.release("1.0", &one), maker.release("2.0", &two));
        assign(&stand, &[(&first, &one)]);
        stand
            .until("an installation", |inner| said(inner, &first, I::Installed))
            .await;
        assert_eq!(std::fs::read(current(&stand)).expect("there"), one);
        stand.world().lock().reports.clear();
        assign(&stand, &[(&second, &two)]);
        stand
            .until("another", |inner| said(inner, &second, I::Installed))
            .await;
        assert_eq!(std::fs::read(current(&stand)).expect("there"), two);
        assign(&stand, &[]);
        stand.until("its end", removed).await;
        assert!(!stand.prefix("apps").join(APP).exists());
        let order: Vec<I> = stand
            .world()
            .lock()
            .reports
            .iter()
            .map(|said| said.state())
            .collect();
        assert_eq!(order, [I::Fetching, I::Installed, I::Removed]);
    }
}

#[tokio::test]
async fn a_fetch_that_is_cut_goes_on_where_it_was_also_after_a_restart() {
    let maker = Maker::new(1);
    let stand = stand(Door::Plain, Transport::Grpc, &[&maker]).await;
    let bytes = noise(3, 500_000);
    let release = maker.release("1.0", &bytes);
    stand.world().lock().cut_after = Some(200_000);
    let running = stand.run();
    assign(&stand, &[(&release, &bytes)]);
    stand
        .until("a second fetch", |inner| inner.offsets.len() == 2)
        .await;
    assert_eq!(stand.world().lock().offsets, [0, 200_000]);
    stand
        .until("an installation", |inner| {
            said(inner, &release, I::Installed)
        })
        .await;
    assert_eq!(std::fs::read(current(&stand)).expect("there"), bytes);
    running.kill().await;

    // And where the device was killed in the middle: some of it lies there.
    let more = noise(4, 400_000);
    let next = maker.release("2.0", &more);
    let partial = stand.prefix(".fetching").join(&next.release_id);
    std::fs::write(&partial, &more[..150_000]).expect("written");
    stand.world().lock().offsets.clear();
    stand.world().lock().reports.clear();
    assign(&stand, &[(&next, &more)]);
    let _running = stand.run();
    stand
        .until("an installation", |inner| said(inner, &next, I::Installed))
        .await;
    assert_eq!(stand.world().lock().offsets, [150_000]);
    assert_eq!(std::fs::read(current(&stand)).expect("there"), more);
    assert!(!partial.exists());
}

#[tokio::test]
async fn half_a_release_that_is_not_wanted_any_more_takes_no_room() {
    let maker = Maker::new(1);
    let stand = stand(Door::Plain, Transport::Grpc, &[&maker]).await;
    let bytes = noise(11, 300_000);
    let (first, second) = (maker.release("1.0", &bytes), maker.release("2.0", &bytes));
    // As where the device was killed in the middle of each.
    let [left, half] = [&first, &second].map(|release| {
        let partial = stand.prefix(".fetching").join(&release.release_id);
        std::fs::create_dir_all(stand.prefix(".fetching")).expect("made");
        std::fs::write(&partial, &bytes[..100_000]).expect("written");
        partial
    });
    assign(&stand, &[(&second, &bytes)]);
    let running = stand.run();
    stand
        .until("an installation", |inner| {
            said(inner, &second, I::Installed)
        })
        .await;
    assert_eq!(
        stand.world().lock().offsets,
        [100_000],
        "what is wanted stays"
    );
    // It is said after everything was put in order.
    running.kill().await;
    assert!(!left.exists() && !half.exists());
}

#[tokio::test]
async fn other_bytes_than_were_signed_for_are_dropped_and_never_installed() {
    let maker = Maker::new(1);
    let bytes = noise(5, 95_000);
    let mut changed = bytes.clone();
    changed[77_777] ^= 1;
    let longer = [bytes.as_slice(), &bytes[..5_000]].concat();
    for (given, reason) in [
        (&changed, "SHA-256 wrong"),
        (&longer, "other bytes than were asked for"),
    ] {
        let stand = stand(Door::Plain, Transport::Grpc, &[&maker]).await;
        let _running = stand.run();
        let release = maker.release("1.0", &bytes);
        assign(&stand, &[(&release, given)]);
        stand
            .until("a refusal", |inner| said(inner, &release, I::Failed))
            .await;
        assert_eq!(last_reason(&stand), reason);
        assert!(!stand.prefix("apps").exists());
        assert!(!stand.prefix(".fetching").join(&release.release_id).exists());
        // Mended, it is taken from the beginning.
        stand.world().lock().offsets.clear();
        let mended = maker.release("1.0", &bytes);
        assign(&stand, &[(&mended, &bytes)]);
        stand
            .until("an installation", |inner| {
                said(inner, &mended, I::Installed)
            })
            .await;
        assert_eq!(stand.world().lock().offsets, [0]);
    }
}

#[tokio::test]
async fn a_wrong_blake3_is_as_bad_as_a_wrong_sha256() {
    let maker = Maker::new(1);
    let stand = stand(Door::Plain, Transport::Grpc, &[&maker]).await;
    let _running = stand.run();
    let bytes = noise(6, 1000);
    let release = maker.release("1.0", &bytes);
    let mut manifest = Manifest::decode(release.manifest.as_slice()).expect("a manifest");
    manifest.blake3[0] ^= 1;
    let release = maker.sign(&manifest);
    assign(&stand, &[(&release, &bytes)]);
    stand
        .until("a refusal", |inner| said(inner, &release, I::Failed))
        .await;
    assert_eq!(last_reason(&stand), "BLAKE3 wrong");
    assert!(!stand.prefix("apps").exists());
}

#[tokio::test]
async fn a_publisher_who_came_later_is_trusted_by_hand_alone() {
    let (known, later) = (Maker::new(1), Maker::new(2));
    let stand = stand(Door::Plain, Transport::Grpc, &[&known]).await;
    let running = stand.run();
    let (old, new) = (noise(7, 1000), noise(8, 2000));
    let (first, second) = (known.release("1.0", &old), later.release("2.0", &new));
    assign(&stand, &[(&first, &old)]);
    stand
        .until("an installation", |inner| said(inner, &first, I::Installed))
        .await;
    // The platform knows them by now; the device does not ask it.
    stand.world().lock().publishers.push(later.publisher());
    assign(&stand, &[(&second, &new)]);
    stand
        .until("a refusal", |inner| said(inner, &second, I::Failed))
        .await;
    assert_eq!(last_reason(&stand), "publisher not trusted");
    assert_eq!(
        std::fs::read(current(&stand)).expect("there"),
        old,
        "what was there stays"
    );
    running.kill().await;
    let file = stand.dir.path().join("later.pub");
    std::fs::write(&file, later.key().to_pem()).expect("written");
    assert_eq!(
        trust(&stand.state(), &file).expect("trusted"),
        key_id(&later.key())
    );
    stand.world().lock().reports.clear();
    let _running = stand.run();
    stand
        .until("an installation", |inner| {
            said(inner, &second, I::Installed)
        })
        .await;
    assert_eq!(std::fs::read(current(&stand)).expect("there"), new);
    let standing = standing(&stand.state()).expect("there");
    assert_eq!(standing.apps, [(APP.to_owned(), "2.0".to_owned())]);
}

#[tokio::test]
async fn an_app_that_somebody_removed_comes_back() {
    let maker = Maker::new(1);
    let stand = stand(Door::Plain, Transport::Grpc, &[&maker]).await;
    let running = stand.run();
    let bytes = noise(9, 1000);
    let release = maker.release("1.0", &bytes);
    assign(&stand, &[(&release, &bytes)]);
    stand
        .until("an installation", |inner| {
            said(inner, &release, I::Installed)
        })
        .await;
    running.kill().await;
    std::fs::remove_dir_all(stand.prefix("apps")).expect("removed");
    stand.world().lock().reports.clear();
    let _running = stand.run();
    stand
        .until("an installation", |inner| {
            said(inner, &release, I::Installed)
        })
        .await;
    assert_eq!(std::fs::read(current(&stand)).expect("there"), bytes);
}
