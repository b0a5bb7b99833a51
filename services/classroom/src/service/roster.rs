use preau_kernel::failure::Failure;
use preau_kernel::ids::ClassId;
use preau_kernel::paging::MAX_PAGE;
use preau_mesh::{Call, Channel};
use preau_proto::roster::v1::class_service_client::ClassServiceClient;
use preau_proto::roster::v1::{ListMembersRequest, ListMyClassesRequest};
use preau_rpc::failure_of;

use crate::convert;
use crate::domain::{Member, MyClass};

/// Pages of a class's members read at most, 200 each: a whole school in one class, and an end to a list without one.
const MAX_PAGES: usize = 10;

/// The roster, which knows who is in which class.
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
        let classes = response.get_ref().classes.iter();
        classes
            .filter_map(|mine| convert::my_class(mine).transpose())
            .collect()
    }

    /// Everybody of a class, in the order of their ids: asked on behalf of the caller, who is in it.
    pub(crate) async fn members(
        &self,
        call: &Call,
        class: ClassId,
    ) -> Result<Vec<Member>, Failure> {
        let (mut members, mut page_token) = (Vec::new(), String::new());
        for _ in 0..MAX_PAGES {
            let request = call.request(ListMembersRequest {
                class_id: class.to_string(),
                page_size: MAX_PAGE,
                page_token,
            });
            let response = self.client.clone().list_members(request).await;
            let page = response
                .map_err(|status| failure_of("roster", &status))?
                .into_inner();
            for member in &page.members {
                members.extend(convert::member(member)?);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        Ok(members)
    }
}
