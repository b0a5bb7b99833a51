//! `preau roster` and first sign-ins, as an administrator and a pupil type them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use preau_harness::{Finished, PlatformBuilder, Roster, preau};

use crate::importing::{Place, UAI};
use crate::school::{PASSWORD, School};

const FAILED: i32 = 1;
const USAGE: i32 = 2;
const DENIED: i32 = 3;
const NOT_FOUND: i32 = 4;

fn school_year() -> Roster {
    let mut roster = Roster::new(UAI, "cli");
    roster.pupil("ana").pupil("bob").teacher("monge");
    roster.class("C1", "2de A", &["monge"], &["ana", "bob"]);
    roster
}

impl Place {
    /// A file beside the data.
    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.platform.root().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// `preau roster ARGS`, as the school's administrator.
    async fn roster(&self, args: &[&str]) -> anyhow::Result<Finished> {
        let args: Vec<&str> = ["roster"].into_iter().chain(args.iter().copied()).collect();
        self.platform
            .preau_as("direction.ici", PASSWORD, &args)
            .await
    }
}

#[tokio::test]
async fn a_roster_is_tried_applied_and_repeated() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let zip = place.write("rentree.zip", &school_year().zip());
    let before = place.state().await?;

    let tried = place
        .roster(&["import", &zip, "--dry-run"])
        .await?
        .success();
    assert!(tried.stdout.contains("3 new"), "{tried:#?}");
    assert!(tried.stdout.contains("nothing was changed"), "{tried:#?}");
    assert_eq!(place.state().await?, before);

    let applied = place.roster(&["import", &zip]).await?.success();
    assert!(
        applied.stdout.contains("Lycée ici (0951099D)"),
        "{applied:#?}"
    );
    assert!(
        applied.stdout.contains("preau roster codes"),
        "{applied:#?}"
    );
    assert_eq!(place.state().await?.counts(), (4, 1, 3));

    let args = ["import", &zip, "--school", "0951099d"];
    let again = place.roster(&args).await?.success();
    assert!(
        again.stdout.contains("nothing had to be changed"),
        "{again:#?}"
    );
    assert_eq!(place.state().await?.counts(), (4, 1, 3));
    Ok(())
}

#[tokio::test]
async fn a_wrong_roster_is_a_table_of_problems_and_one_line() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let files = school_year()
        .files()
        .replace("users.csv", "Prénom ana", "=1+1")
        .replace(
            "roles.csv",
            "cli-bob,primary,student",
            "cli-bob,primary,pupil",
        );
    let zip = place.write("rentree.zip", &files.zip());
    let before = place.state().await?;
    let end = place.roster(&["import", &zip]).await?;
    assert_eq!(end.code, Some(FAILED), "{end:#?}");
    assert!(end.error_line().contains("2 problems"), "{end:#?}");
    assert!(end.error_line().contains("rentree.zip"), "{end:#?}");
    for line in [
        "users.csv:2: givenName: \"=1+1\": ",
        "roles.csv:3: role: \"pupil\": ",
    ] {
        let found = end.stderr.lines().any(|found| found.starts_with(line));
        assert!(found, "no {line}: {end:#?}");
    }
    assert_eq!(place.state().await?, before);

    for (file, what) in [("", "empty"), ("missing.zip", "missing.zip")] {
        let path = match file {
            "" => place.write("empty.zip", b""),
            file => file.to_owned(),
        };
        let end = place.roster(&["import", &path]).await?;
        assert_eq!(end.code, Some(FAILED), "{end:#?}");
        assert!(end.error_line().contains(what), "{end:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn many_people_lose_their_access_only_with_a_yes() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let mut roster = school_year();
    let pupils: Vec<String> = (0..20).map(|n| format!("eleve{n:02}")).collect();
    for pupil in &pupils {
        roster.pupil(pupil);
    }
    place.import(&roster.zip()).await?;
    let before = place.state().await?;
    let zip = place.write("rentree.zip", &school_year().zip());
    let end = place.roster(&["import", &zip]).await?;
    assert_eq!(end.code, Some(FAILED), "{end:#?}");
    assert!(end.error_line().contains("20 people"), "{end:#?}");
    assert!(end.error_line().contains("--yes"), "{end:#?}");
    assert_eq!(place.state().await?, before);
    let end = place.roster(&["import", &zip, "--yes"]).await?.success();
    assert!(end.stdout.contains("20 disabled"), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn a_printed_code_opens_an_account_at_the_command_line() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let roster = school_year();
    place.import(&roster.zip()).await?;
    let printed = place.roster(&["codes", "2DE a"]).await?.success();
    let login = roster.login("ana");
    let line = printed.stdout.lines().find(|line| line.contains(&login));
    let code = line.unwrap().split_whitespace().last().unwrap();
    assert_eq!(printed.stdout.matches(".cli").count(), 3, "{printed:#?}");

    let files = [
        place.write("code", code.as_bytes()),
        place.write("password", PASSWORD.as_bytes()),
    ];
    let home = [("HOME", place.platform.root().to_str().unwrap())];
    let url = place.platform.gateway();
    let args = ["login", "--login", &login, "--server", url];
    let more = ["--code-file", &files[0], "--password-file", &files[1]];
    let _ = preau(args.iter().chain(&more), &home).await?.success();
    let spaces = preau(["files", "ls", "--server", url], &home)
        .await?
        .success();
    assert!(spaces.stdout.contains("2de A"), "{spaces:#?}");
    let twice = preau(args.iter().chain(&more), &home).await?;
    assert_eq!(twice.code, Some(DENIED), "{twice:#?}");
    assert!(!twice.error_line().contains(code), "{twice:#?}");

    // She needs none any more, and the others get new ones.
    let printed = place.roster(&["codes", "2de A"]).await?.success();
    assert_eq!(printed.stdout.matches(".cli").count(), 2, "{printed:#?}");
    assert!(printed.stderr.contains("1 need no code"), "{printed:#?}");
    Ok(())
}

#[tokio::test]
async fn codes_are_a_page_to_print_that_only_its_owner_reads() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    place.import(&school_year().zip()).await?;
    let page: PathBuf = place.platform.root().join("codes.html");
    let path = page.to_str().unwrap();
    let args = [
        "codes",
        "2de A",
        "--html",
        path,
        "--address",
        "https://ent.example",
    ];
    let end = place.roster(&args).await?.success();
    assert!(end.stdout.contains("3 codes"), "{end:#?}");
    let html = std::fs::read_to_string(&page)?;
    for word in [
        "Prénom ana Nom ana",
        "ana.cli",
        "https://ent.example",
        "2de A",
    ] {
        assert!(html.contains(word), "no {word} in {html}");
    }
    let mode = std::fs::metadata(&page)?.permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);

    let staff = place.roster(&["codes", "--staff"]).await?.success();
    assert!(staff.stdout.contains("monge.cli"), "{staff:#?}");
    assert!(!staff.stdout.contains("ana.cli"), "{staff:#?}");
    Ok(())
}

