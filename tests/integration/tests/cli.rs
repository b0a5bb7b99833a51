//! The command line for people: files in and out, and failures they can act on.

use std::path::{Path, PathBuf};

use preau_harness::{Account, AccountRole, Person, Platform, PlatformBuilder, bytes, preau};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::{EnrolRequest, Part};

use crate::school::{PASSWORD, School, create_first_admin};

const PART: usize = 2 * 1024 * 1024;
/// Exit codes, as `preau --help` documents them.
const FAILED: i32 = 1;
const DENIED: i32 = 3;
const NOT_FOUND: i32 = 4;
const UNAVAILABLE: i32 = 6;

/// A platform, its first class, that class's teacher.
async fn school() -> anyhow::Result<(Platform, String, Account)> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let teacher = platform
        .account(AccountRole::Teacher, Some(&class))?
        .clone();
    Ok((platform, class, teacher))
}

fn write(platform: &Platform, name: &str, bytes: &[u8]) -> PathBuf {
    let path = platform.root().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn a_file_goes_up_is_listed_comes_down_and_is_removed() -> anyhow::Result<()> {
    let (platform, class, teacher) = school().await?;
    let pupil = platform.account(AccountRole::Student, Some(&class))?;
    let file = bytes("command line", 3 * PART + 17);
    let local = write(&platform, "cours.pdf", &file);

    let spaces = platform.files(&teacher, &["ls"]).await?.success();
    assert!(spaces.stdout.contains(&class), "{spaces:#?}");
    let remote = format!("{class}:/cours.pdf");
    let _ = platform
        .files(&teacher, &["put", text(&local), &remote])
        .await?
        .success();
    let listed = platform
        .files(pupil, &["ls", &format!("{class}:/")])
        .await?
        .success();
    assert!(listed.stdout.contains("cours.pdf"), "{listed:#?}");

    let got = platform.root().join("got.pdf");
    let _ = platform
        .files(pupil, &["get", &remote, text(&got)])
        .await?
        .success();
    assert!(std::fs::read(&got)? == file, "the bytes are the same");

    let _ = platform.files(&teacher, &["rm", &remote]).await?.success();
    let gone = platform.files(pupil, &["get", &remote, text(&got)]).await?;
    assert_eq!(gone.code, Some(NOT_FOUND), "{gone:#?}");
    assert!(gone.error_line().contains("cours.pdf"), "{gone:#?}");
    // What was there before the failure is there after it.
    assert!(std::fs::read(&got)? == file);
    Ok(())
}

#[tokio::test]
async fn an_upload_that_was_killed_goes_on_where_it_stopped() -> anyhow::Result<()> {
    let (platform, class, teacher) = school().await?;
    let file = bytes("resumed", 40 * PART);
    let local = write(&platform, "film.mp4", &file);
    let remote = format!("{class}:/film.mp4");
    let before = records(&platform);

    // Killed once some parts are on the disk, and before all of them are.
    let put = ["put", text(&local), &remote];
    let mut started = Box::pin(platform.files(&teacher, &put));
    loop {
        tokio::select! {
            ended = &mut started => {
                let _ = ended?;
                anyhow::bail!("the upload ended before it could be killed: make the file larger");
            }
            () = tokio::task::yield_now() => {}
        }
        if records(&platform) > before + 3 {
            break;
        }
    }
    drop(started); // kills the command
    let stored = records(&platform) - before;
    assert!(stored < 40, "all parts were stored already");

    let resumed = platform
        .files(&teacher, &["put", text(&local), &remote])
        .await?
        .success();
    let got = platform.root().join("got.mp4");
    let _ = platform
        .files(&teacher, &["get", &remote, text(&got)])
        .await?
        .success();
    assert!(std::fs::read(&got)? == file, "{resumed:#?}");
    // Forty parts are on the disk, not forty and those sent before the kill.
    assert!(
        records(&platform) <= before + 40 + 4,
        "parts were sent again"
    );
    Ok(())
}

/// Sealed records of whole parts on the disk.
fn records(platform: &Platform) -> usize {
    let objects = platform.data_dir().join("files").join("objects");
    let files = crate::walking_skeleton::files_below(&objects);
    let is_part =
        |path: &PathBuf| std::fs::metadata(path).is_ok_and(|data| data.len() >= PART as u64);
    files.iter().filter(|path| is_part(path)).count()
}

#[tokio::test]
async fn a_download_that_was_cut_goes_on_and_is_checked_as_a_whole() -> anyhow::Result<()> {
    let (platform, class, teacher) = school().await?;
    let file = bytes("download", 2 * PART + 3);
    let local = write(&platform, "film.mp4", &file);
    let remote = format!("{class}:/film.mp4");
    let _ = platform
        .files(&teacher, &["put", text(&local), &remote])
        .await?
        .success();
    let got = platform.root().join("got.mp4");

    // Into a folder too, under the file's own name.
    let folder = platform.root().join("folder");
    std::fs::create_dir(&folder)?;
    for target in [&got, &folder] {
        let _ = platform
            .files(&teacher, &["get", &remote, text(target)])
            .await?
            .success();
    }
    assert!(std::fs::read(&got)? == file);
    assert!(std::fs::read(folder.join("film.mp4"))? == file);
    Ok(())
}

#[tokio::test]
async fn a_space_is_named_by_name_or_id_and_an_unknown_one_is_not_found() -> anyhow::Result<()> {
    let (platform, class, teacher) = school().await?;
    let space = platform.teacher(&class).await?.space(&class).await?;
    let by_id = platform
        .files(&teacher, &["ls", &format!("{}:/", space.id())])
        .await?;
    let _ = by_id.success();
    let [_, other] = platform.classes();
    for wrong in [format!("{other}:/"), "nowhere:/".into()] {
        let end = platform.files(&teacher, &["ls", &wrong]).await?;
        // A teacher of both classes has both spaces.
        if end.code != Some(0) {
            assert_eq!(end.code, Some(NOT_FOUND), "{end:#?}");
            assert!(!end.error_line().is_empty());
        } else {
            assert_ne!(wrong, "nowhere:/");
        }
    }
    Ok(())
}

#[tokio::test]
async fn wrong_passwords_and_dead_servers_have_their_codes_and_one_line() -> anyhow::Result<()> {
    let (platform, class, teacher) = school().await?;
    let wrong = Account {
        password: "not the password".into(),
        ..teacher.clone()
    };
    let end = platform.files(&wrong, &["ls"]).await?;
    assert_eq!(end.code, Some(DENIED), "{end:#?}");
    assert!(!end.error_line().contains("not the password"), "{end:#?}");

    let missing = platform
        .files(&teacher, &["put", "/nowhere/file", &format!("{class}:/")])
        .await?;
    assert_eq!(missing.code, Some(FAILED), "{missing:#?}");
    assert!(
        missing.error_line().contains("/nowhere/file"),
        "{missing:#?}"
    );

    // A port that was free a moment ago and has no listener.
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let secret = write(&platform, "secret", teacher.password.as_bytes());
    let url = format!("http://{port}");
    let args = ["files", "ls", "--server", &url, "--login", &teacher.login];
    let args = args.into_iter().chain(["--password-file", text(&secret)]);
    let end = preau(args, &[("HOME", text(platform.root()))]).await?;
    assert_eq!(end.code, Some(UNAVAILABLE), "{end:#?}");
    assert!(end.error_line().contains(&port.to_string()), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn a_session_is_remembered_until_logout() -> anyhow::Result<()> {
    let (platform, class, teacher) = school().await?;
    let home = [("HOME", text(platform.root()))];
    let secret = write(&platform, "secret", teacher.password.as_bytes());
    let server = ["--server", platform.gateway()];
    let run = async |args: &[&str]| preau(args.iter().chain(&server), &home).await;

    let end = run(&["files", "ls"]).await?;
    assert_eq!(end.code, Some(DENIED), "{end:#?}");
    let login = [
        "login",
        "--login",
        &teacher.login,
        "--password-file",
        text(&secret),
    ];
    let _ = run(&login).await?.success();
    let listed = run(&["files", "ls"]).await?.success();
    assert!(listed.stdout.contains(&class), "{listed:#?}");
    let _ = run(&["logout"]).await?.success();
    let end = run(&["files", "ls"]).await?;
    assert_eq!(end.code, Some(DENIED), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn the_first_administrator_is_made_once() -> anyhow::Result<()> {
    let builder = PlatformBuilder::empty()?;
    create_first_admin(&builder, "ada").await?;
    let secret = builder.root().join("password");
    let data = builder.data_dir();
    let args = [
        "admin",
        "create",
        "--given-name",
        "Eve",
        "--family-name",
        "Second",
        "--login",
    ];
    let args = args
        .into_iter()
        .chain(["eve", "--password-file", text(&secret), "--data-dir"]);
    let end = preau(args.chain([text(&data)]), &[]).await?;
    assert_eq!(end.code, Some(FAILED), "{end:#?}");
    assert!(!end.error_line().is_empty());

    let platform = builder.start().await?;
    let ada = Person::sign_in(platform.gateway(), "ada", PASSWORD);
    ada.await?;
    let eve = Person::sign_in(platform.gateway(), "eve", PASSWORD);
    assert!(eve.await.is_err());
    Ok(())
}

#[tokio::test]
async fn an_ambiguous_space_lists_the_ids() -> anyhow::Result<()> {
    let builder = PlatformBuilder::empty()?;
    create_first_admin(&builder, "ada").await?;
    let platform = builder.start().await?;
    let ada = Person::sign_in(platform.gateway(), "ada", PASSWORD).await?;
    // One teacher of two schools that both have a class of that name.
    let un = School::create(&ada, platform.gateway(), "un", "0951099D").await?;
    let deux = School::create(&ada, platform.gateway(), "deux", "0870003F").await?;
    let first = un.class(&ada, "6e A").await?;
    let second = deux.class(&ada, "6e A").await?;
    deux.grant(&ada, first.teacher.id(), Role::Teacher).await?;
    let request = EnrolRequest {
        class_id: second.id.clone(),
        person_id: first.teacher.id().to_owned(),
        part: Part::Teacher.into(),
    };
    ada.classes().enrol(request).await?;
    // Signed in again: what a person may is read at sign-in and renewed within a minute.
    let account = Account {
        role: AccountRole::Teacher,
        school: String::new(),
        class: None,
        name: String::new(),
        login: "teacher.6e-a.un".into(),
        password: PASSWORD.into(),
    };
    let end = platform.files(&account, &["ls", "6e A:/"]).await?;
    assert_ne!(end.code, Some(0), "{end:#?}");
    for class in [&first, &second] {
        let id = class.teacher.space("6e A").await?.id().to_owned();
        assert!(
            end.error_line().contains(&id),
            "{id} is not listed: {end:#?}"
        );
    }
    let id = second.teacher.space("6e A").await?.id().to_owned();
    let _ = platform
        .files(&account, &["ls", &format!("{id}:/")])
        .await?
        .success();
    Ok(())
}
