//! People who administer the fleet in few words.

use preau_kernel::ids::{PersonId, SchoolId};
use preau_mesh::{Channel, with_principal};
use preau_proto::devices::v1 as wire;
use preau_proto::devices::v1::action::{Lock, Message, Unlock, What};
use preau_proto::devices::v1::fleet_service_client::FleetServiceClient;
use tonic::Request;

use super::world::Answer;

pub(super) struct Admin {
    pub(super) id: PersonId,
    token: String,
    channel: Channel,
}

impl Admin {
    pub(super) fn new(id: PersonId, token: String, channel: Channel) -> Self {
        Self { id, token, channel }
    }

    fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        with_principal(&mut request, &self.token);
        request
    }

    fn client(&self) -> FleetServiceClient<Channel> {
        FleetServiceClient::new(self.channel.clone())
    }

    /// A token for so many devices within an hour, and its secret.
    pub(super) async fn token(
        &self,
        school: SchoolId,
        max_uses: u32,
    ) -> Answer<(wire::EnrolmentToken, String)> {
        let lifetime = Some(seconds(3600));
        self.token_for(wire::CreateEnrolmentTokenRequest {
            school_id: school.to_string(),
            max_uses,
            lifetime,
        })
        .await
    }

    pub(super) async fn token_for(
        &self,
        message: wire::CreateEnrolmentTokenRequest,
    ) -> Answer<(wire::EnrolmentToken, String)> {
        let request = self.request(message);
        let answer = self.client().create_enrolment_token(request).await?;
        let answer = answer.into_inner();
        Ok((answer.token.unwrap(), answer.secret))
    }

    pub(super) async fn tokens(&self, school: SchoolId) -> Answer<Vec<wire::EnrolmentToken>> {
        let request = self.request(wire::ListEnrolmentTokensRequest {
            school_id: school.to_string(),
        });
        let answer = self.client().list_enrolment_tokens(request).await?;
        Ok(answer.into_inner().tokens)
    }

    pub(super) async fn revoke(&self, token: &str) -> Answer<()> {
        let request = self.request(wire::RevokeEnrolmentTokenRequest {
            token_id: token.into(),
        });
        self.client()
            .revoke_enrolment_token(request)
            .await
            .map(drop)
    }

    pub(super) async fn list(
        &self,
        message: wire::ListDevicesRequest,
    ) -> Answer<wire::ListDevicesResponse> {
        let request = self.request(message);
        let answer = self.client().list_devices(request).await?;
        Ok(answer.into_inner())
    }

    pub(super) async fn get(&self, device: &str) -> Answer<(wire::Device, Vec<wire::Command>)> {
        let request = self.request(wire::GetDeviceRequest {
            device_id: device.into(),
        });
        let answer = self.client().get_device(request).await?.into_inner();
        Ok((answer.device.unwrap(), answer.commands))
    }

    /// The state of a device's one command, and why.
    pub(super) async fn sees(&self, device: &str, command: &str) -> (wire::CommandState, String) {
        let (_, commands) = self.get(device).await.unwrap();
        let mut commands = commands.into_iter();
        let found = commands.find(|one| one.command_id == command).unwrap();
        (found.state(), found.reason)
    }

    pub(super) async fn retire(&self, device: &str) -> Answer<()> {
        let request = self.request(wire::RetireDeviceRequest {
            device_id: device.into(),
        });
        self.client().retire_device(request).await.map(drop)
    }

    pub(super) async fn issue(&self, message: wire::IssueCommandRequest) -> Answer<wire::Command> {
        let request = self.request(message);
        let answer = self.client().issue_command(request).await?;
        Ok(answer.into_inner().command.unwrap())
    }

    /// Issues something for an hour under a key; answers the id of the command.
    pub(super) async fn tell(&self, device: &str, key: &str, what: What) -> String {
        let order = order(device, key, what);
        self.issue(order).await.unwrap().command_id
    }
}

pub(super) fn order(device: &str, key: &str, what: What) -> wire::IssueCommandRequest {
    wire::IssueCommandRequest {
        device_id: device.into(),
        idempotency_key: key.into(),
        action: Some(wire::Action { what: Some(what) }),
        time_to_live: None,
    }
}

pub(super) fn message(text: &str) -> What {
    What::Message(Message { text: text.into() })
}

pub(super) fn lock() -> What {
    What::Lock(Lock {
        notice: "Rendez-moi au CDI".into(),
    })
}

pub(super) fn unlock() -> What {
    What::Unlock(Unlock {})
}

pub(super) fn seconds(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}
