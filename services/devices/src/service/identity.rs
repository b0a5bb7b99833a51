use preau_kernel::failure::Failure;
use preau_kernel::ids::{DeviceId, SchoolId};
use preau_mesh::{Call, Channel};
use preau_proto::identity::v1 as wire;
use preau_proto::identity::v1::device_principal_service_client::DevicePrincipalServiceClient;
use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_rpc::failure_of;
use tonic::Code;

use crate::domain::School;

/// Identity, which knows the schools and signs for devices.
#[derive(Clone)]
pub(crate) struct Identity {
    directory: DirectoryServiceClient<Channel>,
    principals: DevicePrincipalServiceClient<Channel>,
}

impl Identity {
    pub(crate) fn new(channel: &Channel) -> Self {
        Self {
            directory: DirectoryServiceClient::new(channel.clone()),
            principals: DevicePrincipalServiceClient::new(channel.clone()),
        }
    }

    /// The school, if it exists and the caller may know of it: asked on behalf of the caller.
    pub(crate) async fn school(&self, call: &Call, id: SchoolId) -> Result<School, Failure> {
        let request = call.request(wire::GetSchoolRequest {
            school_id: id.to_string(),
        });
        let response = self.directory.clone().get_school(request).await;
        let found = response.map_err(|status| match status.code() {
            Code::NotFound | Code::PermissionDenied => Failure::not_found("school"),
            _ => failure_of("identity", &status),
        })?;
        let school = found.into_inner().school.unwrap_or_default();
        let authority = school.authority_id.parse().map_err(|error| {
            Failure::internal(format!("identity answered school {id}: {error}"))
        })?;
        Ok(School { id, authority })
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
