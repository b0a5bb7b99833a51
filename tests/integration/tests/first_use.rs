//! The first sign-in to an account, guesses that wait, and signing out everywhere.

use preau_harness::{Failure, Person, PlatformBuilder, Roster, connect};
use preau_proto::files::v1::ListSpacesRequest;
use preau_proto::identity::v1::session_service_client::SessionServiceClient;
use preau_proto::identity::v1::{SignInRequest, SignOutEverywhereRequest};
use tonic::Code;

use crate::importing::{self, Place, UAI};
use crate::school::PASSWORD;

/// A school where nobody but its administrator ever signed in.
async fn newcomers() -> anyhow::Result<(Place, Roster)> {
    newcomers_on(PlatformBuilder::empty()?).await
}

async fn newcomers_on(builder: PlatformBuilder) -> anyhow::Result<(Place, Roster)> {
    let place = Place::on(builder).await?;
    let mut roster = Roster::new(UAI, "neuf");
    roster.pupil("ana").pupil("bob").teacher("monge");
    roster.class("C1", "2de A", &["monge"], &["ana", "bob"]);
    place.import(&roster.zip()).await?;
    Ok((place, roster))
}

#[tokio::test]
async fn a_code_opens_an_account_once_however_it_is_typed() -> anyhow::Result<()> {
    let (place, roster) = newcomers().await?;
    let (url, login) = (place.platform.gateway(), roster.login("ana"));
    let code = place.code(&login).await?;
    // Lower case, spaces for hyphens: as people type what is printed.
    let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
    let first = Person::activate(url, &login.to_uppercase(), &typed, PASSWORD).await??;
    assert!(first.space("2de A").await.is_ok());
    let second = Person::sign_in(url, &login, PASSWORD).await?;
    assert_eq!(first.id(), second.id());

    // Spent: nobody takes the account over with it, and no new one is made.
    let other = "another password entirely";
    let spent = Failure::of(Person::activate(url, &login, &code, other).await?.map(drop));
    assert_eq!(spent.code, Code::Unauthenticated, "{spent:?}");
    assert!(Person::sign_in(url, &login, other).await.is_err());
    Person::sign_in(url, &login, PASSWORD).await?;
    assert!(
        place.code(&login).await.is_err(),
        "a code for an open account"
    );
    Ok(())
}

#[tokio::test]
async fn whatever_is_wrong_with_login_or_code_has_one_answer() -> anyhow::Result<()> {
    let (place, roster) = newcomers().await?;
    let url = place.platform.gateway();
    let (ana, bob) = (roster.login("ana"), roster.login("bob"));
    let replaced = place.code(&ana).await?;
    let of_ana = place.code(&ana).await?;
    let of_bob = place.code(&bob).await?;
    assert_ne!(replaced, of_ana);
    let mut answers = Vec::new();
    for (login, code) in [
        (ana.as_str(), replaced.as_str()),
        (&ana, &of_bob),
        (&ana, "AAAA-AAAA-AAAA"),
        (&ana, ""),
        (&ana, "no code at all, and a long one"),
        ("nobody.neuf", &of_ana),
        ("direction.ici", &of_ana),
    ] {
        let answer = Person::activate(url, login, code, PASSWORD).await?;
        answers.push(Failure::of(answer.map(drop)));
    }
    assert_eq!(answers[0].code, Code::Unauthenticated, "{answers:#?}");
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    // A password that may not be is no use of the code.
    let short = Person::activate(url, &ana, &of_ana, "short").await?;
    let short = Failure::of(short.map(drop));
    assert_eq!(short.code, Code::InvalidArgument, "{short:?}");
    Person::activate(url, &ana, &of_ana, PASSWORD).await??;
    Person::activate(url, &bob, &of_bob, PASSWORD).await??;
    Ok(())
}

#[tokio::test]
async fn an_account_without_a_password_takes_none() -> anyhow::Result<()> {
    let (place, roster) = newcomers().await?;
    let channel = connect(place.platform.gateway()).await?;
    let sign_in = async |login: String, password: &str| {
        let request = SignInRequest {
            login,
            password: password.into(),
        };
        let mut sessions = SessionServiceClient::new(channel.clone());
        Failure::of(sessions.sign_in(request).await)
    };
    let without = sign_in(roster.login("ana"), PASSWORD).await;
    let unknown = sign_in("nobody.neuf".into(), PASSWORD).await;
    assert_eq!(without.code, Code::Unauthenticated, "{without:?}");
    assert_eq!(without, unknown);
    Ok(())
}

