use preau_kernel::failure::Failure;
use preau_mesh::{Call, Channel};
use preau_proto::roster::v1::ListMyClassesRequest;
use preau_proto::roster::v1::class_service_client::ClassServiceClient;
use preau_rpc::failure_of;

use crate::convert;
use crate::domain::MyClass;

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
        let classes = response.into_inner().classes.into_iter();
        classes
            .map(|mine| convert::my_class(mine.part(), mine.class.unwrap_or_default()))
            .collect()
    }
}
