use std::sync::Arc;

use preau_kernel::paging::page_size;
use preau_proto::apps::v1 as wire;
use preau_proto::apps::v1::catalogue_service_server::CatalogueService;
use preau_rpc::Incoming;
use preau_rpc::convert::id;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::Error;
use crate::service::Apps;

/// CatalogueService over the use cases.
pub(crate) struct Catalogue {
    apps: Arc<Apps>,
}

impl Catalogue {
    pub(crate) fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }

    async fn create(
        &self,
        incoming: &Incoming,
        message: wire::CreateReleaseRequest,
    ) -> Result<wire::CreateReleaseResponse, Error> {
        let signed = convert::signed(message)?;
        let manifest = convert::manifest(&signed.manifest)?;
        let created = self.apps.create_release(incoming, &manifest, signed).await;
        let (release, plan) = created?;
        Ok(wire::CreateReleaseResponse {
            release: Some(convert::wire_release(&release)),
            plan: plan.map(convert::wire_plan),
        })
    }

    async fn put(
        &self,
        incoming: &Incoming,
        message: wire::PutReleasePartRequest,
    ) -> Result<wire::PutReleasePartResponse, Error> {
        let release = id("release_id", &message.release_id)?;
        let sha256 = convert::hash("sha256", &message.sha256)?;
        let stored = self
            .apps
            .put_part(incoming, release, message.index, sha256, message.data);
        let missing = stored.await?;
        Ok(wire::PutReleasePartResponse { missing })
    }

    async fn list(
        &self,
        incoming: &Incoming,
        message: &wire::ListReleasesRequest,
    ) -> Result<wire::ListReleasesResponse, Error> {
        let app = convert::optional_app(&message.app)?;
        let after = convert::after_release(&message.page_token)?;
        let size = page_size(message.page_size)?;
        let page = self
            .apps
            .releases(incoming, app.as_ref(), after.as_ref(), size)
            .await?;
        Ok(wire::ListReleasesResponse {
            releases: page.rows.iter().map(convert::wire_release).collect(),
            next_page_token: page.next,
        })
    }
}

#[tonic::async_trait]
impl CatalogueService for Catalogue {
    async fn add_publisher(
        &self,
        request: Request<wire::AddPublisherRequest>,
    ) -> Result<Response<wire::AddPublisherResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let name = convert::label("name", &request.get_ref().name)?;
            let key = convert::public_key(&request.get_ref().public_key)?;
            let publisher = self.apps.add_publisher(&incoming, name, key).await?;
            let publisher = Some(convert::wire_publisher(&publisher));
            Ok::<_, Error>(wire::AddPublisherResponse { publisher })
        };
        incoming.answer(outcome.await)
    }

    async fn list_publishers(
        &self,
        request: Request<wire::ListPublishersRequest>,
    ) -> Result<Response<wire::ListPublishersResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let publishers = self.apps.publishers(&incoming).await?;
            let publishers = publishers.iter().map(convert::wire_publisher).collect();
            Ok::<_, Error>(wire::ListPublishersResponse { publishers })
        };
        incoming.answer(outcome.await)
    }

    async fn create_release(
        &self,
        request: Request<wire::CreateReleaseRequest>,
    ) -> Result<Response<wire::CreateReleaseResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.create(&incoming, request.into_inner()).await)
    }

    async fn put_release_part(
        &self,
        request: Request<wire::PutReleasePartRequest>,
    ) -> Result<Response<wire::PutReleasePartResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.put(&incoming, request.into_inner()).await)
    }

    async fn get_release(
        &self,
        request: Request<wire::GetReleaseRequest>,
    ) -> Result<Response<wire::GetReleaseResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let release = id("release_id", &request.get_ref().release_id)?;
            let (release, plan) = self.apps.get_release(&incoming, release).await?;
            Ok::<_, Error>(wire::GetReleaseResponse {
                release: Some(convert::wire_release(&release)),
                plan: plan.map(convert::wire_plan),
            })
        };
        incoming.answer(outcome.await)
    }

    async fn finish_release(
        &self,
        request: Request<wire::FinishReleaseRequest>,
    ) -> Result<Response<wire::FinishReleaseResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let release = id("release_id", &request.get_ref().release_id)?;
            let release = self.apps.finish_release(&incoming, release).await?;
            let release = Some(convert::wire_release(&release));
            Ok::<_, Error>(wire::FinishReleaseResponse { release })
        };
        incoming.answer(outcome.await)
    }

    async fn list_releases(
        &self,
        request: Request<wire::ListReleasesRequest>,
    ) -> Result<Response<wire::ListReleasesResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.list(&incoming, request.get_ref()).await)
    }
}
