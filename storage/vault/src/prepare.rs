//! What is computed of a part before it is stored: all of the work that needs a processor.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use bytes::Bytes;
use preau_storage_seal::{ChunkId, Layout, TenantKeys, seal_into};

use crate::VaultError;
use crate::buffers::Buffers;
use crate::tree::subtree;
use crate::upload::{UploadPlan, broken};

/// A part as it arrived.
#[derive(Clone)]
pub(crate) struct Arrival {
    pub(crate) index: u32,
    pub(crate) part_size: u32,
    pub(crate) part_count: u32,
    pub(crate) sha256: [u8; 32],
    pub(crate) data: Bytes,
}

/// A part ready to be stored.
pub(crate) struct Prepared {
    pub(crate) cv: [u8; 32],
    pub(crate) id: ChunkId,
    pub(crate) salt: [u8; 32],
    pub(crate) record: Bytes,
    pub(crate) record_hash: [u8; 32],
}

impl Arrival {
    pub(crate) fn new(
        plan: &UploadPlan,
        index: u32,
        sha256: &[u8],
        data: Bytes,
    ) -> Result<Arrival, VaultError> {
        Ok(Arrival {
            index,
            part_size: plan.part_size,
            part_count: plan.part_count,
            sha256: sha256
                .try_into()
                .map_err(|_| VaultError::WrongHash { index })?,
            data,
        })
    }

    /// Checks the SHA-256 and returns the part's chaining value.
    pub(crate) fn verify(&self) -> Result<[u8; 32], VaultError> {
        let sha256 = digest::digest(&digest::SHA256, &self.data);
        verify_slices_are_equal(sha256.as_ref(), &self.sha256)
            .map_err(|_| VaultError::WrongHash { index: self.index })?;
        Ok(subtree(
            self.index,
            self.part_size,
            self.part_count,
            &self.data,
        ))
    }

    /// Verifies and seals.
    pub(crate) fn prepare(
        &self,
        keys: &TenantKeys,
        tenant: &str,
        buffers: &Arc<Buffers>,
        salt: [u8; 32],
    ) -> Result<Prepared, VaultError> {
        let cv = self.verify()?;
        let length = self.data.len() as u64;
        let layout = Layout::of(length).ok_or_else(|| broken("a part's length"))?;
        let mut record = buffers.take(layout.record_len() as usize);
        seal_into(keys, tenant, &salt, &self.data, record.as_mut());
        Ok(Prepared {
            cv,
            id: keys.chunk_id(&self.sha256, length),
            salt,
            record_hash: *blake3::hash(record.as_ref()).as_bytes(),
            record: record.freeze(),
        })
    }
}
