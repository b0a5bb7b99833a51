//! What other workloads ask and say: CredentialService, DesiredStateService.

use preau_kernel::failure::Failure;
use preau_proto::devices::v1 as wire;
use preau_proto::devices::v1::credential_service_server::CredentialService;
use preau_proto::devices::v1::desired_state_service_server::DesiredStateService;
use preau_proto::devices::v1::mint_principal_request::Credential;
use preau_rpc::Incoming;
use tonic::{Request, Response, Status};

use super::Handler;
use crate::convert;
use crate::error::Error;

#[tonic::async_trait]
impl CredentialService for Handler {
    async fn mint_principal(
        &self,
        request: Request<wire::MintPrincipalRequest>,
    ) -> Result<Response<wire::MintPrincipalResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let call = incoming.call();
        let outcome = async {
            let minted = match &request.get_ref().credential {
                Some(Credential::Certificate(der)) => {
                    self.fleet.mint_by_certificate(call, der).await?
                }
                Some(Credential::SessionToken(token)) => {
                    self.fleet.mint_by_session(call, token).await?
                }
                None => {
                    let problem = "say a certificate or a session_token";
                    return Err(Failure::invalid("credential", problem).into());
                }
            };
            Ok::<_, Error>(wire::MintPrincipalResponse {
                principal_token: minted.principal_token,
                expires_at: minted.expires_at,
            })
        };
        incoming.answer(outcome.await)
    }

    async fn list_authorities(
        &self,
        _: Request<wire::ListAuthoritiesRequest>,
    ) -> Result<Response<wire::ListAuthoritiesResponse>, Status> {
        let authorities = self.fleet.authorities();
        Ok(Response::new(wire::ListAuthoritiesResponse { authorities }))
    }
}

#[tonic::async_trait]
impl DesiredStateService for Handler {
    async fn announce_desired_state(
        &self,
        request: Request<wire::AnnounceDesiredStateRequest>,
    ) -> Result<Response<wire::AnnounceDesiredStateResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let desired = convert::desired(request.get_ref())?;
            self.fleet.announce(desired).await?;
            Ok::<_, Error>(wire::AnnounceDesiredStateResponse {})
        };
        incoming.answer(outcome.await)
    }
}
