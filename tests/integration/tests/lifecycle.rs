//! Starting, refusing to start, and ending.

use std::net::TcpListener;

use preau_harness::{Finished, Platform, PlatformBuilder, Process, bytes, preau};

use crate::walking_skeleton::files_below;

/// Exit codes of the command line, as `preau --help` documents them.
const USAGE: i32 = 2;
const IN_USE: i32 = 5;

/// Runs `preau up` where it must not become ready.
async fn up(builder: &PlatformBuilder, args: &[&str]) -> anyhow::Result<Finished> {
    let data = builder.data_dir();
    let mut all = vec!["up", "--data-dir", data.to_str().unwrap()];
    for (flag, port) in [("--gateway", "0"), ("--mesh", "0"), ("--admin", "0")] {
        if !args.contains(&flag) {
            all.push(flag);
            all.push(if port == "0" { "127.0.0.1:0" } else { port });
        }
    }
    all.extend(args);
    preau(all, &[]).await
}

#[tokio::test]
async fn sigterm_lets_a_download_finish_and_ends_with_zero() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    let file = bytes("drain", 6 * 1024 * 1024);
    let node = space.upload("film.mp4", &file).await?;

    let request = preau_proto::files::v1::ReadRequest {
        space_id: space.id().to_owned(),
        node_id: node.node_id,
        ..Default::default()
    };
    let mut frames = space.person().files().read(request).await?.into_inner();
    let mut found = frames.message().await?.unwrap().data.to_vec();
    // Asked to end with most of the file still to come.
    let ending = tokio::spawn(platform.terminate());
    while let Some(frame) = frames.message().await? {
        found.extend_from_slice(&frame.data);
    }
    assert!(found == file, "the open call was cut");
    let (end, _) = ending.await??;
    assert_eq!(end.code, Some(0), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn a_second_start_finds_everything_and_prepares_nothing_again() -> anyhow::Result<()> {
    let platform = PlatformBuilder::empty()?.demo().start().await?;
    let accounts = platform.accounts().to_vec();
    assert_eq!(
        accounts.len(),
        12,
        "seven pupils, four teachers, an administrator"
    );
    assert_eq!(platform.classes().len(), 2);
    for class in platform.classes() {
        assert!(platform.teacher(&class).await?.space(&class).await.is_ok());
    }
    // With --demo again: the school is there already, with its accounts.
    let platform = platform.restart().await?;
    assert_eq!(platform.accounts(), accounts);
    for account in &accounts {
        preau_harness::Person::sign_in(platform.gateway(), &account.login, &account.password)
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_port_in_use_is_named_and_the_data_stay_as_they_are() -> anyhow::Result<()> {
    for flag in ["--gateway", "--mesh", "--admin"] {
        let builder = Platform::prepared().await?;
        let taken = TcpListener::bind("127.0.0.1:0")?;
        let address = taken.local_addr()?.to_string();
        let end = up(&builder, &[flag, &address]).await?;
        assert!(end.error_line().contains(&address), "{end:#?}");
        assert_eq!(end.code, Some(IN_USE), "{end:#?}");
        // The same directory starts as soon as the port is another.
        let platform = builder.start().await?;
        let [class, _] = platform.classes();
        platform.teacher(&class).await?;
    }
    Ok(())
}

#[tokio::test]
async fn data_held_by_another_process_are_refused_and_that_process_goes_on() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    let node = space.upload("a.txt", b"first").await?;

    let second = PlatformBuilder::lent(&platform.data_dir());
    let end = up(&second, &[]).await?;
    let data = platform.data_dir();
    assert!(
        end.error_line().contains(data.to_str().unwrap()),
        "{end:#?}"
    );
    assert_eq!(end.code, Some(IN_USE), "{end:#?}");
    assert_eq!(space.read(&node.node_id).await?, b"first");
    Ok(())
}

#[tokio::test]
async fn one_role_is_locked_whatever_process_shape_holds_it() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let data = platform.data_dir();
    let args = [
        "serve",
        "--roles",
        "roster",
        "--data-dir",
        data.to_str().unwrap(),
    ];
    let ports = ["--mesh", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let end = preau(args.iter().chain(&ports), &[]).await?;
    assert_eq!(end.code, Some(IN_USE), "{end:#?}");
    assert!(end.error_line().contains("roster"), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn an_unknown_key_or_a_wrong_value_stops_before_anything_is_made() -> anyhow::Result<()> {
    let cases: [(&str, &[&str]); 6] = [
        (
            "[gateway]\nadress = \"127.0.0.1:1\"\n",
            &["gateway.adress", "preau.toml"],
        ),
        ("[cantine]\nmenu = 1\n", &["cantine", "preau.toml"]),
        (
            "[gateway]\naddress = \"0.0.0.0:8080\"\n",
            &["gateway.address", "0.0.0.0:8080"],
        ),
        (
            "[mesh]\nleaf_lifetime_seconds = \"day\"\n",
            &["mesh.leaf_lifetime_seconds", "day"],
        ),
        ("[mesh.peers]\ncantine = \"h:1\"\n", &["mesh.peers.cantine"]),
        ("not toml", &["preau.toml"]),
    ];
    for (toml, words) in cases {
        let builder = PlatformBuilder::empty()?.config(toml)?;
        let path = builder.root().join("preau.toml");
        let args = [
            "up".as_ref(),
            "--config".as_ref(),
            path.as_os_str(),
            "--data-dir".as_ref(),
        ];
        let data = builder.data_dir();
        let end = preau(args.into_iter().chain([data.as_os_str()]), &[]).await?;
        for word in words {
            assert!(end.error_line().contains(word), "{toml}: {end:#?}");
        }
        assert_eq!(end.code, Some(USAGE), "{end:#?}");
        assert!(!builder.data_dir().exists(), "{toml}: something was made");
    }
    // From the environment too.
    let end = preau(["up"], &[("PREAU_GATEWAY_ADRESS", "127.0.0.1:1")]).await?;
    assert!(
        end.error_line().contains("PREAU_GATEWAY_ADRESS"),
        "{end:#?}"
    );
    assert_eq!(end.code, Some(USAGE));
    Ok(())
}

#[tokio::test]
async fn a_wrong_command_line_is_one_line_and_code_two() -> anyhow::Result<()> {
    for args in [
        &["dance"][..],
        &["up", "--port", "1"],
        &["serve"],
        &["serve", "--roles", "cantine"],
        &["files", "put"],
    ] {
        let end = preau(args, &[]).await?;
        assert_eq!(end.code, Some(USAGE), "{args:?}: {end:#?}");
        assert!(!end.error_line().is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn secrets_on_the_disk_are_for_their_owner_alone() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let platform = Platform::start().await?;
    let data = platform.data_dir();
    let names = ["demo-accounts.json", "kek", "authority.pem"];
    for name in names {
        let path = files_below(&data)
            .into_iter()
            .find(|path| path.ends_with(name));
        let path = path.unwrap_or_else(|| panic!("no {name} below {}", data.display()));
        let mode = std::fs::metadata(&path)?.permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    Ok(())
}

#[tokio::test]
async fn migrating_an_empty_directory_prepares_it_and_repeating_changes_nothing()
-> anyhow::Result<()> {
    let builder = PlatformBuilder::empty()?;
    let data = builder.data_dir();
    for _ in 0..2 {
        let end = preau(
            ["migrate".as_ref(), "--data-dir".as_ref(), data.as_os_str()],
            &[],
        )
        .await?;
        let _ = end.success();
    }
    let config = "[database]\nmigrate_at_start = false\n";
    let platform = builder.config(config)?.start().await?;
    let (end, _) = platform.terminate().await?;
    assert_eq!(end.code, Some(0), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn administration_tells_health_and_metrics_on_loopback_only() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    platform
        .teacher(&class)
        .await?
        .space(&class)
        .await?
        .upload("a.txt", b"a")
        .await?;
    let metrics = http_get(platform.admin_url(), "/metrics").await?;
    for name in ["request_total", "response_total", "response_latency_ms"] {
        assert!(metrics.contains(name), "no {name} in:\n{metrics}");
    }
    for probe in ["/healthz", "/readyz"] {
        assert!(
            http_get(platform.admin_url(), probe)
                .await?
                .starts_with("HTTP/1.1 200")
        );
    }
    Ok(())
}

async fn http_get(url: &str, path: &str) -> anyhow::Result<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn certificates_are_renewed_under_load_and_no_call_is_dropped() -> anyhow::Result<()> {
    let config = "[mesh]\nleaf_lifetime_seconds = 6\nrenew_every_seconds = 1\n";
    let platform = Platform::prepared().await?.config(config)?.start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    let node = space.upload("a.txt", b"the same bytes").await?;
    // Three whole lives of a certificate, calls all the while.
    let end = tokio::time::Instant::now() + std::time::Duration::from_secs(18);
    let callers = (0..8).map(|_| {
        let (space, id) = (space.clone(), node.node_id.clone());
        tokio::spawn(async move {
            let mut calls = 0_u32;
            while tokio::time::Instant::now() < end {
                let bytes = space.read(&id).await?;
                anyhow::ensure!(bytes == b"the same bytes");
                calls += 1;
            }
            anyhow::Ok(calls)
        })
    });
    let mut calls = 0;
    for caller in callers.collect::<Vec<_>>() {
        calls += caller.await??;
    }
    assert!(calls > 100, "only {calls} calls");
    Ok(())
}

/// A process of one role, to see that `serve` refuses what it cannot have.
#[tokio::test]
async fn a_process_without_identity_and_token_says_how_to_join() -> anyhow::Result<()> {
    let builder = PlatformBuilder::empty()?;
    let data = builder.data_dir();
    let args = [
        "serve",
        "--roles",
        "files",
        "--data-dir",
        data.to_str().unwrap(),
    ];
    let ports = ["--mesh", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let end = preau(
        args.iter().chain(&ports),
        &[("PREAU_MESH_PEERS_CONTROL", "127.0.0.1:9")],
    )
    .await?;
    assert!(end.error_line().contains("join"), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn a_start_that_fails_is_told_from_one_that_waits() {
    // The harness itself: a process that ends early is an error with its words, not a hang.
    let Err(error) = Process::start(["up", "--gateway", "nowhere"], &[]).await else {
        panic!("it started");
    };
    assert!(
        format!("{error:#}").contains("gateway.address"),
        "{error:#}"
    );
}
