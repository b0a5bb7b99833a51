//! Renaming, moving, copying, the trash, links: about what the pupil made in
//! the class's space, so that it is the pupil's to change, and the teacher's.

use preau_harness::Caller;
use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::{
    CopyNodeRequest, CreateDownloadLinkRequest, ListTrashRequest, MoveNodeRequest, Node,
    PurgeNodeRequest, RenameNodeRequest, RestoreNodeRequest,
};
use tonic::Status;

use super::{Cast, missing};

pub(super) async fn call(
    cast: &Cast,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut files = FileServiceClient::new(caller);
    let space_id = cast.space.id().to_owned();
    let name = format!("quotidien {n}");
    if method == "ListTrash" {
        let request = ListTrashRequest {
            space_id,
            ..Default::default()
        };
        return Ok(files.list_trash(request).await.map(drop));
    }
    let node = cast.pupils_space.upload(&name, b"x").await?;
    let node_id = node.node_id.clone();
    Ok(match method {
        "RenameNode" => {
            let request = RenameNodeRequest {
                space_id,
                node_id,
                name: format!("{name} bis"),
            };
            files.rename_node(request).await.map(drop)
        }
        "MoveNode" => {
            let target = cast.pupils_space.folder("", &format!("{name} ici")).await?;
            let request = MoveNodeRequest {
                to_space_id: space_id.clone(),
                to_parent_id: target.node_id,
                space_id,
                node_id,
            };
            files.move_node(request).await.map(drop)
        }
        "CopyNode" => {
            let request = CopyNodeRequest {
                to_space_id: space_id.clone(),
                to_parent_id: String::new(),
                space_id,
                node_id,
                name: format!("{name} bis"),
            };
            files.copy_node(request).await.map(drop)
        }
        "RestoreNode" => {
            delete(cast, &node).await?;
            let request = RestoreNodeRequest { space_id, node_id };
            files.restore_node(request).await.map(drop)
        }
        "PurgeNode" => {
            delete(cast, &node).await?;
            let request = PurgeNodeRequest { space_id, node_id };
            files.purge_node(request).await.map(drop)
        }
        "CreateDownloadLink" => {
            let request = CreateDownloadLinkRequest { space_id, node_id };
            files.create_download_link(request).await.map(drop)
        }
        other => return missing(other),
    })
}

async fn delete(cast: &Cast, node: &Node) -> anyhow::Result<()> {
    Ok(cast.pupils_space.delete(&node.node_id).await?)
}
