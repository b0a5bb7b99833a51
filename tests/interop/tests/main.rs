//! Generates the clients' code, starts a platform, runs the clients.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use preau_harness::{AccountRole, Platform, workspace_root};
use serde_json::json;
use tokio::process::Command;

/// How long one program may take.
const LIMIT: Duration = Duration::from_secs(120);

/// What `make deps` installed.
struct Tools {
    python: PathBuf,
    node_modules: PathBuf,
}

impl Tools {
    fn find() -> anyhow::Result<Self> {
        let root = workspace_root();
        let installed = root.join("target/interop");
        let lists = [
            (
                "tests/interop/python/requirements.txt",
                "venv/installed.txt",
            ),
            (
                "tests/interop/node/package-lock.json",
                "node/installed.json",
            ),
        ];
        for (wanted, found) in lists {
            let wanted = std::fs::read(root.join(wanted))?;
            let found = std::fs::read(installed.join(found)).unwrap_or_default();
            ensure!(
                wanted == found,
                "the foreign clients' libraries are missing or old: run `make deps`"
            );
        }
        Ok(Self {
            python: installed.join("venv/bin/python"),
            node_modules: installed.join("node/node_modules"),
        })
    }

    /// Runs the protobuf compiler that comes with grpcio-tools.
    async fn generate(&self, out: &[String]) -> anyhow::Result<()> {
        let root = workspace_root();
        let proto = root.join("proto");
        let mut command = Command::new(&self.python);
        command
            .args(["-m", "grpc_tools.protoc"])
            .arg(format!("-I{}", proto.display()));
        // google/rpc/error_details.proto, as googleapis-common-protos ships it.
        command
            .arg(format!("-I{}", self.site_packages().await?))
            .args(out);
        command.arg("google/rpc/error_details.proto");
        for file in contract_files(&proto)? {
            command.arg(file);
        }
        run(command).await.map(drop)
    }

    async fn site_packages(&self) -> anyhow::Result<String> {
        let mut command = Command::new(&self.python);
        command.args([
            "-c",
            "import sysconfig; print(sysconfig.get_path('purelib'))",
        ]);
        Ok(run(command).await?.trim().to_owned())
    }
}

/// The `.proto` files of the contract, relative to its root.
fn contract_files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![root.join("preau")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "proto")
            {
                files.push(path.strip_prefix(root)?.to_owned());
            }
        }
    }
    ensure!(
        !files.is_empty(),
        "no .proto files below {}",
        root.display()
    );
    files.sort();
    Ok(files)
}

/// Runs a program to its end; its output, or everything it said in the error.
async fn run(mut command: Command) -> anyhow::Result<String> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output())
        .await
        .with_context(|| format!("{command:?} took longer than {LIMIT:?}"))?
        .with_context(|| format!("running {command:?}; `make deps` installs what is missing"))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command:?}: {}\n{stdout}\n{stderr}",
        output.status
    );
    Ok(stdout)
}

/// What a client needs to know, in a file of its own.
fn brief(platform: &Platform) -> anyhow::Result<PathBuf> {
    let [class, other] = platform.classes();
    let teacher = platform.account(AccountRole::Teacher, Some(&class))?;
    let pupil = platform.account(AccountRole::Student, Some(&class))?;
    let stranger = platform.account(AccountRole::Student, Some(&other))?;
    let admin = platform.account(AccountRole::Admin, None)?;
    let account = |account: &preau_harness::Account| json!({ "login": account.login, "password": account.password });
    let brief = json!({
        "gateway": platform.gateway(),
        "space": class,
        "teacher": account(teacher),
        "pupil": account(pupil),
        "stranger": account(stranger),
        "admin": account(admin),
    });
    let path = platform.root().join("brief.json");
    std::fs::write(&path, brief.to_string())?;
    Ok(path)
}

/// The client ran all its steps and said so.
fn assert_done(stdout: &str, platform: &Platform) {
    assert!(
        stdout.ends_with("done\n"),
        "{stdout}\nthe platform said:\n{}",
        platform.said()
    );
}

#[tokio::test]
async fn grpcio_signs_in_uploads_reads_and_understands_errors() -> anyhow::Result<()> {
    let tools = Tools::find()?;
    let platform = Platform::start().await?;
    let code = platform.root().join("generated");
    std::fs::create_dir(&code)?;
    let out = ["--python_out", "--grpc_python_out"];
    tools
        .generate(&out.map(|flag| format!("{flag}={}", code.display())))
        .await?;

    let mut client = Command::new(&tools.python);
    client
        .arg(workspace_root().join("tests/interop/python/client.py"))
        .arg(brief(&platform)?)
        .env("PYTHONPATH", &code)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    assert_done(&run(client).await?, &platform);
    Ok(())
}

#[tokio::test]
async fn connect_web_signs_in_uploads_reads_and_understands_errors() -> anyhow::Result<()> {
    let tools = Tools::find()?;
    let platform = Platform::start().await?;
    // Modules are looked up from the file that imports them, upwards.
    let program = platform.root().join("client.mjs");
    let code = platform.root().join("generated");
    std::fs::create_dir(&code)?;
    std::os::unix::fs::symlink(&tools.node_modules, platform.root().join("node_modules"))?;
    std::fs::copy(
        workspace_root().join("tests/interop/node/client.mjs"),
        &program,
    )?;
    let plugin = tools.node_modules.join(".bin/protoc-gen-es");
    tools
        .generate(&[
            format!("--plugin=protoc-gen-es={}", plugin.display()),
            format!("--es_out={}", code.display()),
            "--es_opt=target=js,import_extension=js".into(),
        ])
        .await?;
    std::fs::write(code.join("package.json"), r#"{ "type": "module" }"#)?;

    let mut client = Command::new("node");
    client.arg(program).arg(brief(&platform)?);
    assert_done(&run(client).await?, &platform);
    Ok(())
}
