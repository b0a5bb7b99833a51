//! Having what the device is to have: asked for when the server says that it changed, fetched on from where it was cut
//! off, verified whole, put in its place in one step, reported until the server has heard.
//!
//! A release is believed for its publisher's signature and nothing else: not the server's word, not the connection.

mod fetch;
mod manifest;
mod place;

use std::collections::BTreeSet;
use std::time::Duration;

use preau_proto::apps::v1::delivery_service_client::DeliveryServiceClient;
use preau_proto::apps::v1::{
    GetDesiredStateRequest, GetDesiredStateResponse, InstallationState, ReportInstallationRequest,
    Wanted,
};
use tokio::time::timeout;
use tonic::{Code, Status};

use crate::device::{Device, Event, one_line};
use crate::error::AgentError;
use crate::publishers;
use crate::retry::{Backoff, spread};
use crate::state::{InstalledApp, Report, Said};
use manifest::Verified;
pub(crate) use place::Place;

/// As the contract has it.
const ASK: Duration = Duration::from_secs(5);
/// What was refused is looked at again at most this late.
const LATEST: Duration = Duration::from_secs(6 * 3600);

/// Why something is not installed.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Whatever the device tries, it stays wrong until somebody changes it: told to the administrator.
    For(String),
    /// The server, or the way to it: tried again soon.
    Call(Status),
}

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        match status.code() {
            // It was taken back meanwhile, or never was this school's.
            Code::NotFound | Code::PermissionDenied => {
                Self::For("the server does not give it out".to_owned())
            }
            _ => Self::Call(status),
        }
    }
}

/// How a round went.
enum Round {
    /// Everything is as it is to be.
    Whole,
    /// Something was refused, and reported.
    Lacking,
}

