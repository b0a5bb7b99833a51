//! What people do with their files every day, in few words.

use futures::StreamExt;
use preau_mesh::Channel;
use preau_proto::files::v1 as wire;
use preau_proto::files::v1::download_service_client::DownloadServiceClient;
use preau_proto::files::v1::open_response::Part;
use tonic::Request;

use super::person::{Answer, Person};

impl Person {
    pub(super) async fn rename(&self, space: &str, node: &str, name: &str) -> Answer<wire::Node> {
        let request = self.request(wire::RenameNodeRequest {
            space_id: space.into(),
            node_id: node.into(),
            name: name.into(),
        });
        let answer = self.nodes().rename_node(request).await?;
        Ok(answer.into_inner().node.unwrap())
    }

    pub(super) async fn move_to(
        &self,
        space: &str,
        node: &str,
        to_space: &str,
        to_parent: &str,
    ) -> Answer<wire::Node> {
        let request = self.request(wire::MoveNodeRequest {
            space_id: space.into(),
            node_id: node.into(),
            to_space_id: to_space.into(),
            to_parent_id: to_parent.into(),
        });
        let answer = self.nodes().move_node(request).await?;
        Ok(answer.into_inner().node.unwrap())
    }

    /// `to`: a space, a folder and a name, each but the first perhaps empty.
    pub(super) async fn copy_to(
        &self,
        space: &str,
        node: &str,
        to: [&str; 3],
    ) -> Answer<wire::Node> {
        let [to_space, to_parent, name] = to;
        let request = self.request(wire::CopyNodeRequest {
            space_id: space.into(),
            node_id: node.into(),
            to_space_id: to_space.into(),
            to_parent_id: to_parent.into(),
            name: name.into(),
        });
        let answer = self.nodes().copy_node(request).await?;
        Ok(answer.into_inner().node.unwrap())
    }

    pub(super) async fn trash_page(
        &self,
        space: &str,
        page_size: u32,
        page_token: &str,
    ) -> Answer<wire::ListTrashResponse> {
        let request = self.request(wire::ListTrashRequest {
            space_id: space.into(),
            page_size,
            page_token: page_token.into(),
        });
        Ok(self.nodes().list_trash(request).await?.into_inner())
    }

    /// The names in the trash, the latest deletion first.
    pub(super) async fn trash(&self, space: &str) -> Vec<String> {
        let page = self.trash_page(space, 200, "").await.unwrap();
        page.nodes.into_iter().map(|node| node.name).collect()
    }

    pub(super) async fn restore(&self, space: &str, node: &str) -> Answer<wire::Node> {
        let request = self.request(wire::RestoreNodeRequest {
            space_id: space.into(),
            node_id: node.into(),
        });
        let answer = self.nodes().restore_node(request).await?;
        Ok(answer.into_inner().node.unwrap())
    }

    pub(super) async fn purge(&self, space: &str, node: &str) -> Answer<()> {
        let request = self.request(wire::PurgeNodeRequest {
            space_id: space.into(),
            node_id: node.into(),
        });
        self.nodes().purge_node(request).await?;
        Ok(())
    }

    /// A link, as its maker receives it.
    pub(super) async fn link(
        &self,
        space: &str,
        node: &str,
    ) -> Answer<wire::CreateDownloadLinkResponse> {
        let request = self.request(wire::CreateDownloadLinkRequest {
            space_id: space.into(),
            node_id: node.into(),
        });
        Ok(self
            .nodes()
            .create_download_link(request)
            .await?
            .into_inner())
    }
}

/// What the gateway does with a link's path: nobody is signed in.
pub(super) async fn open(
    gateway: Channel,
    path: &str,
    offset: u64,
    length: u64,
) -> Answer<(wire::Opened, Vec<u8>)> {
    let token = path.strip_prefix("/d/").unwrap_or(path).to_owned();
    let request = Request::new(wire::OpenRequest {
        token,
        offset,
        length,
    });
    let mut client = DownloadServiceClient::new(gateway);
    let mut parts = client.open(request).await?.into_inner();
    let Some(Part::Opened(opened)) = parts.next().await.unwrap()?.part else {
        panic!("the first part says what it is");
    };
    let mut bytes = Vec::new();
    while let Some(part) = parts.next().await {
        match part?.part {
            Some(Part::Data(data)) => bytes.extend(data),
            other => panic!("{other:?}"),
        }
    }
    Ok((opened, bytes))
}
