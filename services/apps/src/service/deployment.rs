//! What a school's devices are to have, and which of them have it.

use preau_kernel::access::{Authorized, Caller};
use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::{ReleaseId, SchoolId};
use preau_kernel::paging::cut;
use preau_rpc::Incoming;

use super::{Apps, Page};
use crate::audit;
use crate::domain::{AppId, Assignment, Installation, School};
use crate::error::Error;
use crate::store::{Change, InstallationKey};

impl Apps {
    /// From now on the school's devices are to have this release of its app.
    pub(crate) async fn assign(
        &self,
        incoming: &Incoming,
        school: SchoolId,
        release: ReleaseId,
    ) -> Result<Assignment, Error> {
        let caller = incoming.caller()?;
        let school = self.reach(incoming, &caller, school).await?;
        let release = self.release(release).await?;
        release.available()?;
        let (by, now) = (caller.principal().person, self.clock.now());
        let change = self.store.assign(&school, &release, by, now).await?;
        if let Change::Made(state) = change {
            audit::done("release assigned", &caller, release.id);
            self.tell(incoming.call(), school.get().id, state).await;
        }
        let assignments = self.store.assignments(&school, Some(&release.app)).await?;
        let assignment = assignments.into_iter().next();
        Ok(assignment.ok_or_else(|| {
            let text = "the app was unassigned at the same time: read the list, then try again";
            Failure::new(Kind::Aborted, "CONCURRENT_CHANGE", text)
        })?)
    }

    /// The school's devices are no longer to have the app.
    pub(crate) async fn unassign(
        &self,
        incoming: &Incoming,
        school: SchoolId,
        app: &AppId,
    ) -> Result<(), Error> {
        let caller = incoming.caller()?;
        let school = self.reach(incoming, &caller, school).await?;
        if let Change::Made(state) = self.store.unassign(&school, app).await? {
            audit::done("app unassigned", &caller, app);
            self.tell(incoming.call(), school.get().id, state).await;
        }
        Ok(())
    }

    /// What the school's devices are to have, by app.
    pub(crate) async fn assignments(
        &self,
        incoming: &Incoming,
        school: SchoolId,
    ) -> Result<Vec<Assignment>, Error> {
        let school = self.reach(incoming, &incoming.caller()?, school).await?;
        self.store.assignments(&school, None).await
    }

    /// What the school's devices said of one app or of all, by device and app.
    pub(crate) async fn installations(
        &self,
        incoming: &Incoming,
        school: SchoolId,
        app: Option<&AppId>,
        after: &InstallationKey,
        size: u32,
    ) -> Result<Page<Installation>, Error> {
        let school = self.reach(incoming, &incoming.caller()?, school).await?;
        let rows = self
            .store
            .installations_after(&school, app, after, size + 1)
            .await?;
        let (rows, next) = cut(rows, size, InstallationKey::of);
        Ok(Page { rows, next })
    }

    /// The school, if the caller may do for it what the method does; else the same answer as for an unknown id.
    async fn reach(
        &self,
        incoming: &Incoming,
        caller: &Caller,
        school: SchoolId,
    ) -> Result<Authorized<School>, Error> {
        let authority = self.schools.authority(incoming.call(), school).await?;
        let school = School {
            id: school,
            authority,
        };
        Ok(caller.authorize_hidden("school", &school.facts(), school)?)
    }
}