/// Brings the desired state about whenever it changes, and looks after it from time to time, for ever.
pub(crate) async fn installing(device: &Device) {
    let mut told = device.told.subscribe();
    let mut backoff = Backoff::default();
    let mut lacking: u32 = 0;
    // The first word of a stream says whether anything is to be asked at all.
    let first = timeout(device.timing.first_word, told.changed()).await;
    let mut ask = first.is_err() || is_news(device);
    loop {
        // Boxed: it is rare, and every device would keep the room for it.
        let wait = match Box::pin(round(device, ask)).await {
            Ok(Round::Whole) => {
                (backoff, lacking) = (Backoff::default(), 0);
                spread(device.timing.desired, &mut rand::rng())
            }
            Ok(Round::Lacking) => {
                backoff.reset();
                let later = device.timing.desired * 2u32.saturating_pow(lacking.min(8));
                lacking += 1;
                spread(later.min(LATEST), &mut rand::rng())
            }
            Err(status) => {
                device.event(Event::Trouble(&status));
                backoff.after(Some(&status), &mut rand::rng())
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => ask = true,
            _ = told.changed() => ask = is_news(device),
        }
    }
}

/// Whether what the server last said differs from what was brought about. Having nothing, and nothing assigned ever,
/// do not.
fn is_news(device: &Device) -> bool {
    let told = device.told.borrow().clone().unwrap_or_default();
    let applied = device.store.read(|journal| journal.applied.clone());
    applied.unwrap_or_default() != hex::encode(told)
}

async fn round(device: &Device, ask: bool) -> Result<Round, Status> {
    report(device).await?;
    if !ask && intact(device).await {
        return Ok(Round::Whole);
    }
    device.pin_publishers().await?;
    let wanted = desired(device).await?;
    if wanted.unchanged {
        return Ok(Round::Whole);
    }
    let round = bring_about(device, &wanted.wanted).await;
    // Also when something got stuck: what was done is done.
    report(device).await?;
    let round = round?;
    if matches!(round, Round::Whole) {
        let hash = hex::encode(&wanted.hash);
        keep(device, |journal| journal.applied = Some(hash)).await?;
    }
    Ok(round)
}

async fn desired(device: &Device) -> Result<GetDesiredStateResponse, Status> {
    let known = match intact(device).await {
        true => device.store.read(|journal| journal.applied.clone()),
        false => None,
    };
    let request = GetDesiredStateRequest {
        known_hash: known
            .and_then(|hash| hex::decode(hash).ok())
            .unwrap_or_default(),
    };
    let (link, _) = device.link();
    link.call(ASK, request, |wire, request| {
        Box::pin(async move {
            DeliveryServiceClient::new(wire)
                .get_desired_state(request)
                .await
        })
    })
    .await
}

/// Whether what was installed is still there.
async fn intact(device: &Device) -> bool {
    let apps = device.store.read(|journal| journal.apps.clone());
    let place = device.place();
    apps.iter()
        .all(|(app, installed)| place.has(app, &installed.version, &installed.file_name))
}

/// Installs and removes. One app that is refused, or stuck, keeps no other waiting.
async fn bring_about(device: &Device, wanted: &[Wanted]) -> Result<Round, Status> {
    let keys = publishers::trusted(&device.store).map_err(internal)?;
    let (mut apps, mut round, mut stuck) = (BTreeSet::new(), Round::Whole, None);
    for wanted in wanted {
        let claimed = manifest::claimed_app(&wanted.manifest);
        let installed = match manifest::verified(wanted, &keys) {
            Ok(verified) => install(device, &verified).await,
            Err(reason) => Err(Refused::For(reason.to_owned())),
        };
        match (installed, &claimed) {
            (Ok(()), _) => {}
            (Err(Refused::Call(status)), _) => stuck = Some(status),
            (Err(Refused::For(reason)), Some(app)) => {
                round = Round::Lacking;
                tracing::warn!(
                    release_id = wanted.release_id,
                    reason,
                    "a release is not installed"
                );
                let failed = said(&wanted.release_id, Said::Failed, &reason);
                note(device, app, failed).await?;
            }
            // Of an app without a name nothing can be reported.
            (Err(Refused::For(reason)), None) => {
                round = Round::Lacking;
                tracing::error!(
                    release_id = wanted.release_id,
                    reason,
                    "a release is not installed"
                );
            }
        }
        apps.extend(claimed);
    }
    let gone: Vec<String> = device.store.read(|journal| {
        let installed = journal.apps.keys();
        installed
            .filter(|app| !apps.contains(*app))
            .cloned()
            .collect()
    });
    for app in gone {
        remove(device, &app).await?;
    }
    tidy(device, wanted).await;
    stuck.map_or(Ok(round), Err)
}

/// Half a release that was taken back, or replaced before it had come, would lie there for ever.
async fn tidy(device: &Device, wanted: &[Wanted]) {
    let wanted = wanted.iter().map(|wanted| wanted.release_id.parse().ok());
    let (place, wanted) = (device.place(), wanted.flatten().collect());
    // Left over, it takes room and nothing else.
    if let Err(refused) = blocking(move || place.drop_fetched_but(&wanted)).await {
        tracing::warn!(
            ?refused,
            "bytes of releases that are not wanted could not be removed"
        );
    }
}

async fn install(device: &Device, verified: &Verified) -> Result<(), Refused> {
    let app = verified.app.as_str();
    let before = device.store.read(|journal| journal.apps.get(app).cloned());
    let place = device.place();
    let present = before.as_ref().is_some_and(|before| {
        before.release_id == verified.release_id
            && place.has(app, &before.version, &before.file_name)
    });
    if present {
        return Ok(());
    }
    let release_id = verified.release_id.to_string();
    note(device, app, said(&release_id, Said::Fetching, "")).await?;
    // That it is being fetched is not worth failing for.
    let _ = report(device).await;
    let fetched = fetch::whole(device, &place, verified).await?;
    let (moved, wanted) = (place.clone(), verified.clone());
    blocking(move || moved.install(&fetched, &wanted)).await?;
    let installed = InstalledApp {
        release_id: verified.release_id,
        version: verified.version.clone(),
        file_name: verified.file_name.clone(),
    };
    let report = said(&release_id, Said::Installed, "");
    keep(device, |journal| {
        journal.apps.insert(app.to_owned(), installed);
        journal.reports.insert(app.to_owned(), report);
    })
    .await?;
    let (app, version) = (app.to_owned(), verified.version.clone());
    // Left over, it takes room and nothing else.
    if let Err(refused) = blocking(move || place.remove_but(&app, &version)).await {
        tracing::warn!(?refused, "an older version could not be removed");
    }
    Ok(())
}

async fn remove(device: &Device, app: &str) -> Result<(), Status> {
    let (place, name) = (device.place(), app.to_owned());
    if let Err(refused) = blocking(move || place.remove(&name)).await {
        tracing::warn!(?refused, "an app could not be removed");
        return Err(Status::internal("an app could not be removed"));
    }
    let report = said("", Said::Removed, "");
    keep(device, |journal| {
        journal.apps.remove(app);
        journal.reports.insert(app.to_owned(), report);
    })
    .await
}

/// Tells the server what it does not know yet.
async fn report(device: &Device) -> Result<(), Status> {
    let reports = device.store.read(|journal| journal.reports.clone());
    let (link, _) = device.link();
    for (app, report) in reports {
        let request = ReportInstallationRequest {
            app: app.clone(),
            release_id: report.release_id.clone(),
            state: InstallationState::from(report.said).into(),
            reason: one_line(&report.reason),
        };
        let answer = link
            .call(ASK, request, |wire, request| {
                Box::pin(async move {
                    DeliveryServiceClient::new(wire)
                        .report_installation(request)
                        .await
                })
            })
            .await;
        match answer {
            Ok(_) => {}
            // It will not take this one the next time either, and what comes after must not wait for it.
            Err(status) if is_refusal(status.code()) => {
                tracing::warn!(code = ?status.code(), "a report was refused");
            }
            Err(status) => return Err(status),
        }
        keep(device, |journal| {
            if journal.reports.get(&app) == Some(&report) {
                journal.reports.remove(&app);
            }
        })
        .await?;
    }
    Ok(())
}

/// Also of a release that the server does not give out any more, as after its restoration from a backup.
fn is_refusal(code: Code) -> bool {
    matches!(
        code,
        Code::NotFound | Code::InvalidArgument | Code::FailedPrecondition
    )
}

fn said(release_id: &str, said: Said, reason: &str) -> Report {
    Report {
        release_id: release_id.to_owned(),
        said,
        reason: reason.to_owned(),
    }
}

async fn note(device: &Device, app: &str, report: Report) -> Result<(), Status> {
    keep(device, |journal| {
        journal.reports.insert(app.to_owned(), report);
    })
    .await
}

async fn keep(
    device: &Device,
    change: impl FnOnce(&mut crate::state::Journal),
) -> Result<(), Status> {
    device.store.change(change).await.map_err(internal)
}

fn internal(error: AgentError) -> Status {
    Status::internal(format!("{error}: {}", error.place()))
}

/// Work on the disk that may take long.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|end| Err(Refused::Call(Status::internal(end.to_string()))))
}

impl From<Said> for InstallationState {
    fn from(said: Said) -> Self {
        match said {
            Said::Fetching => Self::Fetching,
            Said::Installed => Self::Installed,
            Said::Failed => Self::Failed,
            Said::Removed => Self::Removed,
        }
    }
}
