//! A school's year by its rosters: everybody comes, nothing changes, somebody goes and comes back.

use preau_harness::{Failure, Person, PlatformBuilder, Roster, Space, bytes};
use preau_proto::files::v1::{ListSpacesRequest, SpaceKind};
use preau_proto::roster::v1::{ApplyImportRequest, ImportState, ListImportsRequest};
use tonic::Code;

use crate::importing::{self, Place, UAI};
use crate::school::PASSWORD;

/// Two classes of two pupils, each with its teacher.
fn school_year() -> Roster {
    let mut roster = Roster::new(UAI, "import");
    for pupil in ["ana", "bob", "chloe", "dov"] {
        roster.pupil(pupil);
    }
    roster.teacher("monge").teacher("noether");
    roster.class("C1", "2de A", &["monge"], &["ana", "bob"]);
    roster.class("C2", "2de B", &["noether"], &["chloe", "dov"]);
    roster
}

#[tokio::test]
async fn everybody_comes_nothing_changes_somebody_goes_and_comes_back() -> anyhow::Result<()> {
    a_year(PlatformBuilder::empty()?).await
}

/// The story, for every database.
pub(crate) async fn a_year(builder: PlatformBuilder) -> anyhow::Result<()> {
    let place = Place::on(builder).await?;
    let mut roster = school_year();
    let summary = place.import(&roster.zip()).await?;
    assert_eq!(summary.people_new, 6, "{summary:?}");
    assert_eq!(summary.classes_new, 2, "{summary:?}");
    assert_eq!(summary.enrolments_added, 6, "{summary:?}");
    let state = place.state().await?;
    // The administrator who imports is there too, made by hand.
    assert_eq!(state.counts(), (7, 2, 6));

    let ana = place.first_sign_in(&roster.login("ana")).await?;
    let own = personal(&ana).await?.upload("secret.txt", b"mine").await?;
    let file = bytes("imports", 70_000);
    let shared = ana
        .space("2de A")
        .await?
        .upload("devoir.pdf", &file)
        .await?;

    repeated(&place, &roster).await?;
    assert_eq!(place.state().await?, state);

    // Gone: cannot sign in, is still there, and so is what she shared.
    roster.without("ana");
    let summary = place.import(&roster.zip()).await?;
    assert_eq!(summary.people_disabled, 1, "{summary:?}");
    assert_eq!(summary.enrolments_removed, 1, "{summary:?}");
    assert!(!summary.needs_confirmation, "{summary:?}");
    let login = roster.login("ana");
    refused(&place, &login).await;
    assert_eq!(place.state().await?.counts(), (7, 2, 5));
    let teacher = place.first_sign_in(&roster.login("monge")).await?;
    let class = teacher.space("2de A").await?;
    assert!(class.read(&shared.node_id).await? == file);

    // Started anew, nothing remembers principals: her session is over too.
    let place = place.restarted().await?;
    let ended = ana.elsewhere(place.platform.gateway()).await?;
    let ended = Failure::of(ended.spaces().list_spaces(ListSpacesRequest {}).await);
    assert_eq!(ended.code, Code::Unauthenticated, "{ended:?}");

    // Back: the same person, with the password of before, and everything of hers.
    let summary = place.import(&school_year().zip()).await?;
    assert_eq!(summary.people_new, 0, "{summary:?}");
    assert_eq!(summary.enrolments_added, 1, "{summary:?}");
    let back = Person::sign_in(place.platform.gateway(), &login, PASSWORD).await?;
    assert_eq!(back.id(), ana.id());
    assert_eq!(personal(&back).await?.read(&own.node_id).await?, b"mine");
    assert!(back.space("2de A").await?.read(&shared.node_id).await? == file);
    assert_eq!(place.state().await?, state);
    Ok(())
}

