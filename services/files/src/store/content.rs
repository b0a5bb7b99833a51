//! Bytes in and out: the vault behind the same proofs as the rows.

use bytes::Bytes;
use futures::{Stream, StreamExt};
use preau_kernel::access::Authorized;
use preau_kernel::ids::NodeId;
use preau_storage_vault::UploadState;

use super::Store;
use crate::domain::{FileBody, Link, Space, Upload};
use crate::error::Error;

/// A file of a space, and which bytes of it.
pub(crate) struct Range<'a> {
    pub(crate) node: NodeId,
    pub(crate) file: &'a FileBody,
    pub(crate) offset: u64,
    /// `None`: to the end.
    pub(crate) length: Option<u64>,
}

impl Store {
    /// Stores one part durably; answers how many are still missing. The bytes are not copied on their way.
    pub(crate) async fn put_part(
        &self,
        upload: &Authorized<Upload>,
        index: u32,
        sha256: &[u8; 32],
        data: Bytes,
    ) -> Result<u32, Error> {
        let Upload { id, tenant, .. } = upload.get();
        let id = id.to_string();
        let missing = self
            .vault
            .put_part(tenant.as_str(), &id, index, sha256, data);
        Ok(missing.await?)
    }

    /// How far an upload has come.
    pub(crate) async fn progress(&self, upload: &Authorized<Upload>) -> Result<UploadState, Error> {
        let Upload { id, tenant, .. } = upload.get();
        Ok(self.vault.state(tenant.as_str(), &id.to_string()).await?)
    }

    /// The bytes, in frames of at most 256 KiB.
    pub(crate) fn read(
        &self,
        space: &Authorized<Space>,
        range: &Range<'_>,
    ) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static + use<> {
        let tenant = space.get().tenant.as_str();
        let content = range.file.content.to_string();
        let node = Some(range.node);
        self.vault
            .read(tenant, &content, range.offset, range.length)
            .map(move |frame| frame.map_err(|source| Error::Vault { node, source }))
    }

    /// The bytes a link is for: who holds one may read, and a [`Link`] comes only out of a token that we sealed.
    pub(crate) fn read_linked(
        &self,
        link: &Link,
        offset: u64,
        length: Option<u64>,
    ) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static + use<> {
        let content = link.file.content.to_string();
        self.vault
            .read(link.tenant.as_str(), &content, offset, length)
            .map(|frame| frame.map_err(Error::from))
    }
}