#[tokio::test]
async fn guesses_wait_and_are_told_how_long() -> anyhow::Result<()> {
    let (place, roster) = newcomers().await?;
    let login = roster.login("ana");
    place.first_sign_in(&login).await?;
    let channel = connect(place.platform.gateway()).await?;
    let attempt = async |login: &str, password: &str| {
        let request = SignInRequest {
            login: login.into(),
            password: password.into(),
        };
        let mut sessions = SessionServiceClient::new(channel.clone());
        sessions.sign_in(request).await
    };
    let mut told = None;
    for _ in 0..20 {
        let refused = Failure::of(attempt(&login, "a guess, and a bad one").await);
        if refused.code != Code::Unauthenticated {
            told = Some(refused);
            break;
        }
    }
    let told = told.expect("twenty guesses in a row");
    assert_eq!(told.code, Code::ResourceExhausted, "{told:?}");
    assert_eq!(told.reason, "TOO_MANY_ATTEMPTS", "{told:?}");
    let wait = told.retry_after.expect("how long");
    assert!(!wait.is_zero() && wait.as_secs() <= 60, "{wait:?}");
    // Meanwhile the right password waits too: otherwise guessing would go on by it.
    let right = Failure::of(attempt(&login, PASSWORD).await);
    assert_eq!(right.code, Code::ResourceExhausted, "{right:?}");
    // Others do not wait for it.
    let (other, place) = (roster.login("bob"), &place);
    place.first_sign_in(&other).await?;
    attempt(&other, PASSWORD).await?;
    Ok(())
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_and_no_one_elses() -> anyhow::Result<()> {
    let (place, roster) = newcomers().await?;
    let login = roster.login("ana");
    let url = place.platform.gateway();
    let first = place.first_sign_in(&login).await?;
    let phone = Person::sign_in(url, &login, PASSWORD).await?;
    let bob = place.first_sign_in(&roster.login("bob")).await?;
    first
        .sessions()
        .sign_out_everywhere(SignOutEverywhereRequest {})
        .await?;
    // The phone has no principal out there yet: it is refused at once. One that was minted dies within 60 s.
    let refused = Failure::of(phone.spaces().list_spaces(ListSpacesRequest {}).await);
    assert_eq!(refused.code, Code::Unauthenticated, "{refused:?}");
    bob.space("2de A").await?;
    Person::sign_in(url, &login, PASSWORD).await?;
    Ok(())
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_code_and_works_no_more() -> anyhow::Result<()> {
    forgotten(PlatformBuilder::empty()?).await
}

/// The story, for every database.
pub(crate) async fn forgotten(builder: PlatformBuilder) -> anyhow::Result<()> {
    let (place, roster) = newcomers_on(builder).await?;
    let (url, login) = (place.platform.gateway(), roster.login("ana"));
    let first = place.first_sign_in(&login).await?;
    // No call was made with this session: nothing out there holds a principal of it.
    let stolen = Person::sign_in(url, &login, PASSWORD).await?;
    let bob = place.first_sign_in(&roster.login("bob")).await?;
    let ids = vec![first.id().to_owned(), place.admin.id().to_owned()];
    let codes = importing::reset(&place.admin, &place.school.id, ids).await?;
    let logins: Vec<&str> = codes.iter().map(|code| code.login.as_str()).collect();
    assert_eq!(logins, [login.as_str()], "never the issuer's own");

    assert!(Person::sign_in(url, &login, PASSWORD).await.is_err());
    let refused = Failure::of(stolen.spaces().list_spaces(ListSpacesRequest {}).await);
    assert_eq!(refused.code, Code::Unauthenticated, "{refused:?}");
    let other = "another password entirely";
    let back = Person::activate(url, &login, &codes[0].code, other).await??;
    assert_eq!(back.id(), first.id());
    back.space("2de A").await?;
    Person::sign_in(url, &login, other).await?;
    bob.space("2de A").await?;
    Person::sign_in(url, "direction.ici", PASSWORD).await?;
    Ok(())
}
