//! Somebody who uses the service, in few words.

use bytes::Bytes;
use futures::StreamExt;
use preau_kernel::ids::{PersonId, SchoolId, SessionId};
use preau_mesh::principal::{GrantClaim, ScopeClaim};
use preau_mesh::testing::{Pair, claims};
use preau_mesh::{Channel, Claims, Reported, with_principal};
use preau_proto::files::v1 as wire;
use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::get_node_request::Which;
use preau_proto::files::v1::space_service_client::SpaceServiceClient;
use preau_proto::files::v1::upload_service_client::UploadServiceClient;
use preau_proto::policy::v1::Role;
use tonic::{Code, Request, Status, Streaming};

use super::world::PART;

pub(super) type Answer<T> = Result<T, Status>;

pub(super) struct Person {
    pub(super) id: PersonId,
    token: String,
    channel: Channel,
}

impl Person {
    pub(super) fn new(pair: &Pair, school: SchoolId, role: Role) -> Self {
        let scope = ScopeClaim::School(school.to_string());
        Self::with(PersonId::new(), pair, Some(school), role, vec![scope])
    }

    /// The same pupil, now of another school alone.
    pub(super) fn moved_to(&self, pair: &Pair, school: SchoolId) -> Self {
        let scope = ScopeClaim::School(school.to_string());
        Self::with(self.id, pair, Some(school), Role::Student, vec![scope])
    }

    /// A teacher of two schools, the first of which is theirs.
    pub(super) fn teacher_at(pair: &Pair, schools: [SchoolId; 2]) -> Self {
        let scopes = schools.map(|school| ScopeClaim::School(school.to_string()));
        Self::with(
            PersonId::new(),
            pair,
            Some(schools[0]),
            Role::Teacher,
            scopes.into(),
        )
    }

    /// Somebody without a school, who operates the platform.
    pub(super) fn operator(pair: &Pair) -> Self {
        let scopes = vec![ScopeClaim::Platform];
        Self::with(PersonId::new(), pair, None, Role::PlatformAdmin, scopes)
    }

    fn with(
        id: PersonId,
        pair: &Pair,
        school: Option<SchoolId>,
        role: Role,
        scopes: Vec<ScopeClaim>,
    ) -> Self {
        let claims = Claims {
            person: id.to_string(),
            session: SessionId::new().to_string(),
            school: school.map(|school| school.to_string()),
            authority: None,
            grants: scopes
                .into_iter()
                .map(|scope| GrantClaim {
                    role: role.into(),
                    scope,
                })
                .collect(),
            ..claims(role)
        };
        Self {
            id,
            token: pair.token(&claims),
            channel: pair.client(),
        }
    }

