//! `preau probe`: what an orchestrator is told about a process, by exit code and one line.

use std::net::TcpListener;

use preau_harness::{Finished, Platform, Process, preau};

async fn probe(which: &str, admin: &str) -> anyhow::Result<Finished> {
    preau(["probe", which, "--admin", admin], &[]).await
}

fn address(url: &str) -> &str {
    url.trim_start_matches("http://")
}

#[tokio::test]
async fn a_process_that_serves_is_live_and_ready_and_one_that_ended_is_neither()
-> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let admin = address(platform.admin_url()).to_owned();
    for (which, said) in [("live", "alive\n"), ("ready", "ready\n")] {
        let end = probe(which, &admin).await?.success();
        assert_eq!((&*end.stdout, &*end.stderr), (said, ""));
    }
    // Out of the file that the process itself was started with.
    let file = platform.root().join("probe.toml");
    std::fs::write(&file, format!("[admin]\naddress = \"{admin}\"\n"))?;
    let args = ["probe", "ready", "--config", file.to_str().unwrap()];
    let _ = preau(args, &[]).await?.success();

    platform.kill9().await?;
    for which in ["live", "ready"] {
        let end = probe(which, &admin).await?;
        assert_eq!(end.code, Some(1), "{end:#?}");
        let line = end.error_line();
        assert!(
            line.contains("cannot connect") && line.contains(&admin),
            "{line}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_process_that_cannot_tell_who_calls_is_live_and_not_ready() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    // Nobody listens where identity should be.
    let nowhere = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let environment = [
        (
            "PREAU_DATA_DIR",
            folder.path().join("data").display().to_string(),
        ),
        ("PREAU_MESH_PEERS_IDENTITY", nowhere.to_string()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let ports = ["--mesh", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let args = ["serve", "--roles", "control"].into_iter().chain(ports);
    let control = Process::start(args, &environment).await?;
    let admin = control.ready().admin.clone().unwrap();
    let _ = probe("live", address(&admin)).await?.success();
    let end = probe("ready", address(&admin)).await?;
    assert_eq!(end.code, Some(1), "{end:#?}");
    assert!(end.error_line().contains("not ready: identity"), "{end:#?}");
    assert_eq!(end.stdout, "");
    Ok(())
}

#[tokio::test]
async fn a_process_that_hangs_is_given_up_on() -> anyhow::Result<()> {
    // Takes the connection, as the system does for it, and never answers.
    let hanging = TcpListener::bind("127.0.0.1:0")?;
    let end = probe("live", &hanging.local_addr()?.to_string()).await?;
    assert_eq!(end.code, Some(1), "{end:#?}");
    assert!(
        end.error_line().contains("no answer within 2 s"),
        "{end:#?}"
    );
    Ok(())
}

#[tokio::test]
async fn an_address_that_no_probe_can_use_is_a_wrong_command_line() -> anyhow::Result<()> {
    for (admin, named) in [
        ("127.0.0.1:0", "port 0"),
        ("192.0.2.1:9090", "admin.address"),
    ] {
        let end = probe("ready", admin).await?;
        assert_eq!(end.code, Some(2), "{end:#?}");
        assert!(end.error_line().contains(named), "{end:#?}");
    }
    Ok(())
}
