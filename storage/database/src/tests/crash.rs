//! A process killed while it commits loses nothing it acknowledged.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use tokio::task::JoinSet;

use super::file::integrity;
use super::{MIGRATIONS, add, ids};
use crate::{Db, SqliteOptions};

/// Set in the process that is killed: the file it writes to.
const VICTIM: &str = "PREAU_TEST_CRASH_FILE";
/// Before each acknowledged id on the victim's output.
const MARK: &str = "acknowledged ";

#[tokio::test]
async fn what_a_killed_process_acknowledged_is_stored() {
    if let Some(path) = std::env::var_os(VICTIM) {
        return write_until_killed(Path::new(&path)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crash.sqlite");
    let mut acknowledged = HashSet::new();
    for round in 1..=5 {
        acknowledged.extend(kill_after(&path, round * 37));
        let db = Db::open_sqlite(&path, SqliteOptions::default())
            .await
            .unwrap();
        let stored: HashSet<String> = ids(&db).await.into_iter().collect();
        let lost: Vec<_> = acknowledged.difference(&stored).collect();
        assert!(lost.is_empty(), "lost in round {round}: {lost:?}");
        assert_eq!(integrity(&db).await, "ok");
        db.close().await;
    }
    assert!(acknowledged.len() >= 5 * 37);
}

/// Starts this very test as a victim, kills it once it has acknowledged so many, answers all it acknowledged.
fn kill_after(path: &Path, count: usize) -> Vec<String> {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "tests::crash::what_a_killed_process_acknowledged_is_stored",
        ])
        .args(["--nocapture", "--test-threads=1"])
        .env(VICTIM, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    let mut read = |limit: usize| {
        while acknowledged.len() < limit {
            let Some(Ok(line)) = lines.next() else { break };
            if let Some((_, id)) = line.split_once(MARK) {
                acknowledged.push(id.to_owned());
            }
        }
        acknowledged.len()
    };
    assert!(read(count) >= count, "the victim ended early");
    victim.kill().unwrap();
    victim.wait().unwrap();
    read(usize::MAX);
    acknowledged
}

async fn write_until_killed(path: &Path) {
    let db = Db::open_sqlite(path, SqliteOptions::default())
        .await
        .unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let db = db.clone();
        writers.spawn(async move {
            for number in 0.. {
                let id = format!("{}-{writer}-{number}", std::process::id());
                add(&db, &id).await.unwrap();
                // One write call, whole or not at all: a line cut by the kill would be read as another id.
                let mut line = format!("\n{MARK}{id}\n").into_bytes();
                std::io::stdout().lock().write_all(&line).unwrap();
                line.clear();
                std::io::stdout().flush().unwrap();
            }
        });
    }
    writers.join_all().await;
}
