use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::paging::Keyset;
use preau_storage_database::{Row, Scope, params};

use super::rows::{app, outcome, outcome_number, parse};
use super::{Store, retrying};
use crate::domain::{AppId, Device, Installation, Outcome, Report, School};
use crate::error::Error;

/// Where an installation stands in the list of them; the default comes before all.
#[derive(Clone, Debug, Default)]
pub(crate) struct InstallationKey {
    pub(crate) device: String,
    pub(crate) app: String,
}

impl InstallationKey {
    pub(crate) fn of(installation: &Installation) -> Keyset {
        Keyset(vec![
            installation.device.to_string(),
            installation.report.app.as_str().to_owned(),
        ])
    }
}

impl Store {
    /// Writes down what a device says of an app, over what it said before. `version`: of the release it speaks of.
    pub(crate) async fn report(
        &self,
        device: &Authorized<Device>,
        report: &Report,
        version: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Device { id, school } = *device.get();
        let school = school.to_string();
        let release = report.outcome.release().map(|release| release.to_string());
        let reason = match &report.outcome {
            Outcome::Failed(_, reason) => reason.as_str(),
            _ => "",
        };
        retrying(|| async {
            let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
            tx.execute(
                "INSERT INTO installations
                     (school_id, device_id, app, release_id, version, state, reason, reported_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (school_id, device_id, app) DO UPDATE SET release_id = excluded.release_id,
                     version = excluded.version, state = excluded.state, reason = excluded.reason,
                     reported_at = excluded.reported_at",
                params![
                    &school,
                    id.to_string(),
                    report.app.as_str(),
                    release.clone(),
                    version,
                    outcome_number(&report.outcome),
                    reason,
                    now.0,
                ],
            )
            .await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// What the school's devices said, after a key, of one app or of all, at most `limit`: by device and app.
    pub(crate) async fn installations_after(
        &self,
        school: &Authorized<School>,
        app: Option<&AppId>,
        after: &InstallationKey,
        limit: u32,
    ) -> Result<Vec<Installation>, Error> {
        let key = school.get().id.to_string();
        let scope = Scope::Tenant(&key);
        let rows = match app {
            None => {
                let sql = "SELECT device_id, app, version, reported_at, state, release_id, reason FROM installations
                     WHERE school_id = $1 AND (device_id, app) > ($2, $3)
                     ORDER BY device_id, app LIMIT $4";
                let params = params![&key, &after.device, &after.app, limit];
                self.db.fetch_all(scope, sql, params).await?
            }
            Some(app) => {
                let sql = "SELECT device_id, app, version, reported_at, state, release_id, reason FROM installations
                     WHERE school_id = $1 AND app = $2 AND device_id > $3
                     ORDER BY device_id LIMIT $4";
                let params = params![&key, app.as_str(), &after.device, limit];
                self.db.fetch_all(scope, sql, params).await?
            }
        };
        rows.iter().map(installation).collect()
    }
}

fn installation(row: &Row) -> Result<Installation, Error> {
    const WHAT: &str = "an installation";
    Ok(Installation {
        device: parse(row.str(0)?, WHAT)?,
        report: Report {
            app: app(row.str(1)?, WHAT)?,
            outcome: outcome(row, 4)?,
        },
        version: row.text(2)?,
        at: Timestamp(row.int(3)?),
    })
}
