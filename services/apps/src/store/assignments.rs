use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{PersonId, ReleaseId, SchoolId};
use preau_storage_database::{Row, Scope, Tx, params};

use super::rows::{RELEASE_COLUMNS, number, parse, release, release_columns, wanted};
use super::{Store, retrying};
use crate::domain::{
    AppId, Assignment, DesiredState, MAX_APPS, Refusal, Release, School, desired_hash,
};
use crate::error::Error;

/// What came of changing what a school wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It was so already.
    Unchanged,
    /// And this is what devices are to be told.
    Made(DesiredState),
}

impl Store {
    /// From now on the school's devices are to have this release of its app.
    ///
    /// # Errors
    /// [`Refusal::TooManyApps`].
    pub(crate) async fn assign(
        &self,
        school: &Authorized<School>,
        release: &Release,
        by: PersonId,
        now: Timestamp,
    ) -> Result<Change, Error> {
        let school = school.get().id;
        retrying(|| self.assign_once(school, release, by, now)).await
    }

    async fn assign_once(
        &self,
        school: SchoolId,
        release: &Release,
        by: PersonId,
        now: Timestamp,
    ) -> Result<Change, Error> {
        let (key, app) = (school.to_string(), release.app.as_str());
        let mut tx = self.db.begin(Scope::Tenant(&key)).await?;
        hold(&mut tx, &key).await?;
        match assigned(&mut tx, &key, app).await? {
            Some(present) if present == release.id => {
                // By then what was found is durable, or this one is told to run again.
                tx.commit().await?;
                return Ok(Change::Unchanged);
            }
            Some(_) => {}
            None => check_count(&mut tx, &key).await?,
        }
        tx.execute(
            "INSERT INTO assignments (school_id, app, release_id, assigned_at, assigned_by)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (school_id, app) DO UPDATE SET release_id = excluded.release_id,
                 assigned_at = excluded.assigned_at, assigned_by = excluded.assigned_by",
            params![&key, app, release.id.to_string(), now.0, by.to_string()],
        )
        .await?;
        changed(tx, &key).await
    }

    /// The school's devices are no longer to have the app.
    pub(crate) async fn unassign(
        &self,
        school: &Authorized<School>,
        app: &AppId,
    ) -> Result<Change, Error> {
        let school = school.get().id;
        retrying(|| self.unassign_once(school, app)).await
    }

    async fn unassign_once(&self, school: SchoolId, app: &AppId) -> Result<Change, Error> {
        let key = school.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&key)).await?;
        hold(&mut tx, &key).await?;
        let gone = tx
            .execute(
                "DELETE FROM assignments WHERE school_id = $1 AND app = $2",
                params![&key, app.as_str()],
            )
            .await?;
        if gone == 0 {
            tx.commit().await?;
            return Ok(Change::Unchanged);
        }
        changed(tx, &key).await
    }

    /// What the school's devices are to have, by app: of one app, or of all.
    pub(crate) async fn assignments(
        &self,
        school: &Authorized<School>,
        app: Option<&AppId>,
    ) -> Result<Vec<Assignment>, Error> {
        let key = school.get().id.to_string();
        // The states are those of `rows::outcome_number`.
        let sql = concat!(
            "SELECT ",
            release_columns!(),
            ", a.assigned_at, a.assigned_by, COALESCE(c.installed, 0), COALESCE(c.failed, 0), COALESCE(c.fetching, 0)
             FROM assignments a
             JOIN releases ON releases.release_id = a.release_id
             LEFT JOIN (
                 SELECT i.app, i.release_id,
                     COUNT(CASE WHEN i.state = 2 THEN 1 END) AS installed,
                     COUNT(CASE WHEN i.state = 3 THEN 1 END) AS failed,
                     COUNT(CASE WHEN i.state = 1 THEN 1 END) AS fetching
                 FROM installations i WHERE i.school_id = $1 GROUP BY i.app, i.release_id
             ) c ON c.app = a.app AND c.release_id = a.release_id
             WHERE a.school_id = $1 AND ($2 = '' OR a.app = $2) ORDER BY a.app"
        );
        let params = params![&key, app.map(AppId::as_str).unwrap_or_default()];
        let rows = self.db.fetch_all(Scope::Tenant(&key), sql, params).await?;
        rows.iter().map(assignment).collect()
    }

    /// The release, if the school's devices are to have it: what an authorization is decided from.
    pub(crate) async fn assigned_release(
        &self,
        school: SchoolId,
        id: ReleaseId,
    ) -> Result<Option<Release>, Error> {
        let key = school.to_string();
        let sql = concat!(
            "SELECT ",
            release_columns!(),
            " FROM assignments a JOIN releases ON releases.release_id = a.release_id
              WHERE a.school_id = $1 AND a.release_id = $2"
        );
        let params = params![&key, id.to_string()];
        let row = self.db.fetch_optional(Scope::Tenant(&key), sql, params);
        row.await?.as_ref().map(release).transpose()
    }
}

/// From here on nobody else changes what the school wants, until the transaction ends.
async fn hold(tx: &mut Tx, school: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO desired_states (school_id, revision, announced, hash) VALUES ($1, 0, 0, $2)
         ON CONFLICT (school_id) DO NOTHING",
        params![school, desired_hash(&[]).as_slice()],
    )
    .await?;
    tx.execute(
        "UPDATE desired_states SET revision = revision WHERE school_id = $1",
        params![school],
    )
    .await?;
    Ok(())
}

async fn assigned(tx: &mut Tx, school: &str, app: &str) -> Result<Option<ReleaseId>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT release_id FROM assignments WHERE school_id = $1 AND app = $2",
            params![school, app],
        )
        .await?;
    row.map(|row| parse(row.str(0)?, "an assignment"))
        .transpose()
}

async fn check_count(tx: &mut Tx, school: &str) -> Result<(), Error> {
    let count = tx
        .fetch_one(
            "SELECT COUNT(*) FROM assignments WHERE school_id = $1",
            params![school],
        )
        .await?;
    if count.int(0)? >= i64::from(MAX_APPS) {
        return Err(Refusal::TooManyApps.into());
    }
    Ok(())
}

/// Writes down what the school wants from now on, as the transaction has it.
async fn changed(mut tx: Tx, school: &str) -> Result<Change, Error> {
    let rows = tx
        .fetch_all(super::desired::WANTED, params![school])
        .await?;
    let rows: Result<Vec<_>, _> = rows.iter().map(wanted).collect();
    let hash = desired_hash(&rows?);
    let row = tx
        .fetch_one(
            "UPDATE desired_states SET revision = revision + 1, hash = $2 WHERE school_id = $1 RETURNING revision",
            params![school, hash.as_slice()],
        )
        .await?;
    let revision = number(row.int(0)?, "a desired state")?;
    tx.commit().await?;
    Ok(Change::Made(DesiredState { hash, revision }))
}

fn assignment(row: &Row) -> Result<Assignment, Error> {
    const WHAT: &str = "an assignment";
    let count = |column: usize| number(row.int(RELEASE_COLUMNS + column)?, WHAT);
    Ok(Assignment {
        release: release(row)?,
        at: Timestamp(row.int(RELEASE_COLUMNS)?),
        by: parse(row.str(RELEASE_COLUMNS + 1)?, WHAT)?,
        installed: count(2)?,
        failed: count(3)?,
        fetching: count(4)?,
    })
}
