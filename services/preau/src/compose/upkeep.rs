//! What roles want done now and then: what time alone brings about, what a death left half done, what nobody needs.

use std::time::Duration;

use preau_apps::Apps;
use preau_classroom::Classroom;
use preau_devices::Devices;
use tokio_util::sync::CancellationToken;

/// How often what is no longer referred to is removed.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// The roles of this process that want it.
#[derive(Clone, Default)]
pub(super) struct Upkeep {
    pub(super) roster: Option<preau_roster::Deps>,
    pub(super) files: Option<preau_files::Deps>,
    pub(super) classroom: Option<Classroom>,
    pub(super) devices: Option<Devices>,
    pub(super) apps: Option<Apps>,
}

impl Upkeep {
    /// Until `stop`.
    pub(super) async fn run(self, stop: CancellationToken) {
        tokio::join!(
            self.rarely(&stop),
            self.keep_lessons(&stop),
            self.keep_devices(&stop),
            self.keep_apps(&stop),
        );
    }

    /// Ends what would outlast a drain.
    pub(super) fn end_watches(&self) {
        if let Some(classroom) = &self.classroom {
            classroom.end_watches();
        }
        if let Some(devices) = &self.devices {
            devices.end_watches();
        }
    }

    async fn rarely(&self, stop: &CancellationToken) {
        // Stored files can wait; whoever waits for an import cannot.
        stop.run_until_cancelled(self.recover_imports()).await;
        while passed(SWEEP_EVERY, stop).await {
            stop.run_until_cancelled(self.recover_imports()).await;
            self.sweep_vault().await;
            self.forget_lessons().await;
            self.forget_commands().await;
        }
    }

    /// Lessons do not wait for anything else: what time does to them is told within seconds.
    async fn keep_lessons(&self, stop: &CancellationToken) {
        let Some(classroom) = &self.classroom else {
            return;
        };
        while passed(preau_classroom::SWEEP_EVERY, stop).await {
            match classroom.sweep().await {
                Ok(report) => tracing::debug!(?report, "looked after lessons"),
                Err(error) => {
                    tracing::warn!(%error, "lessons were not looked after: it is tried again")
                }
            }
        }
    }

    async fn forget_lessons(&self) {
        let Some(classroom) = &self.classroom else {
            return;
        };
        match classroom.purge().await {
            Ok(count) => tracing::debug!(count, "forgot old lessons"),
            Err(error) => {
                tracing::warn!(%error, "old lessons were not forgotten: it is tried again")
            }
        }
    }

    /// Who is there, and which commands are over, is told within seconds too.
    async fn keep_devices(&self, stop: &CancellationToken) {
        let Some(devices) = &self.devices else { return };
        while passed(preau_devices::SWEEP_EVERY, stop).await {
            match devices.sweep().await {
                Ok(report) => tracing::debug!(?report, "looked after devices"),
                Err(error) => {
                    tracing::warn!(%error, "devices were not looked after: it is tried again")
                }
            }
        }
    }

    /// What a school's devices are to have is told to `devices` until it was heard.
    async fn keep_apps(&self, stop: &CancellationToken) {
        let Some(apps) = &self.apps else { return };
        while passed(preau_apps::SWEEP_EVERY, stop).await {
            match apps.sweep().await {
                Ok(report) => tracing::debug!(?report, "looked after apps"),
                Err(error) => {
                    tracing::warn!(%error, "apps were not looked after: it is tried again")
                }
            }
        }
    }

    async fn forget_commands(&self) {
        let Some(devices) = &self.devices else { return };
        match devices.purge().await {
            Ok(count) => tracing::debug!(count, "forgot old commands and credentials"),
            Err(error) => {
                tracing::warn!(%error, "old commands were not forgotten: it is tried again")
            }
        }
    }

    async fn recover_imports(&self) {
        let Some(roster) = &self.roster else { return };
        match preau_roster::recover(roster).await {
            Ok(report) => tracing::debug!(?report, "looked for imports to finish"),
            Err(error) => tracing::warn!(%error, "imports were not finished: it is tried again"),
        }
    }

    async fn sweep_vault(&self) {
        let Some(files) = &self.files else { return };
        match preau_files::sweep(files).await {
            Ok(report) => tracing::debug!(?report, "swept the vault"),
            Err(error) => tracing::warn!(%error, "the vault was not swept: it is tried again"),
        }
    }
}

/// Whether the time passed before the stop came.
async fn passed(time: Duration, stop: &CancellationToken) -> bool {
    let passed = stop.run_until_cancelled(tokio::time::sleep(time)).await;
    passed.is_some()
}
