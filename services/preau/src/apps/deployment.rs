//! Releases and where they are installed, as lines of a terminal.

use std::fmt::Write as _;

use preau_proto::apps::v1::catalogue_service_client::CatalogueServiceClient;
use preau_proto::apps::v1::deployment_service_client::DeploymentServiceClient;
use preau_proto::apps::v1::{
    AssignReleaseRequest, Assignment, Installation, InstallationState, ListAssignmentsRequest,
    ListInstallationsRequest, ListReleasesRequest, Release, ReleaseState, UnassignAppRequest,
};

use crate::client::{Channel, Gateway, failure, retry};
use crate::failure::{Failure, one_line};

/// The largest pages.
const RELEASES: u32 = 200;
const INSTALLATIONS: u32 = 500;

fn client(gateway: &Gateway) -> DeploymentServiceClient<Channel> {
    DeploymentServiceClient::new(gateway.channel.clone())
}

/// All releases, or those of an app.
pub(crate) async fn releases(gateway: &Gateway, app: &str) -> Result<Vec<Release>, Failure> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListReleasesRequest {
            app: app.to_owned(),
            page_size: RELEASES,
            page_token,
        };
        let page = retry(|| async {
            let mut client = CatalogueServiceClient::new(gateway.channel.clone());
            client.list_releases(gateway.request(request.clone())).await
        })
        .await
        .map_err(|status| failure("cannot list the releases", &gateway.url, &status))?
        .into_inner();
        found.extend(page.releases);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(found);
        }
    }
}

/// One line a release: id, app, version, name.
pub(crate) fn table(releases: &[Release]) -> String {
    let mut text = String::new();
    for release in releases {
        let unfinished = match release.state() {
            ReleaseState::Available => "",
            _ => " (upload unfinished)",
        };
        let (app, version) = (one_line(&release.app), one_line(&release.version));
        let name = one_line(&release.name);
        let _ = writeln!(
            text,
            "{} {app:40} {version:12} {name}{unfinished}",
            release.release_id
        );
    }
    if releases.is_empty() {
        text.push_str("no releases\n");
    }
    text
}

/// Has a release installed on a school's devices.
pub(crate) async fn assign(
    gateway: &Gateway,
    school_id: &str,
    release_id: &str,
) -> Result<String, Failure> {
    let request = AssignReleaseRequest {
        school_id: school_id.to_owned(),
        release_id: release_id.to_owned(),
    };
    let assigned = retry(|| async {
        let request = gateway.request(request.clone());
        client(gateway).assign_release(request).await
    })
    .await
    .map_err(|status| failure("cannot assign the release", release_id, &status))?;
    Ok(line(&assigned.into_inner().assignment.unwrap_or_default()))
}

/// Has an app removed from a school's devices.
pub(crate) async fn unassign(
    gateway: &Gateway,
    school_id: &str,
    app: &str,
) -> Result<String, Failure> {
    let request = UnassignAppRequest {
        school_id: school_id.to_owned(),
        app: app.to_owned(),
    };
    retry(|| async {
        let request = gateway.request(request.clone());
        client(gateway).unassign_app(request).await
    })
    .await
    .map_err(|status| failure("cannot unassign the app", app, &status))?;
    Ok(format!(
        "{app} is removed from the school's devices as they connect\n"
    ))
}

/// What a school's devices are to have and how many have it; with a line for each device and app.
pub(crate) async fn status(
    gateway: &Gateway,
    school_id: &str,
    devices: bool,
) -> Result<String, Failure> {
    let request = ListAssignmentsRequest {
        school_id: school_id.to_owned(),
    };
    let found = retry(|| async {
        let request = gateway.request(request.clone());
        client(gateway).list_assignments(request).await
    })
    .await
    .map_err(|status| failure("cannot list the assignments", &gateway.url, &status))?
    .into_inner();
    let mut text: String = found.assignments.iter().map(line).collect();
    if found.assignments.is_empty() {
        text.push_str("nothing is assigned\n");
    }
    if devices {
        let installations = installations(gateway, school_id).await?;
        text.extend(installations.iter().map(installation));
    }
    Ok(text)
}

async fn installations(gateway: &Gateway, school_id: &str) -> Result<Vec<Installation>, Failure> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListInstallationsRequest {
            school_id: school_id.to_owned(),
            app: String::new(),
            page_size: INSTALLATIONS,
            page_token,
        };
        let page = retry(|| async {
            let request = gateway.request(request.clone());
            client(gateway).list_installations(request).await
        })
        .await
        .map_err(|status| failure("cannot list the installations", &gateway.url, &status))?
        .into_inner();
        found.extend(page.installations);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(found);
        }
    }
}

fn line(assignment: &Assignment) -> String {
    let release = assignment.release.clone().unwrap_or_default();
    let (app, version) = (one_line(&release.app), one_line(&release.version));
    format!(
        "{} {app} {version}: {} installed, {} fetching, {} failed\n",
        release.release_id, assignment.installed, assignment.fetching, assignment.failed
    )
}

fn installation(found: &Installation) -> String {
    let state = match found.state() {
        InstallationState::Installed => "installed",
        InstallationState::Fetching => "fetching",
        InstallationState::Failed => "failed",
        InstallationState::Removed => "removed",
        InstallationState::Unspecified => "unknown",
    };
    let reason = match found.reason.is_empty() {
        true => String::new(),
        false => format!(": {}", one_line(&found.reason)),
    };
    let (app, version) = (one_line(&found.app), one_line(&found.version));
    format!("{} {app} {version} {state}{reason}\n", found.device_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_that_is_not_there_whole_says_so() {
        let release = |state: ReleaseState| Release {
            release_id: "the-release".into(),
            app: "fr.example.app".into(),
            version: "1".into(),
            name: "App".into(),
            state: state.into(),
            ..Release::default()
        };
        assert!(table(&[release(ReleaseState::Uploading)]).ends_with("App (upload unfinished)\n"));
        assert!(table(&[release(ReleaseState::Available)]).ends_with(" App\n"));
        assert_eq!(table(&[]), "no releases\n");
    }

    #[test]
    fn a_failed_installation_says_why_in_one_line() {
        let found = Installation {
            device_id: "the-device".into(),
            app: "fr.example.app".into(),
            version: "1".into(),
            state: InstallationState::Failed.into(),
            reason: "SHA-256\nwrong".into(),
            ..Installation::default()
        };
        assert_eq!(
            installation(&found),
            "the-device fr.example.app 1 failed: SHA-256 wrong\n"
        );
    }
}
