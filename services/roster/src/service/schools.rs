use preau_kernel::failure::Failure;
use preau_kernel::ids::SchoolId;
use preau_kernel::uai::Uai;
use preau_mesh::{Call, Channel};
use preau_proto::identity::v1 as wire;
use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_rpc::failure_of;
use tonic::Code;

use crate::domain::School;

/// The directory of schools, which is identity's: asked on behalf of the caller, who learns no more than identity tells.
#[derive(Clone)]
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
        let found = self.find(call, school).await?;
        let authority = found.authority_id.parse().map_err(|error| {
            Failure::internal(format!("identity answered school {school}: {error}"))
        })?;
        Ok(School {
            id: school,
            authority,
        })
    }

    /// The number of the school.
    pub(crate) async fn uai(&self, call: &Call, school: SchoolId) -> Result<Uai, Failure> {
        let found = self.find(call, school).await?;
        found.uai.parse().map_err(|error| {
            Failure::internal(format!("identity answered school {school}: {error}"))
        })
    }

    async fn find(&self, call: &Call, school: SchoolId) -> Result<wire::School, Failure> {
        let request = call.request(wire::GetSchoolRequest {
            school_id: school.to_string(),
        });
        let response = self.client.clone().get_school(request).await;
        let found = response.map_err(|status| match status.code() {
            Code::NotFound | Code::PermissionDenied => Failure::not_found("school"),
            _ => failure_of("identity", &status),
        })?;
        Ok(found.into_inner().school.unwrap_or_default())
    }
}
