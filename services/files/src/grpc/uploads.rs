use std::sync::Arc;

use preau_proto::files::v1 as wire;
use preau_proto::files::v1::upload_service_server::UploadService;
use preau_rpc::Incoming;
use preau_rpc::convert::{id, optional_id};
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::Error;
use crate::service::Files;

/// UploadService over the use cases.
pub(crate) struct Uploads {
    files: Arc<Files>,
}

impl Uploads {
    pub(crate) fn new(files: Arc<Files>) -> Self {
        Self { files }
    }

    async fn create(
        &self,
        incoming: &Incoming,
        message: &wire::CreateUploadRequest,
    ) -> Result<wire::CreateUploadResponse, Error> {
        let space = id("space_id", &message.space_id)?;
        let parent = optional_id("parent_id", &message.parent_id)?;
        let name = convert::name(&message.name)?;
        let created = self
            .files
            .create_upload(incoming, space, parent, name, message.size);
        let upload = Some(convert::wire_upload(created.await?));
        Ok(wire::CreateUploadResponse { upload })
    }

    async fn put(
        &self,
        incoming: &Incoming,
        message: wire::PutPartRequest,
    ) -> Result<wire::PutPartResponse, Error> {
        let upload = id("upload_id", &message.upload_id)?;
        let sha256 = convert::hash("sha256", &message.sha256)?;
        let stored = self
            .files
            .put_part(incoming, upload, message.index, &sha256, message.data);
        let missing_count = stored.await?;
        Ok(wire::PutPartResponse { missing_count })
    }
}

#[tonic::async_trait]
impl UploadService for Uploads {
    async fn create_upload(
        &self,
        request: Request<wire::CreateUploadRequest>,
    ) -> Result<Response<wire::CreateUploadResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.create(&incoming, request.get_ref()).await)
    }

    async fn put_part(
        &self,
        request: Request<wire::PutPartRequest>,
    ) -> Result<Response<wire::PutPartResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.put(&incoming, request.into_inner()).await)
    }

    async fn get_upload(
        &self,
        request: Request<wire::GetUploadRequest>,
    ) -> Result<Response<wire::GetUploadResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let upload = id("upload_id", &request.get_ref().upload_id)?;
            let progress = self.files.upload(&incoming, upload).await?;
            let upload = Some(convert::wire_upload(progress));
            Ok::<_, Error>(wire::GetUploadResponse { upload })
        };
        incoming.answer(outcome.await)
    }

    async fn commit(
        &self,
        request: Request<wire::CommitRequest>,
    ) -> Result<Response<wire::CommitResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let upload = id("upload_id", &request.get_ref().upload_id)?;
            let blake3 = convert::optional_hash("blake3", &request.get_ref().blake3)?;
            let node = self.files.commit(&incoming, upload, blake3).await?;
            let node = Some(convert::wire_node(&node));
            Ok::<_, Error>(wire::CommitResponse { node })
        };
        incoming.answer(outcome.await)
    }

    async fn abort(
        &self,
        request: Request<wire::AbortRequest>,
    ) -> Result<Response<wire::AbortResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let upload = id("upload_id", &request.get_ref().upload_id)?;
            self.files.abort(&incoming, upload).await?;
            Ok::<_, Error>(wire::AbortResponse {})
        };
        incoming.answer(outcome.await)
    }
}
