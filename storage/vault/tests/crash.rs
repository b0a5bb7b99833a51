//! What was acknowledged survives SIGKILL at any moment, and what was interrupted resumes.
//!
//! The parent starts this very program again as a child that uploads without pause and prints a line for each acknowledgement,
//! kills it after an arbitrary number of lines, and opens the same data: every acknowledged part and commit must be there and
//! readable, no invariant broken; then it finishes the upload that was interrupted. Ten times over one data directory.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream;
use preau_storage_database::{Db, Migrations, Scope, SqliteOptions};
use preau_storage_seal::Kek;
use preau_storage_sites::FolderSite;
use preau_storage_vault::{POSTGRES, SQLITE, UploadPlan, Vault, VaultConfig};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const KILLS: u64 = 10;
const TENANT: &str = "rennes";
const PART: u32 = 32 << 10;
const IN_FLIGHT: usize = 4;
/// Set for the child: its data directory, and its number among the children.
const DATA: &str = "PREAU_VAULT_CRASH_DATA";
const ROUND: &str = "PREAU_VAULT_CRASH_ROUND";

fn main() {
    // A test runner that lists tests must not start one.
    if std::env::args().any(|argument| argument == "--list") {
        println!("acknowledged_parts_and_commits_survive_sigkill: test");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    match std::env::var(DATA) {
        Ok(data) => runtime.block_on(upload_for_ever(Path::new(&data))),
        Err(_) => runtime.block_on(acknowledged_parts_and_commits_survive_sigkill()),
    }
}

async fn open(data: &Path) -> (Vault, Db) {
    let options = SqliteOptions::default();
    let db = Db::open_sqlite(&data.join("vault.sqlite"), options)
        .await
        .unwrap();
    let migrations = Migrations {
        service: "vault",
        sqlite: SQLITE,
        postgres: POSTGRES,
    };
    db.migrate(&migrations).await.unwrap();
    let site = FolderSite::open("cave", data.join("objects"), true).unwrap();
    let config = VaultConfig {
        part_size: PART,
        ..VaultConfig::default()
    };
    let kek = Kek::from_bytes([1; 32]);
    let vault = Vault::open(
        db.clone(),
        vec![Arc::new(site)],
        kek,
        config,
        Arc::new(SystemTime::now),
    );
    (vault.await.unwrap(), db)
}

/// The content of a file, which its seed and size tell.
fn file(seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&seed.to_be_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}

/// One line, written whole.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

async fn upload_for_ever(data: &Path) {
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let mut random = StdRng::seed_from_u64(round);
    let (vault, db) = open(data).await;
    loop {
        let (seed, size) = (random.random(), random.random_range(0..12 * PART as usize));
        let mut tx = db.begin(Scope::Tenant(TENANT)).await.unwrap();
        let plan = vault.create(&mut tx, TENANT, size as u64).await.unwrap();
        tx.commit().await.unwrap();
        say(&format!("created {} {seed} {size}", plan.upload));
        let missing = [(0, plan.part_count)];
        put_missing(&vault, &plan, &file(seed, size), &missing, say).await;
        let content = commit(&vault, &db, &plan.upload).await;
        say(&format!("committed {} {content}", plan.upload));
    }
}

/// Puts the missing parts and tells of each once it is acknowledged.
async fn put_missing(
    vault: &Vault,
    plan: &UploadPlan,
    data: &[u8],
    missing: &[(u32, u32)],
    tell: fn(&str),
) {
    let indices = missing
        .iter()
        .flat_map(|(first, count)| *first..first + count);
    let puts = indices.map(|index| async move {
        let start = index as usize * PART as usize;
        let part = &data[start..data.len().min(start + PART as usize)];
        let sha256 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, part);
        let bytes = Bytes::copy_from_slice(part);
        vault
            .put_part(TENANT, &plan.upload, index, sha256.as_ref(), bytes)
            .await
            .unwrap();
        tell(&format!("part {} {index}", plan.upload));
    });
    stream::iter(puts)
        .buffer_unordered(IN_FLIGHT)
        .collect::<Vec<()>>()
        .await;
}

async fn commit(vault: &Vault, db: &Db, upload: &str) -> String {
    let mut tx = db.begin(Scope::Tenant(TENANT)).await.unwrap();
    let content = vault.commit(&mut tx, TENANT, upload, None).await.unwrap();
    tx.commit().await.unwrap();
    content.id
}

/// An upload as the child's lines told of it.
#[derive(Debug, Default)]
struct Told {
    seed: u64,
    size: usize,
    parts: Vec<u32>,
    content: Option<String>,
}

type Story = BTreeMap<String, Told>;

async fn acknowledged_parts_and_commits_survive_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = StdRng::seed_from_u64(20);
    let mut story = Story::new();
    for round in 0..KILLS {
        let mut child = start(folder.path(), round);
        let lines = random.random_range(1..120);
        listen(&mut child, lines, &mut story);
        let (vault, db) = open(folder.path()).await;
        assert_eq!(vault.audit().await.unwrap(), [], "round {round}");
        for (upload, told) in &mut story {
            check(&vault, &db, upload, told).await;
        }
        db.close().await;
    }
    let commits = story.values().filter(|told| told.content.is_some()).count();
    let parts: usize = story.values().map(|told| told.parts.len()).sum();
    assert!(commits > 0 && parts > 0, "the children did nothing");
    println!(
        "test acknowledged_parts_and_commits_survive_sigkill ... ok ({KILLS} kills, {parts} parts, {commits} commits)"
    );
}

fn start(data: &Path, round: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .env(DATA, data)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the child after so many lines, then hears out what it had already said.
fn listen(child: &mut Child, lines: u32, story: &mut Story) {
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..lines {
        assert!(
            hear(&mut output, story),
            "the child ended by itself: {:?}",
            child.wait()
        );
    }
    child.kill().unwrap();
    while hear(&mut output, story) {}
    child.wait().unwrap();
}

/// Takes a line into the story; false at the end. A torn line is no acknowledgement.
fn hear(output: &mut impl BufRead, story: &mut Story) -> bool {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let Some(line) = line.strip_suffix('\n') else {
        return false;
    };
    let words: Vec<&str> = line.split(' ').collect();
    let told = story.entry(words[1].to_owned()).or_default();
    match words[0] {
        "created" => {
            told.seed = words[2].parse().unwrap();
            told.size = words[3].parse().unwrap();
        }
        "part" => told.parts.push(words[2].parse().unwrap()),
        "committed" => told.content = Some(words[2].to_owned()),
        other => panic!("the child said {other:?}"),
    }
    true
}

/// Everything acknowledged is there; an upload that was interrupted is finished.
async fn check(vault: &Vault, db: &Db, upload: &str, told: &mut Told) {
    let data = file(told.seed, told.size);
    if told.content.is_none() {
        let state = vault.state(TENANT, upload).await.unwrap();
        for (first, count) in &state.missing {
            let lost = told
                .parts
                .iter()
                .find(|part| (*first..first + count).contains(part));
            assert_eq!(lost, None, "an acknowledged part is missing");
        }
        put_missing(vault, &state.plan, &data, &state.missing, |_| {}).await;
        told.content = Some(commit(vault, db, upload).await);
    }
    let content = told.content.as_deref().unwrap();
    let mut frames = vault.read(TENANT, content, 0, None);
    let mut read = Vec::with_capacity(data.len());
    while let Some(frame) = frames.next().await {
        read.extend(frame.unwrap());
    }
    assert!(read == data, "an acknowledged file has other bytes");
}
