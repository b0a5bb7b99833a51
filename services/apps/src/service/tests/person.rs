//! Somebody who uses the service, in few words: a person or a device.

use bytes::Bytes;
use preau_kernel::ids::PersonId;
use preau_mesh::{Channel, with_principal};
use preau_proto::apps::v1 as wire;
use preau_proto::apps::v1::catalogue_service_client::CatalogueServiceClient;
use preau_proto::apps::v1::delivery_service_client::DeliveryServiceClient;
use preau_proto::apps::v1::deployment_service_client::DeploymentServiceClient;
use tonic::{Request, Streaming};

use super::files::PART;
use super::publisher::{Publisher, sha256};
use super::world::Answer;
use crate::domain::School;

pub(super) struct Person {
    pub(super) id: PersonId,
    token: String,
    channel: Channel,
}

impl Person {
    pub(super) fn new(id: PersonId, token: String, channel: Channel) -> Self {
        Self { id, token, channel }
    }

    fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        with_principal(&mut request, &self.token);
        request
    }

    fn catalogue(&self) -> CatalogueServiceClient<Channel> {
        CatalogueServiceClient::new(self.channel.clone())
    }

    fn deployment(&self) -> DeploymentServiceClient<Channel> {
        DeploymentServiceClient::new(self.channel.clone())
    }

    fn delivery(&self) -> DeliveryServiceClient<Channel> {
        DeliveryServiceClient::new(self.channel.clone())
    }

    pub(super) async fn trust(&self, publisher: &Publisher) -> Answer<wire::Publisher> {
        self.add_publisher("Éditions", &publisher.public_key())
            .await
    }

    pub(super) async fn add_publisher(&self, name: &str, key: &[u8]) -> Answer<wire::Publisher> {
        let request = self.request(wire::AddPublisherRequest {
            name: name.into(),
            public_key: key.to_vec(),
        });
        let answer = self.catalogue().add_publisher(request).await?;
        Ok(answer.into_inner().publisher.unwrap())
    }

    pub(super) async fn publishers(&self) -> Answer<Vec<wire::Publisher>> {
        let request = self.request(wire::ListPublishersRequest {});
        let answer = self.catalogue().list_publishers(request).await?;
        Ok(answer.into_inner().publishers)
    }

    pub(super) async fn create(
        &self,
        manifest: &[u8],
        signature: &[u8],
    ) -> Answer<wire::CreateReleaseResponse> {
        let request = self.request(wire::CreateReleaseRequest {
            manifest: manifest.to_vec(),
            signature: signature.to_vec(),
        });
        Ok(self.catalogue().create_release(request).await?.into_inner())
    }

    pub(super) async fn put(&self, release: &str, index: usize, part: &[u8]) -> Answer<u32> {
        let request = self.request(wire::PutReleasePartRequest {
            release_id: release.into(),
            index: u32::try_from(index).unwrap(),
            sha256: sha256(part),
            data: Bytes::copy_from_slice(part),
        });
        let answer = self.catalogue().put_release_part(request).await?;
        Ok(answer.get_ref().missing)
    }

    /// Every part of a release.
    pub(super) async fn send(&self, release: &str, data: &[u8]) {
        for (index, part) in data.chunks(PART).enumerate() {
            self.put(release, index, part).await.unwrap();
        }
    }

    pub(super) async fn get(&self, release: &str) -> Answer<wire::GetReleaseResponse> {
        let request = self.request(wire::GetReleaseRequest {
            release_id: release.into(),
        });
        Ok(self.catalogue().get_release(request).await?.into_inner())
    }

    pub(super) async fn finish(&self, release: &str) -> Answer<wire::Release> {
        let request = self.request(wire::FinishReleaseRequest {
            release_id: release.into(),
        });
        let answer = self.catalogue().finish_release(request).await?;
        Ok(answer.into_inner().release.unwrap())
    }

    pub(super) async fn releases(
        &self,
        app: &str,
        page_size: u32,
        page_token: &str,
    ) -> Answer<wire::ListReleasesResponse> {
        let request = self.request(wire::ListReleasesRequest {
            app: app.into(),
            page_size,
            page_token: page_token.into(),
        });
        Ok(self.catalogue().list_releases(request).await?.into_inner())
    }

    pub(super) async fn assign(&self, school: &School, release: &str) -> Answer<wire::Assignment> {
        let request = self.request(wire::AssignReleaseRequest {
            school_id: school.id.to_string(),
            release_id: release.into(),
        });
        let answer = self.deployment().assign_release(request).await?;
        Ok(answer.into_inner().assignment.unwrap())
    }

    pub(super) async fn unassign(&self, school: &School, app: &str) -> Answer<()> {
        let request = self.request(wire::UnassignAppRequest {
            school_id: school.id.to_string(),
            app: app.into(),
        });
        self.deployment().unassign_app(request).await.map(drop)
    }

    pub(super) async fn assignments(&self, school: &School) -> Answer<Vec<wire::Assignment>> {
        let request = self.request(wire::ListAssignmentsRequest {
            school_id: school.id.to_string(),
        });
        let answer = self.deployment().list_assignments(request).await?;
        Ok(answer.into_inner().assignments)
    }

    pub(super) async fn installations(
        &self,
        school: &School,
        app: &str,
        page_size: u32,
        page_token: &str,
    ) -> Answer<wire::ListInstallationsResponse> {
        let request = self.request(wire::ListInstallationsRequest {
            school_id: school.id.to_string(),
            app: app.into(),
            page_size,
            page_token: page_token.into(),
        });
        let answer = self.deployment().list_installations(request).await?;
        Ok(answer.into_inner())
    }

    pub(super) async fn desired(&self, known: &[u8]) -> Answer<wire::GetDesiredStateResponse> {
        let request = self.request(wire::GetDesiredStateRequest {
            known_hash: known.to_vec(),
        });
        Ok(self
            .delivery()
            .get_desired_state(request)
            .await?
            .into_inner())
    }

    pub(super) async fn open(
        &self,
        release: &str,
        offset: u64,
        length: u64,
    ) -> Answer<Streaming<wire::FetchReleaseResponse>> {
        let request = self.request(wire::FetchReleaseRequest {
            release_id: release.into(),
            offset,
            length,
        });
        Ok(self.delivery().fetch_release(request).await?.into_inner())
    }

    /// Bytes of a release, each where its frame says.
    pub(super) async fn fetch(&self, release: &str, offset: u64, length: u64) -> Answer<Vec<u8>> {
        let mut frames = self.open(release, offset, length).await?;
        let mut bytes = Vec::new();
        while let Some(frame) = frames.message().await? {
            assert_eq!(frame.offset, offset + u64::try_from(bytes.len()).unwrap());
            bytes.extend(frame.data);
        }
        Ok(bytes)
    }

    pub(super) async fn report(
        &self,
        app: &str,
        release: &str,
        state: wire::InstallationState,
        reason: &str,
    ) -> Answer<()> {
        let request = self.request(wire::ReportInstallationRequest {
            app: app.into(),
            release_id: release.into(),
            state: state.into(),
            reason: reason.into(),
        });
        self.delivery().report_installation(request).await.map(drop)
    }
}
