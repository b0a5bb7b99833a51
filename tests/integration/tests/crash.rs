//! SIGKILL at any moment: what was acknowledged is there afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use preau_harness::{Platform, Space, Upload, bytes};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::sync::{Mutex, Notify};
use tonic::{Code, Status};

const KILLS: u32 = 50;
/// Of the moments of death. A run that fails prints which kill it was.
const SEED: u64 = 0x7072_6561_7521;
/// Uploads under way when it dies.
const PARALLEL: u32 = 4;
const PART: usize = 2 * 1024 * 1024;

/// What the platform said yes to.
#[derive(Default)]
struct Acknowledged {
    /// By file name: the upload, and the indexes of parts that were acknowledged.
    open: BTreeMap<String, (Upload, Vec<u32>)>,
    /// By file name: the node's id.
    committed: BTreeMap<String, String>,
    /// How often it said yes.
    count: u32,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_nothing_that_was_acknowledged() -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(SEED);
    let mut builder = Platform::prepared().await?;
    let mut known = Acknowledged::default();
    for kill in 0..KILLS {
        let platform = builder.start().await?;
        let [class, _] = platform.classes();
        let space = platform.teacher(&class).await?.space(&class).await?;
        check(&space, &mut known)
            .await
            .map_err(|error| error.context(format!("after {kill} kills")))?;

        let shared = Arc::new(Shared {
            known: Mutex::new(known),
            news: Notify::new(),
            dying: AtomicBool::new(false),
        });
        let workers: Vec<_> = (0..PARALLEL)
            .map(|worker| {
                let name = format!("{kill:02}-{worker}");
                tokio::spawn(upload(space.clone(), name, shared.clone()))
            })
            .collect();
        let until = random.random_range(0..12);
        tokio::time::timeout(PATIENCE, shared.acknowledged(until)).await?;
        // Anything from "just acknowledged" to "deep in the next call".
        for _ in 0..random.random_range(0..2_000) {
            tokio::task::yield_now().await;
        }
        shared.dying.store(true, Ordering::Release);
        builder = platform.kill9().await?;
        for worker in workers {
            // Each was in the middle of a call: uploads end by the death of the platform and in no other way.
            let end = worker.await?;
            anyhow::ensure!(
                end.dying && LOST.contains(&end.status.code()),
                "before kill {kill}, or not by it: {}",
                end.status
            );
        }
        known = Arc::into_inner(shared).unwrap().known.into_inner();
        known.count = 0;
    }
    let platform = builder.start().await?;
    let [class, _] = platform.classes();
    let pupil = platform.pupil(&class).await?.space(&class).await?;
    let teacher = platform.teacher(&class).await?.space(&class).await?;
    check(&teacher, &mut known).await?;
    check_committed(&pupil, &known).await?;
    // Every upload that was announced became a file, resumed where it had stopped.
    assert!(known.open.is_empty());
    assert!(
        known.committed.len() as u32 >= KILLS,
        "{} files",
        known.committed.len()
    );
    Ok(())
}

/// What a call answers whose server is gone.
const LOST: [Code; 3] = [Code::Unavailable, Code::Cancelled, Code::Unknown];

/// Far longer than a dozen acknowledgements take: whoever waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);

struct Shared {
    known: Mutex<Acknowledged>,
    news: Notify,
    /// Raised before the platform is killed.
    dying: AtomicBool,
}

/// How a worker's last call failed, and whether the platform was being killed by then.
struct End {
    status: Status,
    dying: bool,
}

impl Shared {
    /// Waits until that many acknowledgements came in this life.
    async fn acknowledged(&self, count: u32) {
        loop {
            let news = self.news.notified();
            if self.known.lock().await.count >= count {
                return;
            }
            news.await;
        }
    }

    async fn note(&self, change: impl FnOnce(&mut Acknowledged)) {
        let mut known = self.known.lock().await;
        change(&mut known);
        known.count += 1;
        drop(known);
        self.news.notify_one();
    }
}

/// Uploads files, one after the other, until a call fails.
async fn upload(space: Space, name: String, shared: Arc<Shared>) -> End {
    let mut round = 0;
    loop {
        if let Err(status) = upload_one(&space, format!("{name}-{round}"), &shared).await {
            let dying = shared.dying.load(Ordering::Acquire);
            return End { status, dying };
        }
        round += 1;
    }
}

async fn upload_one(space: &Space, name: String, shared: &Shared) -> Result<(), Status> {
    let file = content(&name);
    let upload = space.announce(&name, file.len() as u64).await?;
    let noted = upload.clone();
    shared
        .note(|known| drop(known.open.insert(name.clone(), (noted, Vec::new()))))
        .await;
    for index in (0..upload.plan().part_count).rev() {
        upload.put(index, upload.part(&file, index)).await?;
        shared
            .note(|known| known.open.get_mut(&name).unwrap().1.push(index))
            .await;
    }
    let node = upload.commit(Some(&file)).await?;
    shared
        .note(|known| {
            known.open.remove(&name);
            known.committed.insert(name.clone(), node.node_id);
        })
        .await;
    Ok(())
}

/// Mostly small, some of two parts: every name has its own bytes.
fn content(name: &str) -> Vec<u8> {
    let length = match blake3::hash(name.as_bytes()).as_bytes()[0] {
        0..=31 => PART + 1_000,
        small => usize::from(small) * 100,
    };
    bytes(name, length)
}

/// Everything committed reads back; every acknowledged part is still there; what
/// was interrupted goes on and becomes the right file.
async fn check(space: &Space, known: &mut Acknowledged) -> anyhow::Result<()> {
    check_committed(space, known).await?;
    for (name, (upload, parts)) in std::mem::take(&mut known.open) {
        let upload = upload.by(space.person());
        let file = content(&name);
        // Committed, though the answer never came: then the upload is closed and the file is there.
        if let Ok(node) = space.node_at(&format!("/{name}")).await {
            known.committed.insert(name, node.node_id);
            continue;
        }
        let missing = upload.missing().await?;
        for part in &parts {
            anyhow::ensure!(
                !missing.contains(part),
                "{name}: acknowledged part {part} is missing"
            );
        }
        for index in missing {
            upload.put(index, upload.part(&file, index)).await?;
        }
        let node = upload.commit(Some(&file)).await?;
        known.committed.insert(name, node.node_id);
    }
    Ok(())
}

async fn check_committed(space: &Space, known: &Acknowledged) -> anyhow::Result<()> {
    for (name, node) in &known.committed {
        let found = space.read(node).await?;
        anyhow::ensure!(
            found == content(name),
            "{name} is not what was acknowledged"
        );
    }
    Ok(())
}
