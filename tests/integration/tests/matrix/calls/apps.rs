//! An app of the tests' school.

use anyhow::Context as _;
use preau_harness::Caller;
use preau_proto::apps::v1::catalogue_service_client::CatalogueServiceClient;
use preau_proto::apps::v1::delivery_service_client::DeliveryServiceClient;
use preau_proto::apps::v1::deployment_service_client::DeploymentServiceClient;
use preau_proto::apps::v1::{
    AddPublisherRequest, AssignReleaseRequest, CreateReleaseRequest, FetchReleaseRequest,
    FinishReleaseRequest, GetDesiredStateRequest, GetReleaseRequest, InstallationState,
    ListAssignmentsRequest, ListInstallationsRequest, ListPublishersRequest, ListReleasesRequest,
    PutReleasePartRequest, ReportInstallationRequest, UnassignAppRequest,
};
use preau_proto::files::v1::object_service_client::ObjectServiceClient;
use preau_proto::files::v1::{
    CommitObjectRequest, CreateObjectRequest, DeleteObjectRequest, GetObjectRequest,
    PutObjectPartRequest, ReadObjectRequest,
};
use tonic::Status;

use super::{Cast, missing};
use crate::publishing::{Publisher, create, publish};

pub(super) async fn catalogue(
    cast: &Cast,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut catalogue = CatalogueServiceClient::new(caller);
    let root = &cast.root;
    let app = format!("fr.exemple.matrice-{n}");
    let content = format!("application {n}").into_bytes();
    Ok(match method {
        "AddPublisher" => {
            let request = AddPublisherRequest {
                name: "Exemple".into(),
                public_key: Publisher::generate()?.public_key(),
            };
            catalogue.add_publisher(request).await.map(drop)
        }
        "ListPublishers" => {
            let request = ListPublishersRequest {};
            catalogue.list_publishers(request).await.map(drop)
        }
        "CreateRelease" => {
            let (manifest, signature) = cast.publisher.manifest(&app, "1.0", &content)?;
            let request = CreateReleaseRequest {
                manifest,
                signature,
            };
            catalogue.create_release(request).await.map(drop)
        }
        "PutReleasePart" => {
            let release = create(root, &cast.publisher, &app, "1.0", &content).await?;
            let request = PutReleasePartRequest {
                release_id: release.release_id,
                index: 0,
                sha256: preau_harness::sha256(&content),
                data: content.into(),
            };
            catalogue.put_release_part(request).await.map(drop)
        }
        "GetRelease" => {
            let release_id = cast.release.clone();
            let request = GetReleaseRequest { release_id };
            catalogue.get_release(request).await.map(drop)
        }
        "FinishRelease" => {
            let release = publish(root, &cast.publisher, &app, "1.0", &content).await?;
            let release_id = release.release_id;
            let request = FinishReleaseRequest { release_id };
            catalogue.finish_release(request).await.map(drop)
        }
        "ListReleases" => {
            let request = ListReleasesRequest::default();
            catalogue.list_releases(request).await.map(drop)
        }
        other => return missing(other),
    })
}

pub(super) async fn deployment(
    cast: &Cast,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut deployment = DeploymentServiceClient::new(caller);
    let school_id = cast.here.id.clone();
    Ok(match method {
        "AssignRelease" => {
            let request = AssignReleaseRequest {
                school_id,
                release_id: cast.release.clone(),
            };
            deployment.assign_release(request).await.map(drop)
        }
        "UnassignApp" => {
            let app = format!("fr.exemple.nulle-part-{n}");
            let request = UnassignAppRequest { school_id, app };
            deployment.unassign_app(request).await.map(drop)
        }
        "ListAssignments" => {
            let request = ListAssignmentsRequest { school_id };
            deployment.list_assignments(request).await.map(drop)
        }
        "ListInstallations" => {
            let request = ListInstallationsRequest {
                school_id,
                ..Default::default()
            };
            deployment.list_installations(request).await.map(drop)
        }
        other => return missing(other),
    })
}

pub(super) async fn delivery(
    cast: &Cast,
    caller: Caller,
    method: &str,
) -> anyhow::Result<Result<(), Status>> {
    let mut delivery = DeliveryServiceClient::new(caller);
    Ok(match method {
        "GetDesiredState" => {
            let request = GetDesiredStateRequest::default();
            delivery.get_desired_state(request).await.map(drop)
        }
        "FetchRelease" => {
            let request = FetchReleaseRequest {
                release_id: cast.release.clone(),
                ..Default::default()
            };
            match delivery.fetch_release(request).await {
                Ok(answers) => match answers.into_inner().message().await {
                    Ok(first) => first.context("a frame").map(|_| Ok(()))?,
                    Err(status) => Err(status),
                },
                Err(status) => Err(status),
            }
        }
        "ReportInstallation" => {
            let request = ReportInstallationRequest {
                app: "fr.exemple.matrice".into(),
                release_id: cast.release.clone(),
                state: InstallationState::Installed.into(),
                reason: String::new(),
            };
            delivery.report_installation(request).await.map(drop)
        }
        other => return missing(other),
    })
}

pub(super) async fn objects(caller: Caller, method: &str) -> anyhow::Result<Result<(), Status>> {
    let mut objects = ObjectServiceClient::new(caller);
    Ok(match method {
        "CreateObject" => objects
            .create_object(CreateObjectRequest::default())
            .await
            .map(drop),
        "PutObjectPart" => objects
            .put_object_part(PutObjectPartRequest::default())
            .await
            .map(drop),
        "GetObject" => objects
            .get_object(GetObjectRequest::default())
            .await
            .map(drop),
        "CommitObject" => objects
            .commit_object(CommitObjectRequest::default())
            .await
            .map(drop),
        "ReadObject" => objects
            .read_object(ReadObjectRequest::default())
            .await
            .map(drop),
        "DeleteObject" => objects
            .delete_object(DeleteObjectRequest::default())
            .await
            .map(drop),
        other => return missing(other),
    })
}
