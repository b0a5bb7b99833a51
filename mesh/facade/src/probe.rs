//! The call that does nothing but cross the mesh; every role answers it.

use preau_proto::mesh::v1::probe_service_server::ProbeService;
use preau_proto::mesh::v1::{EchoRequest, EchoResponse};
use tonic::{Code, Request, Response, Status};

use crate::{Call, Fault};

/// What the contract says of `EchoRequest.payload`.
const MAX_PAYLOAD: usize = 64 * 1024;

/// Answers what it was sent, to any user, since the relation is SELF and there is no object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe;

#[tonic::async_trait]
impl ProbeService for Probe {
    async fn echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        let call = Call::of(&request)?;
        let payload = request.into_inner().payload;
        if payload.len() > MAX_PAYLOAD {
            let message = format!(
                "payload has {} bytes: send at most {MAX_PAYLOAD}",
                payload.len()
            );
            let mut fault = Fault::new(Code::InvalidArgument, "PAYLOAD_TOO_LARGE", message);
            fault
                .fields
                .push(("payload".into(), format!("more than {MAX_PAYLOAD} bytes")));
            return Err(call.status(fault));
        }
        call.admission().discharge();
        let remaining = call
            .deadline()
            .and_then(|deadline| deadline.remaining().try_into().ok());
        Ok(Response::new(EchoResponse { payload, remaining }))
    }
}
