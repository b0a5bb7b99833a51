//! Who sends: connect's transport in Node, or a page in Chromium. Both are programs in `node/`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use preau_harness::{bytes, workspace_root};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

/// Bytes of a part, as the vault cuts.
const PART: u32 = 2 << 20;
/// Parts of Node's file: 1 GiB.
const PARTS: u32 = 512;
/// Parts of the smaller file before it.
const WARM_UP: u32 = 32;
const IN_FLIGHT: u32 = 4;
/// MiB of the page's file.
const PAGE: u32 = 512;
/// And of the smaller one before it.
const PAGE_WARM_UP: u32 = 64;
/// How long one program may take.
const LIMIT: Duration = Duration::from_secs(600);

/// Which.
#[derive(Clone, Copy)]
pub(crate) enum Client {
    /// Over HTTP/1.1 with as many connections as parts in flight, or over one of HTTP/2.
    Node {
        http: u8,
    },
    Chromium,
}

/// Seconds on the clock, and of processor time of the server and of the client with all it started.
#[derive(Deserialize)]
pub(crate) struct Took {
    pub(crate) seconds: f64,
    pub(crate) server_cpu: f64,
    pub(crate) client_cpu: f64,
}

impl Client {
    /// Size of what the clock runs for.
    pub(crate) fn mebibytes(self) -> f64 {
        match self {
            Self::Node { .. } => f64::from(PARTS) * f64::from(PART) / 1_048_576.0,
            Self::Chromium => f64::from(PAGE),
        }
    }

    /// Sends one file to `place`; `files` has what [`write_files`] wrote.
    pub(crate) async fn send(self, place: Value, seed: u32, files: &Path) -> anyhow::Result<Took> {
        let (program, more) = match self {
            Self::Node { http } => ("upload.mjs", node_brief(http, seed)),
            Self::Chromium => ("page.mjs", page_brief(files)),
        };
        let mut brief = place;
        let fields = brief.as_object_mut().context("a place is an object")?;
        fields.extend(more.as_object().context("a brief is one")?.clone());
        run(program, &brief).await
    }
}

fn node_brief(http: u8, seed: u32) -> Value {
    let descriptors = workspace_root().join("proto/src/gen/descriptor_set.bin");
    json!({
        "descriptors": descriptors, "http": http, "seed": seed, "part": PART, "parts": PARTS, "warm_up": WARM_UP,
        "in_flight": IN_FLIGHT,
    })
}

fn page_brief(files: &Path) -> Value {
    json!({ "file": film(files), "warm_up": warm_up(files) })
}

fn film(folder: &Path) -> PathBuf {
    folder.join("film.mkv")
}

fn warm_up(folder: &Path) -> PathBuf {
    folder.join("bande-annonce.mkv")
}

/// What the page sends; every platform is a fresh one, so the same bytes do for all.
pub(crate) fn write_files(folder: &Path) -> anyhow::Result<()> {
    for (path, mebibytes) in [(film(folder), PAGE), (warm_up(folder), PAGE_WARM_UP)] {
        let name = path.to_str().context("a UTF-8 path")?;
        let content = bytes(name, usize::try_from(mebibytes)? << 20);
        std::fs::write(&path, content).with_context(|| format!("writing {name}"))?;
    }
    Ok(())
}

async fn run(program: &str, brief: &Value) -> anyhow::Result<Took> {
    let folder = workspace_root().join("benches/browser/node");
    ensure!(
        folder.join("node_modules").is_dir(),
        "the client's libraries are missing: run `scripts/deps.sh bench`"
    );
    let mut command = Command::new("node");
    command.arg(folder.join(program)).arg(brief.to_string());
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output())
        .await
        .with_context(|| format!("{program} took longer than {LIMIT:?}"))?
        .with_context(|| format!("running {program} with node"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{program}: {}\n{stderr}",
        output.status
    );
    serde_json::from_slice(&output.stdout).with_context(|| format!("reading what {program} said"))
}
