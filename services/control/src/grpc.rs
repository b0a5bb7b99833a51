//! Decode, call, encode. No rule lives here.

use preau_kernel::failure::Failure;
use preau_proto::control::v1::join_token_service_server::JoinTokenService;
use preau_proto::control::v1::workload_identity_service_server::WorkloadIdentityService;
use preau_proto::control::v1::{
    CreateJoinTokenRequest, CreateJoinTokenResponse, GetTrustBundleRequest, GetTrustBundleResponse,
    JoinRequest, JoinResponse, RenewRequest, RenewResponse,
};
use preau_rpc::Incoming;
use preau_rpc::convert::wire_time;
use tonic::{Request, Response, Status, async_trait};

use crate::convert;
use crate::service::tokens::Tokens;
use crate::service::workloads::Workloads;

/// `preau.control.v1.WorkloadIdentityService`.
pub(crate) struct WorkloadHandler(pub(crate) Workloads);

/// `preau.control.v1.JoinTokenService`.
pub(crate) struct TokenHandler(pub(crate) Tokens);

impl WorkloadHandler {
    async fn join(&self, request: JoinRequest) -> Result<JoinResponse, Failure> {
        let requests = convert::role_requests(request.roles)?;
        let (chains, bundle) = self.0.join(&request.secret, requests).await?;
        Ok(JoinResponse {
            certificates: chains.into_iter().map(convert::role_certificate).collect(),
            bundle: Some(convert::bundle(bundle)),
        })
    }

    fn renew(&self, incoming: &Incoming, request: &RenewRequest) -> Result<RenewResponse, Failure> {
        let issued = self.0.renew(incoming.call().peer(), &request.csr)?;
        Ok(RenewResponse {
            chain: issued
                .chain
                .iter()
                .map(|certificate| certificate.to_vec())
                .collect(),
            bundle: Some(convert::bundle(issued.bundle)),
        })
    }
}

impl TokenHandler {
    async fn create(
        &self,
        incoming: &Incoming,
        request: &CreateJoinTokenRequest,
    ) -> Result<CreateJoinTokenResponse, Failure> {
        let (roles, lifetime) = (
            convert::roles(request)?,
            convert::lifetime(request.lifetime)?,
        );
        let made = self.0.create(&incoming.caller()?, roles, lifetime).await?;
        Ok(CreateJoinTokenResponse {
            token: made.token.text(),
            expires_at: Some(wire_time(made.expires)),
        })
    }
}

#[async_trait]
impl WorkloadIdentityService for WorkloadHandler {
    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<JoinResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(WorkloadHandler::join(self, request.into_inner()).await)
    }

    async fn renew(
        &self,
        request: Request<RenewRequest>,
    ) -> Result<Response<RenewResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(WorkloadHandler::renew(self, &incoming, request.get_ref()))
    }

    async fn get_trust_bundle(
        &self,
        _request: Request<GetTrustBundleRequest>,
    ) -> Result<Response<GetTrustBundleResponse>, Status> {
        let bundle = Some(convert::bundle(self.0.bundle()));
        Ok(Response::new(GetTrustBundleResponse { bundle }))
    }
}

#[async_trait]
impl JoinTokenService for TokenHandler {
    async fn create_join_token(
        &self,
        request: Request<CreateJoinTokenRequest>,
    ) -> Result<Response<CreateJoinTokenResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.create(&incoming, request.get_ref()).await)
    }
}
