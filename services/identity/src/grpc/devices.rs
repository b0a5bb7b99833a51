//! `preau.identity.v1.DevicePrincipalService`.

use preau_kernel::failure::Failure;
use preau_proto::identity::v1::device_principal_service_server::DevicePrincipalService;
use preau_proto::identity::v1::{MintDevicePrincipalRequest, MintDevicePrincipalResponse};
use preau_rpc::Incoming;
use preau_rpc::convert::{id, wire_time};
use tonic::{Request, Response, Status, async_trait};

use crate::service::devices::DevicePrincipals;

pub(crate) struct Handler {
    pub(crate) principals: DevicePrincipals,
}

impl Handler {
    async fn mint(
        &self,
        request: MintDevicePrincipalRequest,
    ) -> Result<MintDevicePrincipalResponse, Failure> {
        let device = id("device_id", &request.device_id)?;
        let school = id("school_id", &request.school_id)?;
        let minted = self.principals.mint(device, school).await?;
        Ok(MintDevicePrincipalResponse {
            principal_token: minted.token,
            expires_at: Some(wire_time(minted.expires)),
        })
    }
}

#[async_trait]
impl DevicePrincipalService for Handler {
    async fn mint_device_principal(
        &self,
        request: Request<MintDevicePrincipalRequest>,
    ) -> Result<Response<MintDevicePrincipalResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.mint(request.into_inner()).await)
    }
}
