use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use preau_proto::files::v1 as wire;
use preau_proto::files::v1::download_service_server::DownloadService;
use preau_proto::files::v1::open_response::Part;
use preau_rpc::Incoming;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::service::Files;

/// DownloadService over the use cases.
pub(crate) struct Downloads {
    files: Arc<Files>,
}

impl Downloads {
    pub(crate) fn new(files: Arc<Files>) -> Self {
        Self { files }
    }
}

type Parts = Pin<Box<dyn Stream<Item = Result<wire::OpenResponse, Status>> + Send>>;

#[tonic::async_trait]
impl DownloadService for Downloads {
    type OpenStream = Parts;

    async fn open(
        &self,
        request: Request<wire::OpenRequest>,
    ) -> Result<Response<Self::OpenStream>, Status> {
        let incoming = Incoming::of(&request)?;
        let message = request.get_ref();
        let span = convert::span(message.offset, message.length);
        let opened = self.files.open_link(&message.token, span).await;
        let (link, bytes) = opened.map_err(|error| incoming.status(error))?;
        let part = |part| wire::OpenResponse { part: Some(part) };
        let first = part(Part::Opened(convert::wire_opened(&link)));
        let parts = bytes.map(move |frame| match frame {
            Ok(data) => Ok(part(Part::Data(data))),
            Err(error) => Err(incoming.status(error)),
        });
        let parts = stream::iter([Ok(first)]).chain(parts);
        Ok(Response::new(Box::pin(parts)))
    }
}
