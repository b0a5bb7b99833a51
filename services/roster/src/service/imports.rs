//! Imports: announced, sent in parts, validated, applied.

mod applying;
mod directory;
mod refusals;
mod validating;

use std::sync::Arc;

use preau_kernel::access::Authorized;
use preau_kernel::clock::Clock;
use preau_kernel::failure::Failure;
use preau_kernel::ids::{ImportId, SchoolId};
use preau_kernel::paging::{Keyset, cut};
use preau_rpc::{Incoming, Schools};
use tokio::sync::Semaphore;

pub use applying::Recovered;
pub(crate) use directory::PeopleImport;

use super::Page;
use crate::domain::oneroster::MOST_ZIP;
use crate::domain::{Import, ImportRefusal, ImportState, PART_SIZE, School};
use crate::error::Error;
use crate::store::Store;

/// Zips read at once: each holds up to [`MOST_ZIP`] and what it names in memory.
const READ_AT_ONCE: usize = 2;

/// The use cases of imports.
pub(crate) struct Imports {
    store: Store,
    schools: Schools,
    directory: PeopleImport,
    clock: Clock,
    reading: Arc<Semaphore>,
}

impl Imports {
    pub(crate) fn new(
        store: Store,
        schools: Schools,
        directory: PeopleImport,
        clock: Clock,
    ) -> Self {
        Self {
            store,
            schools,
            directory,
            clock,
            reading: Arc::new(Semaphore::new(READ_AT_ONCE)),
        }
    }

    /// Announces the zip of a school.
    pub(crate) async fn begin(
        &self,
        incoming: &Incoming,
        school: SchoolId,
        size: u64,
    ) -> Result<Import, Error> {
        let school = self.reach_school(incoming, school).await?;
        if size == 0 || size > MOST_ZIP {
            let text = format!("{size} bytes: a zip has 1 to {MOST_ZIP}");
            return Err(Failure::invalid("size", text).into());
        }
        let import = Import {
            id: ImportId::new(),
            school: *school.get(),
            state: ImportState::Uploading,
            size,
            created_by: incoming.caller()?.principal().person,
            created_at: self.clock.now(),
            applied_at: None,
            summary: None,
            problem_count: 0,
            problems: Vec::new(),
            replaced: None,
        };
        self.store.begin_import(&school, &import).await?;
        Ok(import)
    }

    /// Takes one part of the zip, from whoever began the import; answers how many are missing.
    pub(crate) async fn put_part(
        &self,
        incoming: &Incoming,
        import: ImportId,
        index: u32,
        data: &[u8],
    ) -> Result<u32, Error> {
        let import = self.reach_own(incoming, import).await?;
        let Some(length) = import.get().part_len(index) else {
            let text = format!("there are {} parts, from 0", import.get().part_count());
            return Err(Failure::invalid("index", text).into());
        };
        if data.len() as u64 != length {
            let text = format!(
                "{} bytes where part {index} has {length}: every part but the last has {PART_SIZE}",
                data.len()
            );
            return Err(Failure::invalid("data", text).into());
        }
        import.get().check_not_replaced()?;
        if import.get().state != ImportState::Uploading {
            return Err(ImportRefusal::Closed.into());
        }
        let put = self.store.put_part(&import, index, data).await;
        self.unless_replaced(import.get().id, put).await
    }

    /// One import, with what is wrong with it.
    pub(crate) async fn import(
        &self,
        incoming: &Incoming,
        import: ImportId,
    ) -> Result<Import, Error> {
        let import = self.reach(incoming, import).await?;
        self.with_problems(import).await
    }

    /// The imports of a school, newest first.
    pub(crate) async fn imports(
        &self,
        incoming: &Incoming,
        school: SchoolId,
        size: u32,
        before: &str,
    ) -> Result<Page<Import>, Error> {
        let school = self.reach_school(incoming, school).await?;
        let rows = self.store.imports_before(&school, before, size + 1).await?;
        let (rows, next) = cut(rows, size, |import| Keyset(vec![import.id.to_string()]));
        Ok(Page { rows, next })
    }

    /// What was done, or why it was not: of an import that was replaced meanwhile, that, whatever else came of it.
    async fn unless_replaced<T>(
        &self,
        import: ImportId,
        outcome: Result<T, Error>,
    ) -> Result<T, Error> {
        if outcome.is_err()
            && let Some(now) = self.store.import(import).await?
        {
            now.check_not_replaced()?;
        }
        outcome
    }

    /// An import as it stands now.
    async fn again(&self, import: Authorized<Import>) -> Result<Import, Error> {
        let now = self.store.import(import.get().id).await?;
        let now = now.ok_or_else(|| Failure::not_found("import"))?;
        self.with_problems(import.map(|_| now)).await
    }

    async fn with_problems(&self, import: Authorized<Import>) -> Result<Import, Error> {
        let problems = match import.get().state {
            ImportState::Invalid => self.store.problems(&import).await?,
            _ => Vec::new(),
        };
        Ok(Import {
            problems,
            ..import.into_inner()
        })
    }

    async fn reach(
        &self,
        incoming: &Incoming,
        import: ImportId,
    ) -> Result<Authorized<Import>, Error> {
        let caller = incoming.caller()?;
        let import = self
            .store
            .import(import)
            .await?
            .ok_or_else(|| Failure::not_found("import"))?;
        Ok(caller.authorize_hidden("import", &import.school.facts(), import)?)
    }

    /// An import that the caller began. Who may be named an administrator by a zip depends on who validates it: nobody
    /// may put their own zip, or a part of it, before somebody who may name more.
    async fn reach_own(
        &self,
        incoming: &Incoming,
        import: ImportId,
    ) -> Result<Authorized<Import>, Error> {
        let import = self.reach(incoming, import).await?;
        if import.get().created_by != incoming.caller()?.principal().person {
            return Err(ImportRefusal::OfAnother.into());
        }
        Ok(import)
    }

    async fn reach_school(
        &self,
        incoming: &Incoming,
        school: SchoolId,
    ) -> Result<Authorized<School>, Error> {
        let caller = incoming.caller()?;
        let authority = self.schools.authority(incoming.call(), school).await?;
        let school = School {
            id: school,
            authority,
        };
        Ok(caller.authorize_hidden("school", &school.facts(), school)?)
    }
}
