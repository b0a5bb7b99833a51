//! Bare tonic that takes parts and drops them, and makes bytes up when asked for some.

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use preau_proto::files::v1 as wire;
use preau_proto::files::v1::file_service_server::{FileService, FileServiceServer};
use preau_proto::files::v1::upload_service_server::{UploadService, UploadServiceServer};
use tonic::{Request, Response, Status};

/// The same frames as the files service's.
const FRAME: usize = 256 * 1024;

/// Both services, for a bare tonic server.
#[must_use]
pub fn routes() -> tonic::service::Routes {
    tonic::service::Routes::new(UploadServiceServer::new(Nowhere))
        .add_service(FileServiceServer::new(Nowhere))
}

struct Nowhere;

fn not_needed<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("not needed by the benchmark"))
}

#[tonic::async_trait]
impl UploadService for Nowhere {
    async fn put_part(
        &self,
        request: Request<wire::PutPartRequest>,
    ) -> Result<Response<wire::PutPartResponse>, Status> {
        drop(request.into_inner());
        Ok(Response::new(wire::PutPartResponse { missing_count: 0 }))
    }

    async fn create_upload(
        &self,
        _: Request<wire::CreateUploadRequest>,
    ) -> Result<Response<wire::CreateUploadResponse>, Status> {
        not_needed()
    }

    async fn get_upload(
        &self,
        _: Request<wire::GetUploadRequest>,
    ) -> Result<Response<wire::GetUploadResponse>, Status> {
        not_needed()
    }

    async fn commit(
        &self,
        _: Request<wire::CommitRequest>,
    ) -> Result<Response<wire::CommitResponse>, Status> {
        not_needed()
    }

    async fn abort(
        &self,
        _: Request<wire::AbortRequest>,
    ) -> Result<Response<wire::AbortResponse>, Status> {
        not_needed()
    }
}

#[tonic::async_trait]
impl FileService for Nowhere {
    type ReadStream = BoxStream<'static, Result<wire::ReadResponse, Status>>;

    async fn read(
        &self,
        request: Request<wire::ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let frames = usize::try_from(request.into_inner().length).unwrap_or(usize::MAX) / FRAME;
        let frame = Bytes::from(vec![7; FRAME]);
        let frames = stream::repeat(frame)
            .take(frames)
            .map(|data| Ok(wire::ReadResponse { data }));
        Ok(Response::new(frames.boxed()))
    }

    async fn list_folder(
        &self,
        _: Request<wire::ListFolderRequest>,
    ) -> Result<Response<wire::ListFolderResponse>, Status> {
        not_needed()
    }

    async fn get_node(
        &self,
        _: Request<wire::GetNodeRequest>,
    ) -> Result<Response<wire::GetNodeResponse>, Status> {
        not_needed()
    }

    async fn create_folder(
        &self,
        _: Request<wire::CreateFolderRequest>,
    ) -> Result<Response<wire::CreateFolderResponse>, Status> {
        not_needed()
    }

    async fn rename_node(
        &self,
        _: Request<wire::RenameNodeRequest>,
    ) -> Result<Response<wire::RenameNodeResponse>, Status> {
        not_needed()
    }

    async fn move_node(
        &self,
        _: Request<wire::MoveNodeRequest>,
    ) -> Result<Response<wire::MoveNodeResponse>, Status> {
        not_needed()
    }

    async fn copy_node(
        &self,
        _: Request<wire::CopyNodeRequest>,
    ) -> Result<Response<wire::CopyNodeResponse>, Status> {
        not_needed()
    }

    async fn list_trash(
        &self,
        _: Request<wire::ListTrashRequest>,
    ) -> Result<Response<wire::ListTrashResponse>, Status> {
        not_needed()
    }

    async fn restore_node(
        &self,
        _: Request<wire::RestoreNodeRequest>,
    ) -> Result<Response<wire::RestoreNodeResponse>, Status> {
        not_needed()
    }

    async fn purge_node(
        &self,
        _: Request<wire::PurgeNodeRequest>,
    ) -> Result<Response<wire::PurgeNodeResponse>, Status> {
        not_needed()
    }

    async fn create_download_link(
        &self,
        _: Request<wire::CreateDownloadLinkRequest>,
    ) -> Result<Response<wire::CreateDownloadLinkResponse>, Status> {
        not_needed()
    }

    async fn delete_node(
        &self,
        _: Request<wire::DeleteNodeRequest>,
    ) -> Result<Response<wire::DeleteNodeResponse>, Status> {
        not_needed()
    }
}
