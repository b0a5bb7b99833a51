//! Logs hold no personal data, whatever happens.

mod fleet;

use preau_harness::{AccountRole, Failure, Person, Platform, Roster, bytes};
use preau_proto::identity::v1::{CreatePersonRequest, SignInRequest};
use preau_proto::policy::v1::Role;

use crate::importing;

/// Words that nothing but these requests could bring into a log.
const CANARIES: [&str; 9] = [
    "Zéphyrine-Canari",
    "Ornithorynque",
    "zephyrine.canari.login",
    "zephyrine-canari-secret",
    "bulletin-canari.pdf",
    "dossier-canari",
    "Colombine-Canari",
    "=FORMULE-CANARI",
    "colombe.voliere",
];

#[tokio::test]
async fn names_logins_passwords_and_file_names_stay_out_of_the_logs() -> anyhow::Result<()> {
    let platform = in_full().await?;
    let [given, family, login, password, file, folder, ..] = CANARIES;
    let admin = platform.admin().await?;
    let me = admin
        .directory()
        .get_me(preau_proto::identity::v1::GetMeRequest {})
        .await?;
    let school = me.into_inner().person.unwrap().school_id;
    let request = CreatePersonRequest {
        school_id: school.clone(),
        given_name: given.into(),
        family_name: family.into(),
        role: Role::Student.into(),
        login: login.into(),
        password: password.into(),
    };
    // Made, refused as a duplicate, signed in, refused.
    let made = admin.directory().create_person(request.clone()).await;
    let again = Failure::of(admin.directory().create_person(request).await);
    assert_ne!(again.code, tonic::Code::Ok);
    if made.is_ok() {
        Person::sign_in(platform.gateway(), login, password).await?;
    }
    let wrong = SignInRequest {
        login: login.into(),
        password: format!("{password}!"),
    };
    Failure::of(admin.sessions().sign_in(wrong).await);

    let [class, other] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    let bytes = bytes("privacy", 1_000);
    let node = space.upload(file, &bytes).await?;
    space.folder("", folder).await?;
    Failure::of(space.folder("", folder).await);
    Failure::of(space.announce(&format!("{file}/"), 1).await);
    let stranger = platform.pupil(&other).await?.space_by_id(space.id());
    Failure::of(stranger.read(&node.node_id).await);
    space.delete(&node.node_id).await?;

    let code = import(&platform, &admin, &school).await?;

    let secrets: Vec<String> = platform
        .accounts()
        .iter()
        .flat_map(|account| {
            [
                account.login.clone(),
                account.password.clone(),
                account.name.clone(),
            ]
        })
        .collect();
    let session = |person: &Person| person.token().to_owned();
    let tokens = [session(&admin), session(space.person()), code];
    assert!(platform.account(AccountRole::Admin, None).is_ok());
    let (end, _) = platform.terminate().await?;
    assert_eq!(end.code, Some(0));
    let secrets = secrets.iter().chain(&tokens).map(String::as_str);
    no_line_holds(&end.stderr, CANARIES.into_iter().chain(secrets));
    Ok(())
}

/// A platform that logs whatever it can.
async fn in_full() -> anyhow::Result<Platform> {
    Platform::prepared()
        .await?
        .config("[log]\nfilter = \"trace\"\nformat = \"json\"\n")?
        .start()
        .await
}

fn no_line_holds<'a>(log: &str, secrets: impl Iterator<Item = &'a str>) {
    assert!(
        log.lines().count() > 5,
        "nothing was logged: the test looked in the wrong place"
    );
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(
            line.is_none(),
            "{secret} was logged: {}",
            line.unwrap_or_default()
        );
    }
}

/// A roster that is refused, one that is applied, a first sign-in that fails and one that works; answers the code.
async fn import(platform: &Platform, admin: &Person, school: &str) -> anyhow::Result<String> {
    let [.., given, formula, login] = CANARIES;
    let mut roster = Roster::new(importing::UAI, "voliere");
    roster.pupil("colombe").teacher("grive");
    roster.class("C1", "Volière", &["grive"], &["colombe"]);
    assert_eq!(roster.login("colombe"), login);
    let named = |name: &str| {
        let files = roster.files();
        files.replace("users.csv", "Prénom colombe", name).zip()
    };
    let refused = importing::check(admin, school, &named(formula)).await?;
    assert_eq!(refused.problems[0].value, formula);
    importing::import(admin, school, &named(given)).await?;
    let people = importing::people(admin, school).await?;
    let ids = vec![people[login].person_id.clone()];
    let codes = importing::codes(admin, school, ids).await?;
    let code = codes[0].code.clone();
    let (url, password) = (platform.gateway(), CANARIES[3]);
    Failure::of(
        Person::activate(url, login, "AAAA-AAAA-AAAA", password)
            .await?
            .map(drop),
    );
    Person::activate(url, login, &code, password).await??;
    Ok(code)
}
