use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use preau_kernel::paging::page_size;
use preau_proto::files::v1 as wire;
use preau_proto::files::v1::file_service_server::FileService;
use preau_rpc::Incoming;
use preau_rpc::convert::{id, optional_id};
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::Error;
use crate::service::Files;

/// FileService over the use cases.
pub(crate) struct Nodes {
    files: Arc<Files>,
}

impl Nodes {
    pub(crate) fn new(files: Arc<Files>) -> Self {
        Self { files }
    }

    async fn list(
        &self,
        incoming: &Incoming,
        message: &wire::ListFolderRequest,
    ) -> Result<wire::ListFolderResponse, Error> {
        let space = id("space_id", &message.space_id)?;
        let folder = optional_id("folder_id", &message.folder_id)?;
        let size = page_size(message.page_size)?;
        let after = convert::after(&message.page_token)?;
        let page = self
            .files
            .list(incoming, space, folder, size, &after)
            .await?;
        Ok(wire::ListFolderResponse {
            nodes: page.rows.iter().map(convert::wire_node).collect(),
            next_page_token: page.next,
        })
    }

    async fn rename(
        &self,
        incoming: &Incoming,
        message: &wire::RenameNodeRequest,
    ) -> Result<wire::RenameNodeResponse, Error> {
        let space = id("space_id", &message.space_id)?;
        let node = id("node_id", &message.node_id)?;
        let name = convert::name(&message.name)?;
        let node = self.files.rename(incoming, space, node, &name).await?;
        let node = Some(convert::wire_node(&node));
        Ok(wire::RenameNodeResponse { node })
    }

    async fn relocate(
        &self,
        incoming: &Incoming,
        message: &wire::MoveNodeRequest,
    ) -> Result<wire::MoveNodeResponse, Error> {
        let space = id("space_id", &message.space_id)?;
        let node = id("node_id", &message.node_id)?;
        let to = convert::place(&message.to_space_id, &message.to_parent_id)?;
        let node = self.files.move_node(incoming, space, node, to).await?;
        let node = Some(convert::wire_node(&node));
        Ok(wire::MoveNodeResponse { node })
    }

    async fn copy(
        &self,
        incoming: &Incoming,
        message: &wire::CopyNodeRequest,
    ) -> Result<wire::CopyNodeResponse, Error> {
        let space = id("space_id", &message.space_id)?;
        let node = id("node_id", &message.node_id)?;
        let to = convert::place(&message.to_space_id, &message.to_parent_id)?;
        let name = match &*message.name {
            "" => None,
            name => Some(convert::name(name)?),
        };
        let node = self.files.copy(incoming, space, node, to, name).await?;
        let node = Some(convert::wire_node(&node));
        Ok(wire::CopyNodeResponse { node })
    }

    async fn trash(
        &self,
        incoming: &Incoming,
        message: &wire::ListTrashRequest,
    ) -> Result<wire::ListTrashResponse, Error> {
        let space = id("space_id", &message.space_id)?;
        let size = page_size(message.page_size)?;
        let after = convert::after_in_trash(&message.page_token)?;
        let page = self.files.list_trash(incoming, space, size, &after).await?;
        Ok(wire::ListTrashResponse {
            nodes: page.rows.iter().map(convert::wire_node).collect(),
            next_page_token: page.next,
        })
    }

    async fn open(
        &self,
        incoming: Incoming,
        message: &wire::ReadRequest,
    ) -> Result<Frames, Status> {
        let opened = async {
            let space = id("space_id", &message.space_id)?;
            let node = id("node_id", &message.node_id)?;
            let span = convert::span(message.offset, message.length);
            self.files.read(&incoming, space, node, span).await
        };
        let bytes = opened.await.map_err(|error| incoming.status(error))?;
        let frames = bytes.map(move |frame| match frame {
            Ok(data) => Ok(wire::ReadResponse { data }),
            Err(error) => Err(incoming.status(error)),
        });
        Ok(Box::pin(frames))
    }
}

type Frames = Pin<Box<dyn Stream<Item = Result<wire::ReadResponse, Status>> + Send>>;

#[tonic::async_trait]
impl FileService for Nodes {
    type ReadStream = Frames;

