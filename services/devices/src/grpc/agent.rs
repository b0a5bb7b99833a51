//! AgentService.

use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use preau_proto::devices::v1 as wire;
use preau_proto::devices::v1::agent_service_server::AgentService;
use preau_rpc::Incoming;
use preau_rpc::convert::{id, wire_time};
use preau_storage_database::events::Cursor;
use tonic::{Request, Response, Status};

use super::Handler;
use crate::convert;
use crate::error::Error;
use crate::service::{Answer, Following};

type Answers = Pin<Box<dyn Stream<Item = Result<wire::WatchResponse, Status>> + Send>>;

/// Ends after the first failure.
fn answers(
    incoming: Incoming,
    following: Following,
) -> impl Stream<Item = Result<wire::WatchResponse, Status>> + Send {
    let state = Some((incoming, following));
    futures::stream::unfold(state, async |state| {
        let (incoming, mut following) = state?;
        match following.next().await {
            Ok(None) => None,
            Ok(Some(answer)) => Some((Ok(wire_answer(answer)), Some((incoming, following)))),
            Err(error) => Some((Err(incoming.status(error)), None)),
        }
    })
}

fn wire_answer(answer: Answer) -> wire::WatchResponse {
    wire::WatchResponse {
        commands: answer.commands.iter().map(convert::wire_command).collect(),
        cursor: answer.cursor.0,
        desired_state: answer.desired,
    }
}

#[tonic::async_trait]
impl AgentService for Handler {
    type WatchStream = Answers;

    async fn enroll(
        &self,
        request: Request<wire::EnrollRequest>,
    ) -> Result<Response<wire::EnrollResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let message = request.get_ref();
            let enrolling = convert::enrolling(message)?;
            let enrolment = self
                .fleet
                .enrol(&enrolling, &message.certificate_request)
                .await?;
            Ok::<_, Error>(wire::EnrollResponse {
                device_id: enrolment.enrolled.device.to_string(),
                school_id: enrolment.school.to_string(),
                certificate: Some(convert::wire_certificate(enrolment.enrolled.certificate)),
            })
        };
        incoming.answer(outcome.await)
    }

    async fn sign_in(
        &self,
        request: Request<wire::SignInRequest>,
    ) -> Result<Response<wire::SignInResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let session = self.fleet.sign_in(&request.get_ref().assertion).await?;
            Ok::<_, Error>(wire::SignInResponse {
                session_token: session.token.text(),
                expires_at: Some(wire_time(session.expires)),
            })
        };
        incoming.answer(outcome.await)
    }

    async fn renew_certificate(
        &self,
        request: Request<wire::RenewCertificateRequest>,
    ) -> Result<Response<wire::RenewCertificateResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let message = request.get_ref();
            let os = convert::said("os", &message.os)?;
            let version = convert::said("agent_version", &message.agent_version)?;
            let issued = self
                .fleet
                .renew(
                    &incoming,
                    &message.certificate_request,
                    &message.proof,
                    &os,
                    &version,
                )
                .await?;
            let certificate = Some(convert::wire_certificate(issued));
            Ok::<_, Error>(wire::RenewCertificateResponse { certificate })
        };
        incoming.answer(outcome.await)
    }

    async fn watch(
        &self,
        request: Request<wire::WatchRequest>,
    ) -> Result<Response<Answers>, Status> {
        let incoming = Incoming::of(&request)?;
        let cursor = Cursor(request.get_ref().cursor);
        let opened = Arc::clone(&self.fleet).watch(&incoming, cursor).await;
        let following = opened.map_err(|error| incoming.status(error))?;
        Ok(Response::new(Box::pin(answers(incoming, following))))
    }

    async fn acknowledge(
        &self,
        request: Request<wire::AcknowledgeRequest>,
    ) -> Result<Response<wire::AcknowledgeResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let command = id("command_id", &request.get_ref().command_id)?;
            let told = convert::told(request.get_ref())?;
            self.fleet.acknowledge(&incoming, command, &told).await?;
            Ok::<_, Error>(wire::AcknowledgeResponse {})
        };
        incoming.answer(outcome.await)
    }
}