#[tokio::test]
async fn a_class_or_a_school_that_is_not_there_is_named() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let roster = school_year();
    place.import(&roster.zip()).await?;
    let end = place.roster(&["codes", "3e Z"]).await?;
    assert_eq!(end.code, Some(NOT_FOUND), "{end:#?}");
    assert!(end.error_line().contains("2de A"), "{end:#?}");
    let end = place
        .roster(&["codes", "2de A", "--school", "0870003F"])
        .await?;
    assert_eq!(end.code, Some(NOT_FOUND), "{end:#?}");
    let end = place.roster(&["codes"]).await?;
    assert_eq!(end.code, Some(USAGE), "{end:#?}");

    // Of several schools one must be chosen; whoever administers none is told so.
    let root = preau_harness::Person::sign_in(place.platform.gateway(), "root", PASSWORD).await?;
    School::create(&root, place.platform.gateway(), "ailleurs", "0870003F").await?;
    let codes = ["roster", "codes", "2de A"];
    let end = place.platform.preau_as("root", PASSWORD, &codes).await?;
    assert_eq!(end.code, Some(USAGE), "{end:#?}");
    assert!(end.error_line().contains("0870003F"), "{end:#?}");
    let teacher = roster.login("monge");
    place.first_sign_in(&teacher).await?;
    let end = place.platform.preau_as(&teacher, PASSWORD, &codes).await?;
    assert_eq!(end.code, Some(DENIED), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_login_and_never_ones_own() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let roster = school_year();
    place.import(&roster.zip()).await?;
    let (login, url) = (roster.login("ana"), place.platform.gateway());
    place.first_sign_in(&login).await?;
    let end = place.roster(&["reset", &login.to_uppercase()]).await?;
    let end = end.success();
    assert!(end.stderr.contains("works no more"), "{end:#?}");
    // The school and whose it is, then name, login and code.
    let line = end.stdout.lines().nth(1).unwrap();
    assert!(line.contains(&login), "{line}");
    let code = line.split_whitespace().last().unwrap();
    let sign_in = preau_harness::Person::sign_in(url, &login, PASSWORD).await;
    assert!(sign_in.is_err(), "the old password");
    preau_harness::Person::activate(url, &login, code, PASSWORD).await??;

    let end = place.roster(&["reset", "direction.ici"]).await?;
    assert_eq!(end.code, Some(DENIED), "{end:#?}");
    let end = place.roster(&["reset", "nobody.cli"]).await?;
    assert_eq!(end.code, Some(NOT_FOUND), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn who_becomes_an_administrator_is_said_before_anything_changes() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let mut roster = school_year();
    roster.person("proviseure", "siteAdministrator");
    let zip = place.write("rentree.zip", &roster.zip());
    let said = "ATTENTION: 1 person becomes an ADMINISTRATOR of the school";
    for (args, expected) in [
        (vec!["import", &zip, "--dry-run"], true),
        (vec!["import", &zip], true),
        (vec!["import", &zip], false),
    ] {
        let end = place.roster(&args).await?.success();
        assert_eq!(end.stdout.contains(said), expected, "{end:#?}");
        assert!(!end.stdout.contains("proviseure"), "counted, not named");
    }
    Ok(())
}