    pub(super) fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        with_principal(&mut request, &self.token);
        request
    }

    pub(super) fn nodes(&self) -> FileServiceClient<Channel> {
        FileServiceClient::new(self.channel.clone())
    }

    fn uploads(&self) -> UploadServiceClient<Channel> {
        UploadServiceClient::new(self.channel.clone())
    }

    pub(super) async fn all_spaces(&self) -> Vec<wire::Space> {
        let mut client = SpaceServiceClient::new(self.channel.clone());
        let answer = client.list_spaces(self.request(wire::ListSpacesRequest {}));
        answer.await.unwrap().into_inner().spaces
    }

    /// The spaces of classes.
    pub(super) async fn spaces(&self) -> Vec<wire::Space> {
        let mut spaces = self.all_spaces().await;
        spaces.retain(|space| space.kind() == wire::SpaceKind::Class);
        spaces
    }

    /// The id of the only class's space.
    pub(super) async fn space(&self) -> String {
        let spaces = self.spaces().await;
        assert_eq!(spaces.len(), 1, "{spaces:?}");
        spaces[0].space_id.clone()
    }

    /// The id of the person's own space.
    pub(super) async fn own_space(&self) -> String {
        let mut spaces = self.all_spaces().await;
        spaces.retain(|space| space.kind() == wire::SpaceKind::Personal);
        assert_eq!(spaces.len(), 1, "{spaces:?}");
        spaces[0].space_id.clone()
    }

    pub(super) async fn page(
        &self,
        space: &str,
        folder: &str,
        page_size: u32,
        page_token: &str,
    ) -> Answer<wire::ListFolderResponse> {
        let request = self.request(wire::ListFolderRequest {
            space_id: space.into(),
            folder_id: folder.into(),
            page_size,
            page_token: page_token.into(),
        });
        Ok(self.nodes().list_folder(request).await?.into_inner())
    }

    /// The names in a folder ("" for the root).
    pub(super) async fn names(&self, space: &str, folder: &str) -> Vec<String> {
        let page = self.page(space, folder, 200, "").await.unwrap();
        page.nodes.into_iter().map(|node| node.name).collect()
    }

    pub(super) async fn get(&self, space: &str, which: Which) -> Answer<wire::Node> {
        let request = self.request(wire::GetNodeRequest {
            space_id: space.into(),
            which: Some(which),
        });
        let answer = self.nodes().get_node(request).await?;
        Ok(answer.into_inner().node.unwrap())
    }

    pub(super) async fn at(&self, space: &str, path: &str) -> Answer<wire::Node> {
        self.get(space, Which::Path(path.into())).await
    }

    pub(super) async fn create_folder(
        &self,
        space: &str,
        parent: &str,
        name: &str,
    ) -> Answer<wire::Node> {
        let request = self.request(wire::CreateFolderRequest {
            space_id: space.into(),
            parent_id: parent.into(),
            name: name.into(),
        });
        let answer = self.nodes().create_folder(request).await?;
        Ok(answer.into_inner().node.unwrap())
    }

    pub(super) async fn delete(&self, space: &str, node: &str) -> Answer<()> {
        let request = self.request(wire::DeleteNodeRequest {
            space_id: space.into(),
            node_id: node.into(),
        });
        self.nodes().delete_node(request).await?;
        Ok(())
    }

    pub(super) async fn read(&self, space: &str, node: &str) -> Answer<Vec<u8>> {
        self.read_range(space, node, 0, 0).await
    }

    /// The frames of a whole file, as they come: a reader that may stop reading.
    pub(super) async fn open(
        &self,
        space: &str,
        node: &str,
    ) -> Answer<Streaming<wire::ReadResponse>> {
        let request = self.request(wire::ReadRequest {
            space_id: space.into(),
            node_id: node.into(),
            offset: 0,
            length: 0,
        });
        Ok(self.nodes().read(request).await?.into_inner())
    }

    pub(super) async fn read_range(
        &self,
        space: &str,
        node: &str,
        offset: u64,
        length: u64,
    ) -> Answer<Vec<u8>> {
        let request = self.request(wire::ReadRequest {
            space_id: space.into(),
            node_id: node.into(),
            offset,
            length,
        });
        let mut frames = self.nodes().read(request).await?.into_inner();
        let mut bytes = Vec::new();
        while let Some(frame) = frames.next().await {
            let data = frame?.data;
            assert!(data.len() <= 256 * 1024, "a frame of {} bytes", data.len());
            bytes.extend(data);
        }
        Ok(bytes)
    }

    pub(super) async fn create_upload(
        &self,
        space: &str,
        parent: &str,
        name: &str,
        size: usize,
    ) -> Answer<wire::Upload> {
        let request = self.request(wire::CreateUploadRequest {
            space_id: space.into(),
            parent_id: parent.into(),
            name: name.into(),
            size: size as u64,
        });
        let answer = self.uploads().create_upload(request).await?;
        Ok(answer.into_inner().upload.unwrap())
    }

    /// A part with its right hash; answers how many are missing.
    pub(super) async fn put(&self, upload: &str, index: u32, data: &[u8]) -> Answer<u32> {
        self.put_hashed(upload, index, data, &sha256(data)).await
    }

    pub(super) async fn put_hashed(
        &self,
        upload: &str,
        index: u32,
        data: &[u8],
        sha256: &[u8],
    ) -> Answer<u32> {
        let request = self.request(wire::PutPartRequest {
            upload_id: upload.into(),
            index,
            sha256: sha256.to_vec(),
            data: Bytes::copy_from_slice(data),
        });
        let answer = self.uploads().put_part(request).await?;
        Ok(answer.into_inner().missing_count)
    }

    pub(super) async fn upload(&self, upload: &str) -> Answer<wire::Upload> {
        let request = self.request(wire::GetUploadRequest {
            upload_id: upload.into(),
        });
        let answer = self.uploads().get_upload(request).await?;
        Ok(answer.into_inner().upload.unwrap())
    }

    /// Runs (first, count) of parts still missing.
    pub(super) async fn missing(&self, upload: &str) -> Vec<(u32, u32)> {
        let upload = self.upload(upload).await.unwrap();
        let ranges = upload.missing.into_iter();
        ranges.map(|range| (range.first, range.count)).collect()
    }

    pub(super) async fn commit(&self, upload: &str) -> Answer<wire::Node> {
        self.commit_hashed(upload, &[]).await
    }

    pub(super) async fn commit_hashed(&self, upload: &str, blake3: &[u8]) -> Answer<wire::Node> {
        let request = self.request(wire::CommitRequest {
            upload_id: upload.into(),
            blake3: blake3.to_vec(),
        });
        let answer = self.uploads().commit(request).await?;
        Ok(answer.into_inner().node.unwrap())
    }

    pub(super) async fn abort(&self, upload: &str) -> Answer<()> {
        let request = self.request(wire::AbortRequest {
            upload_id: upload.into(),
        });
        self.uploads().abort(request).await?;
        Ok(())
    }

    /// A file, announced and all its parts sent, but not committed.
    pub(super) async fn send(&self, space: &str, parent: &str, name: &str, data: &[u8]) -> String {
        let upload = self
            .create_upload(space, parent, name, data.len())
            .await
            .unwrap();
        for (index, part) in (0..).zip(data.chunks(PART)) {
            self.put(&upload.upload_id, index, part).await.unwrap();
        }
        upload.upload_id
    }

    /// A whole file.
    pub(super) async fn share(
        &self,
        space: &str,
        parent: &str,
        name: &str,
        data: &[u8],
    ) -> wire::Node {
        let upload = self.send(space, parent, name, data).await;
        self.commit(&upload).await.unwrap()
    }
}

pub(super) fn sha256(data: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data);
    digest.as_ref().try_into().unwrap()
}

/// Bytes that repeat in no part.
pub(super) fn bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new()
        .update(b"bytes")
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}

/// The reason and the message of a refusal.
pub(super) fn reason<T: std::fmt::Debug>(answer: Answer<T>) -> String {
    Reported::of(&answer.unwrap_err()).reason
}

/// The wrong fields that a refusal names.
pub(super) fn fields(status: &Status) -> Vec<String> {
    let fields = Reported::of(status).fields.into_iter();
    fields.map(|(field, _)| field).collect()
}

/// Everything of a refusal that its caller can see. The details are compared as they read and by their length: the order
/// in which a map's entries are written is chance, and tells nothing.
pub(super) fn seen<T: std::fmt::Debug>(answer: Answer<T>) -> (Code, String, Reported, usize) {
    let status = answer.unwrap_err();
    (
        status.code(),
        status.message().to_owned(),
        Reported::of(&status),
        status.details().len(),
    )
}
