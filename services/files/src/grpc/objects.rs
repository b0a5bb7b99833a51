use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use preau_proto::files::v1 as wire;
use preau_proto::files::v1::object_service_server::ObjectService;
use preau_rpc::Incoming;
use preau_rpc::convert::id;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::Error;
use crate::service::Files;

/// ObjectService over the use cases.
pub(crate) struct Objects {
    files: Arc<Files>,
}

type Frames = Pin<Box<dyn Stream<Item = Result<wire::ReadObjectResponse, Status>> + Send>>;

impl Objects {
    pub(crate) fn new(files: Arc<Files>) -> Self {
        Self { files }
    }

    async fn put(
        &self,
        incoming: &Incoming,
        message: wire::PutObjectPartRequest,
    ) -> Result<wire::PutObjectPartResponse, Error> {
        let object = id("object_id", &message.object_id)?;
        let sha256 = convert::hash("sha256", &message.sha256)?;
        let stored =
            self.files
                .put_object_part(incoming, object, message.index, &sha256, message.data);
        let missing = stored.await?;
        Ok(wire::PutObjectPartResponse { missing })
    }
}

#[tonic::async_trait]
impl ObjectService for Objects {
    type ReadObjectStream = Frames;

    async fn create_object(
        &self,
        request: Request<wire::CreateObjectRequest>,
    ) -> Result<Response<wire::CreateObjectResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let size = request.get_ref().size;
        let created = self.files.create_object(&incoming, size).await;
        incoming.answer(created.map(|object| convert::wire_created(&object)))
    }

    async fn put_object_part(
        &self,
        request: Request<wire::PutObjectPartRequest>,
    ) -> Result<Response<wire::PutObjectPartResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.put(&incoming, request.into_inner()).await)
    }

    async fn get_object(
        &self,
        request: Request<wire::GetObjectRequest>,
    ) -> Result<Response<wire::GetObjectResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let object = id("object_id", &request.get_ref().object_id)?;
            let (object, missing) = self.files.object(&incoming, object).await?;
            Ok::<_, Error>(convert::wire_object(&object, missing))
        };
        incoming.answer(outcome.await)
    }

    async fn commit_object(
        &self,
        request: Request<wire::CommitObjectRequest>,
    ) -> Result<Response<wire::CommitObjectResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let object = id("object_id", &request.get_ref().object_id)?;
            let blake3 = convert::hash("blake3", &request.get_ref().blake3)?;
            let object = self.files.commit_object(&incoming, object, blake3).await?;
            Ok::<_, Error>(wire::CommitObjectResponse { size: object.size })
        };
        incoming.answer(outcome.await)
    }

    async fn read_object(
        &self,
        request: Request<wire::ReadObjectRequest>,
    ) -> Result<Response<Self::ReadObjectStream>, Status> {
        let incoming = Incoming::of(&request)?;
        let opened = async {
            let message = request.get_ref();
            let object = id("object_id", &message.object_id)?;
            let span = convert::span(message.offset, message.length);
            self.files.read_object(&incoming, object, span).await
        };
        let frames = opened.await.map_err(|error| incoming.status(error))?;
        let frames = frames.map(move |frame| match frame {
            Ok(data) => Ok(wire::ReadObjectResponse { data }),
            Err(error) => Err(incoming.status(error)),
        });
        Ok(Response::new(Box::pin(frames)))
    }

    async fn delete_object(
        &self,
        request: Request<wire::DeleteObjectRequest>,
    ) -> Result<Response<wire::DeleteObjectResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let object = id("object_id", &request.get_ref().object_id)?;
            self.files.delete_object(&incoming, object).await?;
            Ok::<_, Error>(wire::DeleteObjectResponse {})
        };
        incoming.answer(outcome.await)
    }
}
