//! The demonstration school: made through the public RPCs, as an administrator would make it.
//!
//! A journal beside the data remembers what was made, so that a start that was interrupted in the
//! middle goes on where it stopped, with the same passwords.

mod accounts;
mod journal;
mod school;

use preau_identity::Identity;

use self::journal::Journal;
use self::school::{School, Stopped};
use super::first_admin::{self, FirstAdmin};
use crate::cli::sign_in;
use crate::client::{Gateway, Trust, failure};
use crate::config::Config;
use crate::failure::Failure;

/// What is to be made, decided before anything serves; nothing when it was made at an earlier start.
pub(crate) struct Plan {
    journal: Journal,
}

/// Reads or begins the journal and creates the platform's administrator.
pub(crate) async fn plan(config: &Config, identity: &Identity) -> Result<Option<Plan>, Failure> {
    if accounts::exist(config) {
        accounts::show(config)?;
        return Ok(None);
    }
    let (journal, interrupted) = match Journal::read(config)? {
        Some(journal) => (journal, true),
        None => (Journal::begin(config)?, false),
    };
    let admin = FirstAdmin {
        given_name: "Opératrice".into(),
        family_name: "de démonstration".into(),
        login: journal.platform.login.clone(),
        password: journal.platform.password.clone(),
    };
    match first_admin::create(config, identity, &admin).await {
        // The start that was interrupted may have come so far; signing in tells.
        Err(_) if interrupted => {}
        Err(failure) => {
            // Not ours to fill: the directory belongs to somebody already.
            journal.discard();
            return Err(failure);
        }
        Ok(_) => {}
    }
    Ok(Some(Plan { journal }))
}

/// Makes what is missing and writes the accounts down. The gateway at `url` is this process's own: it has the very
/// certificate that is configured, which need not be for a name of this machine.
pub(crate) async fn fill(config: &Config, plan: Plan, url: &str) -> Result<(), Failure> {
    let journal = plan.journal;
    let trust = match config.gateway_tls() {
        Some((certificate, _)) => Trust::Exactly(certificate.to_owned()),
        None => Trust::Nobody,
    };
    let gateway = Gateway::new(url, &trust)?;
    let session = sign_in(
        &gateway,
        &journal.platform.login,
        journal.platform.password.clone(),
    )
    .await?;
    let mut school = School::new(gateway.with_session(&session.token)?, journal);
    school.build().await.map_err(|error| match error {
        Stopped::Said(status) => failure(
            "cannot make the demonstration school",
            config.data_dir.display(),
            &status,
        ),
        Stopped::Failed(failure) => failure,
    })?;
    school.into_journal().finish(config)?;
    accounts::show(config)
}
