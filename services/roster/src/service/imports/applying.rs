use preau_kernel::access::Authorized;
use preau_kernel::ids::ImportId;
use preau_rpc::Incoming;

use super::Imports;
use super::directory::{Committed, RefusedCommit};
use super::refusals::UsersRow;
use crate::domain::oneroster::{Place, Problems, USERS};
use crate::domain::{Import, ImportRefusal, ImportState};
use crate::error::Error;

/// How many imports were found decided and not written down, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Written down now.
    pub finished: u32,
    /// Refused by the directory: nothing was changed, and they say why.
    pub refused: u32,
    /// Still to be finished, by the next call.
    pub left: u32,
}

impl Imports {
    /// Applies an import that is READY, whole or not at all; goes on with one that was decided; answers one that was
    /// applied.
    pub(crate) async fn apply(
        &self,
        incoming: &Incoming,
        import: ImportId,
        confirm_disabled: u32,
    ) -> Result<Import, Error> {
        let import = self.reach(incoming, import).await?;
        match import.get().state {
            ImportState::Applied => return self.again(import).await,
            ImportState::Applying => {}
            ImportState::Ready => {
                confirm(&import, confirm_disabled)?;
                let decided = self.store.decide(&import).await;
                self.unless_replaced(import.get().id, decided).await?;
            }
            ImportState::Uploading | ImportState::Invalid => {
                import.get().check_not_replaced()?;
                return Err(ImportRefusal::NotReady.into());
            }
        }
        let committed = self.directory.commit(incoming.call(), import.get()).await?;
        if !self.write_down(import.get(), committed).await? {
            return Err(ImportRefusal::PeopleRefused.into());
        }
        self.again(import).await
    }

    /// Finishes what was decided and not written down, and drops zips that nobody applied.
    pub(crate) async fn recover(&self) -> Result<Recovered, Error> {
        let mut recovered = Recovered::default();
        for import in self.store.decided().await? {
            let outcome = match self.directory.commit_alone(&import).await {
                Ok(committed) => self.write_down(&import, committed).await,
                Err(failure) => Err(failure.into()),
            };
            match outcome {
                Ok(true) => recovered.finished += 1,
                Ok(false) => recovered.refused += 1,
                Err(error) => {
                    recovered.left += 1;
                    tracing::warn!(import = %import.id, %error, "an import was not finished: it is tried again");
                }
            }
        }
        self.store.drop_stale_zips(self.clock.now()).await?;
        Ok(recovered)
    }

    /// The roster's half, after the directory's word; false when that was no.
    async fn write_down(&self, import: &Import, committed: Committed) -> Result<bool, Error> {
        match committed {
            Committed::Done => {
                self.store.finish(import, self.clock.now()).await?;
                Ok(true)
            }
            Committed::Refused(refusal) => {
                let problems = self.refused(import, &refusal).await?;
                let count = problems.count();
                self.store
                    .take_back(import, &problems.sorted(), count)
                    .await?;
                Ok(false)
            }
        }
    }

    /// What the directory refused, where the file has it; what is about nobody of the plan, of the whole file.
    async fn refused(&self, import: &Import, refusal: &RefusedCommit) -> Result<Problems, Error> {
        let mut problems = Problems::default();
        for told in &refusal.people {
            let planned = match told.person {
                Some(asked) => self.store.planned_person(import, asked).await?,
                None => None,
            };
            let place = match &planned {
                Some(person) => UsersRow::planned(person).place(&told.field),
                None => Place::file(USERS),
            };
            problems.add_foreign(place, &told.reason, &told.message);
        }
        if problems.is_empty() {
            problems.add_foreign(Place::file(USERS), &refusal.reason, &refusal.message);
        }
        Ok(problems)
    }
}

fn confirm(import: &Authorized<Import>, confirmed: u32) -> Result<(), ImportRefusal> {
    match import.get().summary {
        Some(summary) if summary.needs_confirmation && confirmed != summary.people_disabled => {
            Err(ImportRefusal::Unconfirmed {
                disabled: summary.people_disabled,
            })
        }
        _ => Ok(()),
    }
}
