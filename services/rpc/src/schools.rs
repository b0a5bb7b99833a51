//! The directory of schools, which is identity's: asked on behalf of the caller, who learns no more than identity tells.

use std::fmt::Display;
use std::str::FromStr;

use preau_kernel::failure::Failure;
use preau_kernel::ids::{AuthorityId, SchoolId};
use preau_kernel::uai::Uai;
use preau_mesh::{Call, Channel};
use preau_proto::identity::v1 as wire;
use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use tonic::Code;

use crate::failure_of;

/// The directory. Administrators ask rarely, so nothing is remembered. Clones share its connection.
#[derive(Clone)]
pub struct Schools {
    client: DirectoryServiceClient<Channel>,
}

impl Schools {
    /// Asks over a connection to identity.
    #[must_use]
    pub fn new(identity: Channel) -> Self {
        Self {
            client: DirectoryServiceClient::new(identity),
        }
    }

    /// The authority of a school, if it exists and the caller may know of it.
    ///
    /// # Errors
    /// NOT_FOUND of the school, or what became of the call to identity.
    pub async fn authority(&self, call: &Call, school: SchoolId) -> Result<AuthorityId, Failure> {
        parsed(school, &self.find(call, school).await?.authority_id)
    }

    /// The number of a school, on the same terms.
    ///
    /// # Errors
    /// As [`Schools::authority`].
    pub async fn uai(&self, call: &Call, school: SchoolId) -> Result<Uai, Failure> {
        parsed(school, &self.find(call, school).await?.uai)
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

fn parsed<T: FromStr<Err: Display>>(school: SchoolId, text: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|error| Failure::internal(format!("identity answered school {school}: {error}")))
}