/// The same roster again changes nothing, and says so; applying twice answers the same.
async fn repeated(place: &Place, roster: &Roster) -> anyhow::Result<()> {
    let (admin, school) = (&place.admin, &place.school.id);
    let checked = importing::check(admin, school, &roster.zip()).await?;
    let summary = checked.summary.unwrap();
    assert_eq!(summary.people_unchanged, 6, "{summary:?}");
    assert_eq!(summary.classes_unchanged, 2, "{summary:?}");
    assert_eq!(summary.enrolments_unchanged, 6, "{summary:?}");
    assert_eq!(
        summary.people_new + summary.people_changed,
        0,
        "{summary:?}"
    );
    assert_eq!(summary.people_disabled, 0, "{summary:?}");
    let once = importing::apply(admin, &checked).await?;
    let twice = importing::apply(admin, &checked).await?;
    assert_eq!(once.state(), ImportState::Applied);
    assert_eq!(once, twice);
    let request = ListImportsRequest {
        school_id: school.clone(),
        ..Default::default()
    };
    let listed = admin.imports().list_imports(request).await?.into_inner();
    assert_eq!(listed.imports[0].import_id, once.import_id, "newest first");
    assert_eq!(listed.imports.len(), 2);
    Ok(())
}

async fn refused(place: &Place, login: &str) {
    let signed_in = Person::sign_in(place.platform.gateway(), login, PASSWORD).await;
    let Err(error) = signed_in else {
        panic!("{login} signed in");
    };
    let status = error.downcast::<tonic::Status>().unwrap();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
}

/// The space that nobody else has.
async fn personal(person: &Person) -> anyhow::Result<Space> {
    let spaces = person.spaces().list_spaces(ListSpacesRequest {}).await?;
    let spaces = spaces.into_inner().spaces;
    let own = spaces
        .iter()
        .find(|space| space.kind() == SpaceKind::Personal);
    Ok(person.space_by_id(&own.unwrap().space_id))
}

#[tokio::test]
async fn many_disabled_people_are_confirmed_by_their_number_or_stay() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let mut roster = school_year();
    let pupils: Vec<String> = (0..30).map(|n| format!("eleve{n:02}")).collect();
    for pupil in &pupils {
        roster.pupil(pupil);
    }
    place.import(&roster.zip()).await?;
    let before = place.state().await?;
    // Half of them are missing: more likely a filter left on than a bad year.
    for pupil in &pupils[..15] {
        roster.without(pupil);
    }
    let (admin, school) = (&place.admin, &place.school.id);
    let checked = importing::check(admin, school, &roster.zip()).await?;
    let summary = checked.summary.unwrap();
    assert_eq!(summary.people_disabled, 15, "{summary:?}");
    assert!(summary.needs_confirmation, "{summary:?}");
    for wrong in [0, 14, 16] {
        let request = ApplyImportRequest {
            import_id: checked.import_id.clone(),
            confirm_disabled: wrong,
        };
        let refused = Failure::of(admin.imports().apply_import(request).await);
        assert_eq!(refused.code, Code::FailedPrecondition, "{refused:?}");
    }
    assert_eq!(place.state().await?, before);
    let applied = importing::apply(admin, &checked).await?;
    assert_eq!(applied.state(), ImportState::Applied);
    Ok(())
}

#[tokio::test]
async fn what_was_made_by_hand_stays_and_a_class_of_that_name_is_taken_over() -> anyhow::Result<()>
{
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let class = place.school.class(&place.admin, "2DE a").await?;
    let roster = school_year();
    place.import(&roster.zip()).await?;
    let classes = importing::classes(&place.admin, &place.school.id).await?;
    assert_eq!(classes.len(), 2, "{classes:?}");
    assert!(classes.iter().any(|found| found.class_id == class.id));
    // Those whom the roster does not know are members as before, and sign in as before.
    let space = class
        .pupil
        .spaces()
        .list_spaces(ListSpacesRequest {})
        .await?;
    let spaces = space.into_inner().spaces;
    assert_eq!(spaces.len(), 2, "{spaces:?}");
    let login = "pupil.2de-a.ici";
    Person::sign_in(place.platform.gateway(), login, PASSWORD).await?;
    Ok(())
}
