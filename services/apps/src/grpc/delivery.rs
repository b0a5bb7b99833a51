use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use preau_proto::apps::v1 as wire;
use preau_proto::apps::v1::delivery_service_server::DeliveryService;
use preau_rpc::Incoming;
use preau_rpc::convert::id;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::Error;
use crate::service::{Apps, Desired, Frame, Span};

/// DeliveryService over the use cases.
pub(crate) struct Delivery {
    apps: Arc<Apps>,
}

type Frames = Pin<Box<dyn Stream<Item = Result<wire::FetchReleaseResponse, Status>> + Send>>;

impl Delivery {
    pub(crate) fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }
}

fn wire_desired(desired: Desired) -> wire::GetDesiredStateResponse {
    let unchanged = desired.wanted.is_none();
    let wanted = desired.wanted.unwrap_or_default().into_iter();
    wire::GetDesiredStateResponse {
        hash: desired.hash.to_vec(),
        unchanged,
        wanted: wanted.map(convert::wire_wanted).collect(),
    }
}

#[tonic::async_trait]
impl DeliveryService for Delivery {
    type FetchReleaseStream = Frames;

    async fn get_desired_state(
        &self,
        request: Request<wire::GetDesiredStateRequest>,
    ) -> Result<Response<wire::GetDesiredStateResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let known = convert::optional_hash("known_hash", &request.get_ref().known_hash)?;
            self.apps.desired_state(&incoming, known).await
        };
        incoming.answer(outcome.await.map(wire_desired))
    }

    async fn fetch_release(
        &self,
        request: Request<wire::FetchReleaseRequest>,
    ) -> Result<Response<Frames>, Status> {
        let incoming = Incoming::of(&request)?;
        let opened = async {
            let message = request.get_ref();
            let release = id("release_id", &message.release_id)?;
            let span = Span {
                offset: message.offset,
                length: message.length,
            };
            self.apps.fetch(&incoming, release, span).await
        };
        let frames = opened.await.map_err(|error| incoming.status(error))?;
        let frames = frames.map(move |frame| match frame {
            Ok(Frame { offset, data }) => Ok(wire::FetchReleaseResponse { offset, data }),
            Err(failure) => Err(incoming.status(failure)),
        });
        Ok(Response::new(Box::pin(frames)))
    }

    async fn report_installation(
        &self,
        request: Request<wire::ReportInstallationRequest>,
    ) -> Result<Response<wire::ReportInstallationResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let report = convert::report(request.get_ref())?;
            self.apps.report(&incoming, &report).await?;
            Ok::<_, Error>(wire::ReportInstallationResponse {})
        };
        incoming.answer(outcome.await)
    }
}
