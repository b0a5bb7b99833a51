//! What an import says of the power it gives, and of whom it was refused for at the last moment.

use preau_harness::{Failure, PlatformBuilder, Roster};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::{ApplyImportRequest, ImportState, ValidateImportRequest};
use tonic::Code;

use crate::importing::{self, Place, UAI};

/// A class, and somebody who administers the school by the file alone.
fn roster() -> Roster {
    let mut roster = Roster::new(UAI, "ici");
    roster.pupil("ada").pupil("bob").teacher("monge");
    roster.person("proviseure", "siteAdministrator");
    roster.class("C1", "2de A", &["monge"], &["ada", "bob"]);
    roster
}

#[tokio::test]
async fn whom_a_file_takes_over_and_makes_an_administrator_is_counted() -> anyhow::Result<()> {
    powers(PlatformBuilder::empty()?).await
}

/// The story, for every database.
pub(crate) async fn powers(builder: PlatformBuilder) -> anyhow::Result<()> {
    let place = Place::on(builder).await?;
    let (admin, school) = (&place.admin, &place.school);
    school.account(admin, "ada.ici", Role::Student).await?;
    let before = place.state().await?;
    let checked = importing::check(admin, &school.id, &roster().zip()).await?;
    let summary = checked.summary.unwrap();
    assert_eq!(
        (summary.people_new, summary.people_changed),
        (3, 1),
        "{summary:?}"
    );
    assert_eq!(summary.people_adopted, 1, "{summary:?}");
    assert_eq!(summary.administrators_new, 1, "{summary:?}");
    assert_eq!(place.state().await?, before);
    let applied = importing::apply(admin, &checked).await?;
    assert_eq!(applied.summary, Some(summary), "said of it ever after");

    let summary = place.import(&roster().zip()).await?;
    assert_eq!(summary.people_adopted, 0, "{summary:?}");
    assert_eq!(summary.administrators_new, 0, "{summary:?}");
    Ok(())
}

#[tokio::test]
async fn a_login_that_is_taken_after_the_check_is_told_by_its_line() -> anyhow::Result<()> {
    taken(PlatformBuilder::empty()?).await
}

/// The story, for every database.
pub(crate) async fn taken(builder: PlatformBuilder) -> anyhow::Result<()> {
    let place = Place::on(builder).await?;
    let (admin, school) = (&place.admin, &place.school);
    let checked = importing::check(admin, &school.id, &roster().zip()).await?;
    assert_eq!(checked.state(), ImportState::Ready, "{checked:#?}");
    school.account(admin, "bob.ici", Role::Student).await?;
    let before = place.state().await?;
    let import_id = checked.import_id;
    let request = ApplyImportRequest {
        import_id: import_id.clone(),
        confirm_disabled: 0,
    };
    let refused = Failure::of(admin.imports().apply_import(request).await);
    assert_eq!(refused.code, Code::FailedPrecondition, "{refused:?}");
    let import = importing::get(admin, &import_id).await?;
    assert_eq!(import.state(), ImportState::Invalid, "{import:#?}");
    assert_eq!(import.problem_count, 1, "{import:#?}");
    let problem = &import.problems[0];
    let place_of = (&*problem.file, problem.line, &*problem.column);
    // People are in the order of their names: the header, ada, bob.
    assert_eq!(place_of, ("users.csv", 3, "username"), "{problem:?}");
    assert_eq!(
        (&*problem.value, &*problem.reason),
        ("bob.ici", "LOGIN_TAKEN"),
        "{problem:?}"
    );
    assert_eq!(place.state().await?, before);

    // Checked again it is known who that is.
    let request = ValidateImportRequest { import_id };
    let again = admin.imports().validate_import(request).await?;
    let again = again.into_inner().import.unwrap();
    assert_eq!(again.summary.unwrap().people_adopted, 1, "{again:#?}");
    let applied = importing::apply(admin, &again).await?;
    assert_eq!(applied.state(), ImportState::Applied);
    Ok(())
}
