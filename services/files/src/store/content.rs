//! Bytes in and out: the vault behind the same proofs as the rows.

use bytes::Bytes;
use futures::{Stream, StreamExt};
use preau_kernel::access::Authorized;
use preau_kernel::ids::NodeId;
use preau_storage_vault::UploadState;

use super::Store;
use crate::domain::{FileBody, Space, Upload};
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
        let (school, id) = names(upload.get());
        Ok(self
            .vault
            .put_part(&school, &id, index, sha256, data)
            .await?)
    }

    /// How far an upload has come.
    pub(crate) async fn progress(&self, upload: &Authorized<Upload>) -> Result<UploadState, Error> {
        let (school, id) = names(upload.get());
        Ok(self.vault.state(&school, &id).await?)
    }

    /// The bytes, in frames of at most 256 KiB.
    pub(crate) fn read(
        &self,
        space: &Authorized<Space>,
        range: &Range<'_>,
    ) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static + use<> {
        let school = space.get().school.to_string();
        let content = range.file.content.to_string();
        let node = Some(range.node);
        self.vault
            .read(&school, &content, range.offset, range.length)
            .map(move |frame| frame.map_err(|source| Error::Vault { node, source }))
    }
}

fn names(upload: &Upload) -> (String, String) {
    (upload.school.to_string(), upload.id.to_string())
}
