use preau_kernel::failure::Failure;
use preau_kernel::ids::{DeviceId, SchoolId};
use preau_mesh::{Call, Channel};
use preau_proto::identity::v1 as wire;
use preau_proto::identity::v1::device_principal_service_client::DevicePrincipalServiceClient;
use preau_rpc::failure_of;

/// Identity, which signs for devices.
#[derive(Clone)]
pub(crate) struct Identity {
    principals: DevicePrincipalServiceClient<Channel>,
}

impl Identity {
    pub(crate) fn new(channel: &Channel) -> Self {
        Self {
            principals: DevicePrincipalServiceClient::new(channel.clone()),
        }
    }

    /// A principal token for a device that was recognised: asked by this workload on its own account.
    pub(crate) async fn principal(
        &self,
        call: &Call,
        device: DeviceId,
        school: SchoolId,
    ) -> Result<wire::MintDevicePrincipalResponse, Failure> {
        let request = call.detached_request(wire::MintDevicePrincipalRequest {
            device_id: device.to_string(),
            school_id: school.to_string(),
        });
        let response = self.principals.clone().mint_device_principal(request).await;
        response
            .map(tonic::Response::into_inner)
            .map_err(|status| failure_of("identity", &status))
    }
}
