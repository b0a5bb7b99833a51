use std::sync::Arc;

use preau_proto::files::v1 as wire;
use preau_proto::files::v1::space_service_server::SpaceService;
use preau_rpc::Incoming;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::Error;
use crate::service::Files;

/// SpaceService over the use cases.
pub(crate) struct Spaces {
    files: Arc<Files>,
}

impl Spaces {
    pub(crate) fn new(files: Arc<Files>) -> Self {
        Self { files }
    }
}

#[tonic::async_trait]
impl SpaceService for Spaces {
    async fn list_spaces(
        &self,
        request: Request<wire::ListSpacesRequest>,
    ) -> Result<Response<wire::ListSpacesResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let spaces = self.files.spaces(&incoming).await?;
            let spaces = spaces.into_iter().map(convert::wire_space).collect();
            Ok::<_, Error>(wire::ListSpacesResponse { spaces })
        };
        incoming.answer(outcome.await)
    }
}
