use preau_kernel::access::Part;
use preau_kernel::failure::Failure;
use preau_kernel::ids::{ClassId, PersonId};
use preau_mesh::{Call, Channel};
use preau_proto::roster::v1::class_service_client::ClassServiceClient;
use preau_proto::roster::v1::{GetMembershipRequest, ListMyClassesRequest};
use preau_rpc::failure_of;

use crate::convert;
use crate::domain::MyClass;

/// The roster, which knows who is in which class.
#[derive(Clone)]
pub(crate) struct Roster {
    client: ClassServiceClient<Channel>,
}

impl Roster {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            client: ClassServiceClient::new(channel),
        }
    }

    /// The caller's own classes: asked on behalf of the caller.
    pub(crate) async fn my_classes(&self, call: &Call) -> Result<Vec<MyClass>, Failure> {
        let request = call.request(ListMyClassesRequest {});
        let response = self.client.clone().list_my_classes(request).await;
        let response = response.map_err(|status| failure_of("roster", &status))?;
        let classes = response.into_inner().classes.into_iter();
        classes
            .map(|mine| convert::my_class(mine.part(), mine.class.unwrap_or_default()))
            .collect()
    }

    /// The part a person has in a class, if any: asked by this workload on its own account.
    pub(crate) async fn part(
        &self,
        call: &Call,
        class: ClassId,
        person: PersonId,
    ) -> Result<Option<Part>, Failure> {
        let request = call.detached_request(GetMembershipRequest {
            class_id: class.to_string(),
            person_id: person.to_string(),
        });
        let response = self.client.clone().get_membership(request).await;
        let response = response.map_err(|status| failure_of("roster", &status))?;
        Ok(convert::part(response.get_ref().part()))
    }
}
