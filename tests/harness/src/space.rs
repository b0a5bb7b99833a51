//! A class's space as one person sees it.

use preau_proto::files::v1::{
    CreateFolderRequest, CreateUploadRequest, DeleteNodeRequest, GetNodeRequest, ListFolderRequest,
    Node, ReadRequest, get_node_request::Which,
};
use tonic::Status;

use crate::person::Person;
use crate::upload::Upload;

/// A space and who is looking.
#[derive(Clone)]
pub struct Space {
    person: Person,
    id: String,
}

impl Space {
    pub(crate) fn new(person: Person, id: String) -> Self {
        Self { person, id }
    }

    /// The space's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who is looking.
    #[must_use]
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// Announces a file of `size` bytes in the root.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn announce(&self, name: &str, size: u64) -> Result<Upload, Status> {
        self.announce_in("", name, size).await
    }

    /// Announces a file in a folder.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn announce_in(&self, folder: &str, name: &str, size: u64) -> Result<Upload, Status> {
        let request = CreateUploadRequest {
            space_id: self.id.clone(),
            parent_id: folder.to_owned(),
            name: name.to_owned(),
            size,
        };
        let answer = self
            .person
            .uploads()
            .create_upload(request)
            .await?
            .into_inner();
        let plan = answer
            .upload
            .ok_or_else(|| Status::internal("an answer without an upload"))?;
        Ok(Upload::new(self.person.clone(), plan, size))
    }

    /// Uploads a whole file into the root, part by part, and commits it.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn upload(&self, name: &str, bytes: &[u8]) -> Result<Node, Status> {
        let upload = self.announce(name, bytes.len() as u64).await?;
        upload.put_all(bytes).await?;
        upload.commit(Some(bytes)).await
    }

    /// The bytes of a node, from `offset`, `length` of them (0: to the end).
    ///
    /// # Errors
    /// With the platform's refusal, also in mid-stream.
    pub async fn read_range(
        &self,
        node: &str,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, Status> {
        let request = ReadRequest {
            space_id: self.id.clone(),
            node_id: node.to_owned(),
            offset,
            length,
        };
        let mut frames = self.person.files().read(request).await?.into_inner();
        let mut bytes = Vec::new();
        while let Some(frame) = frames.message().await? {
            bytes.extend_from_slice(&frame.data);
        }
        Ok(bytes)
    }

    /// All the bytes of a node.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn read(&self, node: &str) -> Result<Vec<u8>, Status> {
        self.read_range(node, 0, 0).await
    }

    /// The node at a path from the root.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn node_at(&self, path: &str) -> Result<Node, Status> {
        self.node(Which::Path(path.to_owned())).await
    }

    /// The node with an id.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn node_by_id(&self, id: &str) -> Result<Node, Status> {
        self.node(Which::NodeId(id.to_owned())).await
    }

    async fn node(&self, which: Which) -> Result<Node, Status> {
        let request = GetNodeRequest {
            space_id: self.id.clone(),
            which: Some(which),
        };
        let answer = self.person.files().get_node(request).await?.into_inner();
        answer
            .node
            .ok_or_else(|| Status::internal("an answer without a node"))
    }

    /// Everything in a folder ("" is the root), over as many pages as it takes.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn list(&self, folder: &str) -> Result<Vec<Node>, Status> {
        let mut nodes = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListFolderRequest {
                space_id: self.id.clone(),
                folder_id: folder.to_owned(),
                page_size: 0,
                page_token,
            };
            let page = self.person.files().list_folder(request).await?.into_inner();
            nodes.extend(page.nodes);
            if page.next_page_token.is_empty() {
                return Ok(nodes);
            }
            page_token = page.next_page_token;
        }
    }

    /// The names in the root, in the platform's order.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn names(&self) -> Result<Vec<String>, Status> {
        Ok(self
            .list("")
            .await?
            .into_iter()
            .map(|node| node.name)
            .collect())
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn folder(&self, parent: &str, name: &str) -> Result<Node, Status> {
        let request = CreateFolderRequest {
            space_id: self.id.clone(),
            parent_id: parent.to_owned(),
            name: name.to_owned(),
        };
        let answer = self
            .person
            .files()
            .create_folder(request)
            .await?
            .into_inner();
        answer
            .node
            .ok_or_else(|| Status::internal("an answer without a node"))
    }

    /// Deletes a node.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn delete(&self, node: &str) -> Result<(), Status> {
        let request = DeleteNodeRequest {
            space_id: self.id.clone(),
            node_id: node.to_owned(),
        };
        self.person.files().delete_node(request).await.map(drop)
    }
}
