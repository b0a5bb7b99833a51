//! Spaces, folders, files, uploads. What belongs to a person belongs to the
//! pupil, so that SELF holds for the pupil and nobody else.

use preau_harness::{Caller, Upload, sha256};
use preau_proto::files::v1::download_service_client::DownloadServiceClient;
use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::get_node_request::Which;
use preau_proto::files::v1::space_service_client::SpaceServiceClient;
use preau_proto::files::v1::upload_service_client::UploadServiceClient;
use preau_proto::files::v1::{
    AbortRequest, CommitRequest, CreateFolderRequest, CreateUploadRequest, DeleteNodeRequest,
    GetNodeRequest, GetUploadRequest, ListFolderRequest, ListSpacesRequest, OpenRequest,
    PutPartRequest, ReadRequest,
};
use tonic::Status;

use super::{Cast, everyday, missing};

pub(super) async fn call(
    cast: &Cast,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    match method {
        "ListSpaces" => {
            let mut spaces = SpaceServiceClient::new(caller);
            Ok(spaces.list_spaces(ListSpacesRequest {}).await.map(drop))
        }
        "ListFolder" | "GetNode" | "CreateFolder" | "DeleteNode" | "Read" => {
            file(cast, caller, method, n).await
        }
        "RenameNode" | "MoveNode" | "CopyNode" | "ListTrash" | "RestoreNode" | "PurgeNode"
        | "CreateDownloadLink" => everyday::call(cast, caller, method, n).await,
        "Open" => {
            let mut downloads = DownloadServiceClient::new(caller);
            Ok(downloads.open(OpenRequest::default()).await.map(drop))
        }
        _ => upload(cast, caller, method, n).await,
    }
}

async fn upload(
    cast: &Cast,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut uploads = UploadServiceClient::new(caller);
    if method == "CreateUpload" {
        let request = CreateUploadRequest {
            space_id: cast.space.id().to_owned(),
            name: format!("fichier {n}"),
            size: 1,
            ..Default::default()
        };
        return Ok(uploads.create_upload(request).await.map(drop));
    }
    let announced = pupils_upload(cast, n).await?;
    let upload_id = announced.id().to_owned();
    Ok(match method {
        "PutPart" => {
            let request = PutPartRequest {
                upload_id,
                index: 0,
                sha256: sha256(b"x"),
                data: (&b"x"[..]).into(),
            };
            uploads.put_part(request).await.map(drop)
        }
        "GetUpload" => uploads
            .get_upload(GetUploadRequest { upload_id })
            .await
            .map(drop),
        "Commit" => {
            announced.put(0, b"x").await?;
            let request = CommitRequest {
                upload_id,
                ..Default::default()
            };
            uploads.commit(request).await.map(drop)
        }
        "Abort" => uploads.abort(AbortRequest { upload_id }).await.map(drop),
        other => return missing(other),
    })
}

async fn file(
    cast: &Cast,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut files = FileServiceClient::new(caller);
    let space_id = cast.space.id().to_owned();
    let name = format!("dossier {n}");
    Ok(match method {
        "ListFolder" => {
            let request = ListFolderRequest {
                space_id,
                ..Default::default()
            };
            files.list_folder(request).await.map(drop)
        }
        "GetNode" => {
            let node = cast.pupils_space.folder("", &name).await?;
            let which = Some(Which::NodeId(node.node_id));
            files
                .get_node(GetNodeRequest { space_id, which })
                .await
                .map(drop)
        }
        "CreateFolder" => {
            let request = CreateFolderRequest {
                space_id,
                name,
                ..Default::default()
            };
            files.create_folder(request).await.map(drop)
        }
        "DeleteNode" => {
            let node = cast.pupils_space.folder("", &name).await?;
            let request = DeleteNodeRequest {
                space_id,
                node_id: node.node_id,
            };
            files.delete_node(request).await.map(drop)
        }
        "Read" => {
            let node = cast.pupils_space.upload(&name, b"x").await?;
            let request = ReadRequest {
                space_id,
                node_id: node.node_id,
                ..Default::default()
            };
            match files.read(request).await {
                // The refusal of a stream may come with its first frame.
                Ok(answer) => answer.into_inner().message().await.map(drop),
                Err(status) => Err(status),
            }
        }
        other => return missing(other),
    })
}

async fn pupils_upload(cast: &Cast, n: usize) -> anyhow::Result<Upload> {
    Ok(cast
        .pupils_space
        .announce(&format!("fichier {n}"), 1)
        .await?)
}
