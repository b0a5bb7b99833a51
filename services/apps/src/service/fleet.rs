use preau_kernel::failure::Failure;
use preau_kernel::ids::SchoolId;
use preau_mesh::Channel;
use preau_proto::devices::v1::AnnounceDesiredStateRequest;
use preau_proto::devices::v1::desired_state_service_client::DesiredStateServiceClient;
use preau_rpc::failure_of;
use tonic::Request;

use crate::domain::DesiredState;

/// The service `devices`, which tells whoever watches.
pub(crate) struct Fleet {
    client: DesiredStateServiceClient<Channel>,
}

impl Fleet {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            client: DesiredStateServiceClient::new(channel),
        }
    }

    pub(crate) async fn announce(
        &self,
        request: Request<AnnounceDesiredStateRequest>,
    ) -> Result<(), Failure> {
        let told = self.client.clone().announce_desired_state(request).await;
        told.map_err(|status| failure_of("devices", &status))?;
        Ok(())
    }
}

pub(crate) fn announcement(school: SchoolId, state: DesiredState) -> AnnounceDesiredStateRequest {
    AnnounceDesiredStateRequest {
        school_id: school.to_string(),
        hash: state.hash.to_vec(),
        revision: state.revision,
    }
}
