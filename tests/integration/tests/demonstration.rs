//! The demonstration school: imported like any other, whatever interrupts it.

use std::path::Path;

use preau_harness::{Account, AccountRole, Person, PlatformBuilder};
use preau_proto::identity::v1::GetMeRequest;

use crate::importing::State;

/// What the journal of an unfinished demonstration has noted.
fn notes(data: &Path) -> Option<usize> {
    let text = std::fs::read(data.join("demo-progress.json")).ok()?;
    let journal: serde_json::Value = serde_json::from_slice(&text).ok()?;
    Some(journal["made"].as_object()?.len())
}

#[tokio::test]
async fn a_demonstration_that_is_killed_again_and_again_is_finished_in_the_end()
-> anyhow::Result<()> {
    let mut builder = PlatformBuilder::empty()?.demo();
    // Before anything, with the authority, in the import, with the roster, among the accounts.
    for at_least in [0, 1, 2, 3, 7] {
        builder = builder
            .killed_while_starting(|data| notes(data).is_some_and(|notes| notes >= at_least))
            .await?;
    }
    let platform = builder.start().await?;
    let accounts = platform.accounts().to_vec();
    assert_eq!(notes(&platform.data_dir()), None, "the journal is gone");
    assert_eq!(accounts.len(), 12);
    for account in &accounts {
        Person::sign_in(platform.gateway(), &account.login, &account.password).await?;
    }
    let admin = platform.admin().await?;
    let me = admin
        .directory()
        .get_me(GetMeRequest {})
        .await?
        .into_inner();
    let state = State::of(&admin, &me.person.unwrap().school_id).await?;
    // An administrator, eight teachers, ninety pupils; thirty pupils a class and whoever teaches it.
    assert_eq!(state.counts(), (99, 3, 103));
    Ok(())
}

#[tokio::test]
async fn every_class_has_a_teacher_and_a_pupil_who_can_sign_in() -> anyhow::Result<()> {
    let platform = preau_harness::Platform::start().await?;
    for class in ["2de A", "2de B", "1re C"] {
        for role in [AccountRole::Teacher, AccountRole::Student] {
            let account: &Account = platform.account(role, Some(class))?;
            let person = Person::sign_in(platform.gateway(), &account.login, &account.password);
            person.await?.space(class).await?;
        }
    }
    Ok(())
}
