use preau_kernel::failure::Failure;
use preau_kernel::ids::SchoolId;
use preau_mesh::{Call, Channel};
use preau_proto::identity::v1::GetSchoolRequest;
use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_rpc::failure_of;
use tonic::Code;

use crate::domain::School;

/// The directory of schools, which is identity's: asked on behalf of the caller, who learns no more than identity
/// tells. Administrators ask rarely, so nothing is remembered.
pub(crate) struct Schools {
    client: DirectoryServiceClient<Channel>,
}

impl Schools {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            client: DirectoryServiceClient::new(channel),
        }
    }

    /// The school, if it exists and the caller may know of it.
    pub(crate) async fn get(&self, call: &Call, school: SchoolId) -> Result<School, Failure> {
        let request = call.request(GetSchoolRequest {
            school_id: school.to_string(),
        });
        let response = self.client.clone().get_school(request).await;
        let found = response.map_err(|status| match status.code() {
            Code::NotFound | Code::PermissionDenied => Failure::not_found("school"),
            _ => failure_of("identity", &status),
        })?;
        let found = found.into_inner().school.unwrap_or_default();
        let authority = found.authority_id.parse().map_err(|error| {
            Failure::internal(format!("identity answered school {school}: {error}"))
        })?;
        Ok(School {
            id: school,
            authority,
        })
    }
}
