use std::sync::Arc;

use preau_kernel::failure::Failure;
use preau_kernel::ids::SchoolId;
use preau_proto::apps::v1 as wire;
use preau_proto::apps::v1::deployment_service_server::DeploymentService;
use preau_rpc::Incoming;
use preau_rpc::convert::id;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::Error;
use crate::service::Apps;

/// Installations of a page when the caller does not say.
const DEFAULT_PAGE: u32 = 100;
/// Installations of a page at most.
const MAX_PAGE: u32 = 500;

/// DeploymentService over the use cases.
pub(crate) struct Deployment {
    apps: Arc<Apps>,
}

impl Deployment {
    pub(crate) fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }

    async fn installations(
        &self,
        incoming: &Incoming,
        message: &wire::ListInstallationsRequest,
    ) -> Result<wire::ListInstallationsResponse, Error> {
        let school = id("school_id", &message.school_id)?;
        let app = convert::optional_app(&message.app)?;
        let after = convert::after_installation(&message.page_token)?;
        let size = page_size(message.page_size)?;
        let page = self
            .apps
            .installations(incoming, school, app.as_ref(), &after, size)
            .await?;
        let installations = page.rows.into_iter();
        Ok(wire::ListInstallationsResponse {
            installations: installations.map(convert::wire_installation).collect(),
            next_page_token: page.next,
        })
    }
}

fn page_size(asked: u32) -> Result<u32, Failure> {
    match asked {
        0 => Ok(DEFAULT_PAGE),
        1..=MAX_PAGE => Ok(asked),
        _ => Err(Failure::invalid(
            "page_size",
            format!("{asked} is too many: ask for 1 to {MAX_PAGE}"),
        )),
    }
}

#[tonic::async_trait]
impl DeploymentService for Deployment {
    async fn assign_release(
        &self,
        request: Request<wire::AssignReleaseRequest>,
    ) -> Result<Response<wire::AssignReleaseResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let school = id("school_id", &request.get_ref().school_id)?;
            let release = id("release_id", &request.get_ref().release_id)?;
            let assignment = self.apps.assign(&incoming, school, release).await?;
            let assignment = Some(convert::wire_assignment(school, &assignment));
            Ok::<_, Error>(wire::AssignReleaseResponse { assignment })
        };
        incoming.answer(outcome.await)
    }

    async fn unassign_app(
        &self,
        request: Request<wire::UnassignAppRequest>,
    ) -> Result<Response<wire::UnassignAppResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let school = id("school_id", &request.get_ref().school_id)?;
            let app = convert::app(&request.get_ref().app)?;
            self.apps.unassign(&incoming, school, &app).await?;
            Ok::<_, Error>(wire::UnassignAppResponse {})
        };
        incoming.answer(outcome.await)
    }

    async fn list_assignments(
        &self,
        request: Request<wire::ListAssignmentsRequest>,
    ) -> Result<Response<wire::ListAssignmentsResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let school: SchoolId = id("school_id", &request.get_ref().school_id)?;
            let assignments = self.apps.assignments(&incoming, school).await?;
            let wired = |assignment| convert::wire_assignment(school, assignment);
            let assignments = assignments.iter().map(wired).collect();
            Ok::<_, Error>(wire::ListAssignmentsResponse { assignments })
        };
        incoming.answer(outcome.await)
    }

    async fn list_installations(
        &self,
        request: Request<wire::ListInstallationsRequest>,
    ) -> Result<Response<wire::ListInstallationsResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.installations(&incoming, request.get_ref()).await)
    }
}
