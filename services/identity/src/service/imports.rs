//! Imports of a school's people: staged on an administrator's behalf, committed by the roster.

use std::time::Duration;

use preau_kernel::access::{Caller, Scope};
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::{ImportId, PersonId};

use crate::audit;
use crate::domain::directory::School;
use crate::domain::grants::{DatedGrant, On};
use crate::domain::import::{Batch, Refusal};
use crate::store::{Import, StagedBatch, Staging, Store};

/// Use cases around imports.
#[derive(Clone)]
pub(crate) struct Imports {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
}

/// How long what was staged and never committed is kept.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Refused people that one failure names.
const NAMED: usize = 20;

impl Imports {
    /// The stager's own grants are read from the database: nobody imports administrators for longer than they are one.
    pub(crate) async fn stage(
        &self,
        caller: &Caller,
        batch: Batch,
    ) -> Result<StagedBatch, Failure> {
        let found = self.store.find_school(batch.school).await?;
        let school = found.ok_or_else(|| Failure::not_found("school"))?;
        let proof = caller.authorize_hidden("school", &school.facts(), batch)?;
        let (batch, by, now) = (proof.get(), caller.principal().person, self.clock.now());
        let (id, number) = (batch.import, batch.number);
        self.check_place(batch, by).await?;
        if number == 0 {
            self.store.drop_stale_imports(ago(now, KEPT)).await?;
        }
        let held = self.store.grants_of(by).await?;
        let staging = staging(by, &held, &school, now);
        self.store.stage(&proof, &staging).await?;
        let import = self.find(id).await?;
        Ok(self.store.staged(&import, number, now).await?)
    }

    /// Checks again what staging checked, since others may have changed what it was checked against: above all who may
    /// grant what. Whoever was dismissed meanwhile grants nothing more, though it was staged in time.
    pub(crate) async fn commit(&self, id: ImportId) -> Result<u32, Failure> {
        let import = self.find(id).await?;
        if let Some(without_password) = import.committed {
            return Ok(without_password);
        }
        let now = self.clock.now();
        let school = self.store.find_school(import.school).await?;
        let school = school.ok_or_else(|| Failure::not_found("school"))?;
        let held = self.store.grants_of(import.staged_by).await?;
        let staging = staging(import.staged_by, &held, &school, now);
        let refusals = self.store.refusals(&import, &staging).await?;
        if !refusals.is_empty() {
            audit::applied("commit_people", "refused", import.staged_by, id);
            return Err(refused(&refusals));
        }
        let without_password = self.store.commit_import(&import, now).await?;
        audit::applied("commit_people", "accepted", import.staged_by, id);
        Ok(without_password)
    }

    pub(crate) async fn abort(&self, id: ImportId) -> Result<(), Failure> {
        if let Some(import) = self.store.find_import(id).await? {
            self.store.abort_import(&import).await?;
        }
        Ok(())
    }

    async fn find(&self, id: ImportId) -> Result<Import, Failure> {
        let found = self.store.find_import(id).await?;
        found.ok_or_else(|| Failure::not_found("import"))
    }

    // An import is of one school; from batch 1 on it goes on as whoever began it.
    async fn check_place(&self, batch: &Batch, by: PersonId) -> Result<(), Failure> {
        let import = self.store.find_import(batch.import).await?;
        let Some(import) = import else {
            return match batch.number {
                0 => Ok(()),
                _ => Err(Failure::not_found("import")),
            };
        };
        if import.school != batch.school {
            return Err(Failure::not_found("import"));
        }
        if import.committed.is_some() {
            let text = "the import was committed already: begin another one";
            return Err(precondition("IMPORT_COMMITTED", text));
        }
        if batch.number > 0 && import.staged_by != by {
            let text = "somebody else began this import: begin it anew with batch 0";
            return Err(precondition("IMPORT_OF_ANOTHER", text));
        }
        Ok(())
    }
}

fn staging<'a>(
    by: PersonId,
    held: &'a [DatedGrant],
    school: &School,
    now: Timestamp,
) -> Staging<'a> {
    let on = On {
        scope: Scope::School(school.id),
        authority: Some(school.authority),
    };
    Staging { by, held, on, now }
}

fn precondition(reason: &'static str, text: &str) -> Failure {
    Failure::new(Kind::FailedPrecondition, reason, text)
}

fn refused(refusals: &[(PersonId, Refusal)]) -> Failure {
    let text = "nothing was changed, because the school has changed and people of the import are refused now: check the file again to see which";
    let failure = precondition("IMPORT_REFUSED", text);
    let named = refusals.iter().take(NAMED);
    let failure = named.fold(failure, |failure, (person, refusal)| {
        let problem = format!("{}: {}", refusal.reason.text(), refusal.message);
        failure.field(&format!("people[{person}].{}", refusal.field), problem)
    });
    match refusals.len().saturating_sub(NAMED) {
        0 => failure,
        more => failure.field(
            "people",
            format!("IMPORT_REFUSED: {more} more: check the file again to see which"),
        ),
    }
}

fn ago(now: Timestamp, time: Duration) -> Timestamp {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    Timestamp(now.0.saturating_sub(micros))
}
