//! FleetService.

use preau_kernel::paging::{Keyset, page_size};
use preau_proto::devices::v1 as wire;
use preau_proto::devices::v1::fleet_service_server::FleetService;
use preau_rpc::Incoming;
use preau_rpc::convert::id;
use tonic::{Request, Response, Status};

use super::Handler;
use crate::convert;
use crate::error::Error;
use crate::service::Page;

#[tonic::async_trait]
impl FleetService for Handler {
    async fn create_enrolment_token(
        &self,
        request: Request<wire::CreateEnrolmentTokenRequest>,
    ) -> Result<Response<wire::CreateEnrolmentTokenResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let school = id("school_id", &request.get_ref().school_id)?;
            let wanted = convert::wanted_token(request.get_ref())?;
            let (token, secret) = self.fleet.create_token(&incoming, school, wanted).await?;
            Ok::<_, Error>(wire::CreateEnrolmentTokenResponse {
                token: Some(convert::wire_token(&token)),
                secret: secret.printed(),
            })
        };
        incoming.answer(outcome.await)
    }

    async fn list_enrolment_tokens(
        &self,
        request: Request<wire::ListEnrolmentTokensRequest>,
    ) -> Result<Response<wire::ListEnrolmentTokensResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let school = id("school_id", &request.get_ref().school_id)?;
            let tokens = self.fleet.tokens(&incoming, school).await?;
            let tokens = tokens.iter().map(convert::wire_token).collect();
            Ok::<_, Error>(wire::ListEnrolmentTokensResponse { tokens })
        };
        incoming.answer(outcome.await)
    }

    async fn revoke_enrolment_token(
        &self,
        request: Request<wire::RevokeEnrolmentTokenRequest>,
    ) -> Result<Response<wire::RevokeEnrolmentTokenResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let token = id("token_id", &request.get_ref().token_id)?;
            self.fleet.revoke_token(&incoming, token).await?;
            Ok::<_, Error>(wire::RevokeEnrolmentTokenResponse {})
        };
        incoming.answer(outcome.await)
    }

    async fn list_devices(
        &self,
        request: Request<wire::ListDevicesRequest>,
    ) -> Result<Response<wire::ListDevicesResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let message = request.get_ref();
            let school = id("school_id", &message.school_id)?;
            let after = Keyset::parse(&message.page_token, 2)?;
            let page = Page {
                size: page_size(message.page_size)?,
                after: after.as_ref(),
                with_retired: message.include_retired,
            };
            let (devices, next) = self.fleet.devices(&incoming, school, page).await?;
            Ok::<_, Error>(wire::ListDevicesResponse {
                devices: devices.iter().map(convert::wire_device).collect(),
                next_page_token: next,
            })
        };
        incoming.answer(outcome.await)
    }

    async fn get_device(
        &self,
        request: Request<wire::GetDeviceRequest>,
    ) -> Result<Response<wire::GetDeviceResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let device = id("device_id", &request.get_ref().device_id)?;
            let (device, commands) = self.fleet.device(&incoming, device).await?;
            Ok::<_, Error>(wire::GetDeviceResponse {
                device: Some(convert::wire_device(&device)),
                commands: commands.iter().map(convert::wire_command).collect(),
            })
        };
        incoming.answer(outcome.await)
    }

    async fn issue_command(
        &self,
        request: Request<wire::IssueCommandRequest>,
    ) -> Result<Response<wire::IssueCommandResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let device = id("device_id", &request.get_ref().device_id)?;
            let order = convert::order(request.get_ref())?;
            let command = self.fleet.issue(&incoming, device, &order).await?;
            let command = Some(convert::wire_command(&command));
            Ok::<_, Error>(wire::IssueCommandResponse { command })
        };
        incoming.answer(outcome.await)
    }

    async fn retire_device(
        &self,
        request: Request<wire::RetireDeviceRequest>,
    ) -> Result<Response<wire::RetireDeviceResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let device = id("device_id", &request.get_ref().device_id)?;
            self.fleet.retire(&incoming, device).await?;
            Ok::<_, Error>(wire::RetireDeviceResponse {})
        };
        incoming.answer(outcome.await)
    }
}
