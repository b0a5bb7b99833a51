//! `DeliveryService`, and of `CatalogueService` what devices ask.

use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, stream};
use preau_proto::apps::v1::catalogue_service_server::CatalogueService;
use preau_proto::apps::v1::delivery_service_server::DeliveryService;
use preau_proto::apps::v1::{
    AddPublisherRequest, AddPublisherResponse, CreateReleaseRequest, CreateReleaseResponse,
    FetchReleaseRequest, FetchReleaseResponse, FinishReleaseRequest, FinishReleaseResponse,
    GetDesiredStateRequest, GetDesiredStateResponse, GetReleaseRequest, GetReleaseResponse,
    ListPublishersRequest, ListPublishersResponse, ListReleasesRequest, ListReleasesResponse,
    PutReleasePartRequest, PutReleasePartResponse, ReportInstallationRequest,
    ReportInstallationResponse,
};
use tonic::{Request, Response, Status};

use super::World;

/// Bytes of a frame.
const FRAME: usize = 10_000;

type Bodies = Pin<Box<dyn Stream<Item = Result<FetchReleaseResponse, Status>> + Send>>;

#[tonic::async_trait]
impl DeliveryService for World {
    type FetchReleaseStream = Bodies;

    async fn get_desired_state(
        &self,
        request: Request<GetDesiredStateRequest>,
    ) -> Result<Response<GetDesiredStateResponse>, Status> {
        self.enter("GetDesiredState", &request)?;
        let inner = self.lock();
        let unchanged = request.get_ref().known_hash == inner.hash;
        Ok(Response::new(GetDesiredStateResponse {
            hash: inner.hash.clone(),
            unchanged,
            wanted: match unchanged {
                true => Vec::new(),
                false => inner.wanted.clone(),
            },
        }))
    }

    async fn fetch_release(
        &self,
        request: Request<FetchReleaseRequest>,
    ) -> Result<Response<Bodies>, Status> {
        self.enter("FetchRelease", &request)?;
        let request = request.into_inner();
        let mut inner = self.lock();
        inner.offsets.push(request.offset);
        let file = inner.files.get(&request.release_id);
        let file = file.ok_or_else(|| Status::not_found("no such release"))?;
        let from = usize::try_from(request.offset).expect("a small file");
        let rest = Bytes::copy_from_slice(&file[from..]);
        let cut = inner.cut_after.take();
        let mut frames = Vec::new();
        let (mut at, mut sent) = (request.offset, 0);
        for frame in rest.chunks(FRAME) {
            if cut.is_some_and(|cut| sent + frame.len() > cut) {
                frames.push(Err(Status::unavailable("cut")));
                break;
            }
            let data = Bytes::copy_from_slice(frame);
            frames.push(Ok(FetchReleaseResponse { offset: at, data }));
            at += frame.len() as u64;
            sent += frame.len();
        }
        Ok(Response::new(Box::pin(stream::iter(frames))))
    }

    async fn report_installation(
        &self,
        request: Request<ReportInstallationRequest>,
    ) -> Result<Response<ReportInstallationResponse>, Status> {
        self.enter("ReportInstallation", &request)?;
        self.lock().reports.push(request.into_inner());
        self.touch();
        Ok(Response::new(ReportInstallationResponse {}))
    }
}

#[tonic::async_trait]
impl CatalogueService for World {
    async fn list_publishers(
        &self,
        request: Request<ListPublishersRequest>,
    ) -> Result<Response<ListPublishersResponse>, Status> {
        self.enter("ListPublishers", &request)?;
        let publishers = self.lock().publishers.clone();
        Ok(Response::new(ListPublishersResponse { publishers }))
    }

    async fn add_publisher(
        &self,
        _: Request<AddPublisherRequest>,
    ) -> Result<Response<AddPublisherResponse>, Status> {
        Err(not_for_devices())
    }

    async fn create_release(
        &self,
        _: Request<CreateReleaseRequest>,
    ) -> Result<Response<CreateReleaseResponse>, Status> {
        Err(not_for_devices())
    }

    async fn put_release_part(
        &self,
        _: Request<PutReleasePartRequest>,
    ) -> Result<Response<PutReleasePartResponse>, Status> {
        Err(not_for_devices())
    }

    async fn get_release(
        &self,
        _: Request<GetReleaseRequest>,
    ) -> Result<Response<GetReleaseResponse>, Status> {
        Err(not_for_devices())
    }

    async fn finish_release(
        &self,
        _: Request<FinishReleaseRequest>,
    ) -> Result<Response<FinishReleaseResponse>, Status> {
        Err(not_for_devices())
    }

    async fn list_releases(
        &self,
        _: Request<ListReleasesRequest>,
    ) -> Result<Response<ListReleasesResponse>, Status> {
        Err(not_for_devices())
    }
}

fn not_for_devices() -> Status {
    Status::permission_denied("not for devices")
}
