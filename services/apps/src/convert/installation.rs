use preau_kernel::failure::Failure;
use preau_kernel::ids::{ReleaseId, SchoolId};
use preau_proto::apps::v1 as wire;
use preau_rpc::convert::{optional_id, wire_time};

use super::{app, wire_release};
use crate::domain::{Assignment, Installation, Line, Outcome, Report};

/// What a device says. A reason counts where something failed, and a release where there still is one.
pub(crate) fn report(message: &wire::ReportInstallationRequest) -> Result<Report, Failure> {
    let release: Option<ReleaseId> = optional_id("release_id", &message.release_id)?;
    let reason = Line::reason(&message.reason)
        .map_err(|error| Failure::invalid("reason", error.to_string()))?;
    let named =
        || release.ok_or_else(|| Failure::invalid("release_id", "say which release it is about"));
    let outcome = match message.state() {
        wire::InstallationState::Fetching => Outcome::Fetching(named()?),
        wire::InstallationState::Installed => Outcome::Installed(named()?),
        wire::InstallationState::Failed => Outcome::Failed(named()?, reason),
        wire::InstallationState::Removed => Outcome::Removed,
        wire::InstallationState::Unspecified => {
            return Err(Failure::invalid("state", "say what became of the app"));
        }
    };
    Ok(Report {
        app: app(&message.app)?,
        outcome,
    })
}

pub(crate) fn wire_assignment(school: SchoolId, assignment: &Assignment) -> wire::Assignment {
    wire::Assignment {
        school_id: school.to_string(),
        release: Some(wire_release(&assignment.release)),
        assigned_at: Some(wire_time(assignment.at)),
        assigned_by: assignment.by.to_string(),
        installed: assignment.installed,
        failed: assignment.failed,
        fetching: assignment.fetching,
    }
}

pub(crate) fn wire_installation(installation: Installation) -> wire::Installation {
    let Report { app, outcome } = installation.report;
    let release = outcome.release();
    let (state, reason) = match outcome {
        Outcome::Fetching(_) => (wire::InstallationState::Fetching, Line::default()),
        Outcome::Installed(_) => (wire::InstallationState::Installed, Line::default()),
        Outcome::Failed(_, reason) => (wire::InstallationState::Failed, reason),
        Outcome::Removed => (wire::InstallationState::Removed, Line::default()),
    };
    wire::Installation {
        device_id: installation.device.to_string(),
        app: app.as_str().to_owned(),
        release_id: release
            .map(|release| release.to_string())
            .unwrap_or_default(),
        version: installation.version,
        state: state.into(),
        reason: reason.as_str().to_owned(),
        reported_at: Some(wire_time(installation.at)),
    }
}