    async fn list_folder(
        &self,
        request: Request<wire::ListFolderRequest>,
    ) -> Result<Response<wire::ListFolderResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.list(&incoming, request.get_ref()).await)
    }

    async fn get_node(
        &self,
        request: Request<wire::GetNodeRequest>,
    ) -> Result<Response<wire::GetNodeResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let space = id("space_id", &request.get_ref().space_id)?;
            let which = convert::which(request.get_ref())?;
            let node = self.files.get(&incoming, space, &which).await?;
            let node = Some(convert::wire_node(&node));
            Ok::<_, Error>(wire::GetNodeResponse { node })
        };
        incoming.answer(outcome.await)
    }

    async fn create_folder(
        &self,
        request: Request<wire::CreateFolderRequest>,
    ) -> Result<Response<wire::CreateFolderResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let message = request.get_ref();
            let space = id("space_id", &message.space_id)?;
            let parent = optional_id("parent_id", &message.parent_id)?;
            let name = convert::name(&message.name)?;
            let node = self
                .files
                .create_folder(&incoming, space, parent, name)
                .await?;
            let node = Some(convert::wire_node(&node));
            Ok::<_, Error>(wire::CreateFolderResponse { node })
        };
        incoming.answer(outcome.await)
    }

    async fn rename_node(
        &self,
        request: Request<wire::RenameNodeRequest>,
    ) -> Result<Response<wire::RenameNodeResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.rename(&incoming, request.get_ref()).await)
    }

    async fn move_node(
        &self,
        request: Request<wire::MoveNodeRequest>,
    ) -> Result<Response<wire::MoveNodeResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.relocate(&incoming, request.get_ref()).await)
    }

    async fn copy_node(
        &self,
        request: Request<wire::CopyNodeRequest>,
    ) -> Result<Response<wire::CopyNodeResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.copy(&incoming, request.get_ref()).await)
    }

    async fn list_trash(
        &self,
        request: Request<wire::ListTrashRequest>,
    ) -> Result<Response<wire::ListTrashResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.trash(&incoming, request.get_ref()).await)
    }

    async fn restore_node(
        &self,
        request: Request<wire::RestoreNodeRequest>,
    ) -> Result<Response<wire::RestoreNodeResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let space = id("space_id", &request.get_ref().space_id)?;
            let node = id("node_id", &request.get_ref().node_id)?;
            let node = self.files.restore(&incoming, space, node).await?;
            let node = Some(convert::wire_node(&node));
            Ok::<_, Error>(wire::RestoreNodeResponse { node })
        };
        incoming.answer(outcome.await)
    }

    async fn purge_node(
        &self,
        request: Request<wire::PurgeNodeRequest>,
    ) -> Result<Response<wire::PurgeNodeResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let space = id("space_id", &request.get_ref().space_id)?;
            let node = id("node_id", &request.get_ref().node_id)?;
            self.files.purge(&incoming, space, node).await?;
            Ok::<_, Error>(wire::PurgeNodeResponse {})
        };
        incoming.answer(outcome.await)
    }

    async fn create_download_link(
        &self,
        request: Request<wire::CreateDownloadLinkRequest>,
    ) -> Result<Response<wire::CreateDownloadLinkResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let space = id("space_id", &request.get_ref().space_id)?;
            let node = id("node_id", &request.get_ref().node_id)?;
            let link = self.files.create_link(&incoming, space, node).await?;
            Ok::<_, Error>(convert::wire_link(link))
        };
        incoming.answer(outcome.await)
    }

    async fn delete_node(
        &self,
        request: Request<wire::DeleteNodeRequest>,
    ) -> Result<Response<wire::DeleteNodeResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let space = id("space_id", &request.get_ref().space_id)?;
            let node = id("node_id", &request.get_ref().node_id)?;
            self.files.delete(&incoming, space, node).await?;
            Ok::<_, Error>(wire::DeleteNodeResponse {})
        };
        incoming.answer(outcome.await)
    }

    async fn read(
        &self,
        request: Request<wire::ReadRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let incoming = Incoming::of(&request)?;
        self.open(incoming, request.get_ref())
            .await
            .map(Response::new)
    }
}
