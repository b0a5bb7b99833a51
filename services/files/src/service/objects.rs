//! Objects of other services. Being their owner is all there is to authorize: the mesh says which workload calls, and
//! the contract which may.

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use preau_kernel::failure::Failure;
use preau_kernel::ids::ObjectId;
use preau_rpc::Incoming;

use super::reading::beyond;
use super::{Files, Span};
use crate::domain::{Object, ObjectState, Owner};
use crate::error::Error;

impl Files {
    /// Begins an object of `size` bytes, which is the calling workload's.
    pub(crate) async fn create_object(
        &self,
        incoming: &Incoming,
        size: u64,
    ) -> Result<Object, Error> {
        let owner = owner(incoming)?;
        let object = self.store.create_object(&owner, size, self.clock.now());
        object.await
    }

    /// Stores a part; answers how many are still missing.
    pub(crate) async fn put_object_part(
        &self,
        incoming: &Incoming,
        id: ObjectId,
        index: u32,
        sha256: &[u8; 32],
        data: Bytes,
    ) -> Result<u32, Error> {
        let object = self.owned(&owner(incoming)?, id).await?;
        object.check_open(self.clock.now())?;
        let missing = self.store.put_object_part(&object, index, sha256, data);
        missing.await
    }

    /// An object, and runs (first, count) of parts that it misses.
    pub(crate) async fn object(
        &self,
        incoming: &Incoming,
        id: ObjectId,
    ) -> Result<(Object, Vec<(u32, u32)>), Error> {
        let object = self.owned(&owner(incoming)?, id).await?;
        if object.state != ObjectState::Open {
            return Ok((object, Vec::new()));
        }
        object.check_open(self.clock.now())?;
        let progress = self.store.object_progress(&object).await?;
        Ok((object, progress.missing))
    }

    /// Makes an object readable, if the whole hashes as said; committing again answers the same.
    pub(crate) async fn commit_object(
        &self,
        incoming: &Incoming,
        id: ObjectId,
        blake3: [u8; 32],
    ) -> Result<Object, Error> {
        let owner = owner(incoming)?;
        let object = self.owned(&owner, id).await?;
        let object = match object.state {
            ObjectState::Committed(_) => object,
            ObjectState::Open => {
                object.check_open(self.clock.now())?;
                self.store.commit_object(&owner, id, blake3).await?
            }
        };
        if object.stored()?.blake3 != blake3 {
            return Err(Error::HashMismatch);
        }
        Ok(object)
    }

    /// The bytes of a committed object. The first of them are fetched before anything is answered, so that an object
    /// that is gone is a refusal.
    pub(crate) async fn read_object(
        &self,
        incoming: &Incoming,
        id: ObjectId,
        span: Span,
    ) -> Result<BoxStream<'static, Result<Bytes, Error>>, Error> {
        let object = self.owned(&owner(incoming)?, id).await?;
        let stored = object.stored()?;
        if span.offset > object.size {
            return Err(beyond(span.offset, object.size).into());
        }
        let frames = self.store.read_object(&stored, span.offset, span.length);
        let mut frames = frames.boxed();
        let first = frames.next().await.transpose()?;
        Ok(stream::iter(first.map(Ok)).chain(frames).boxed())
    }

    /// Lets go of an object; nothing if there is none of the caller's.
    pub(crate) async fn delete_object(
        &self,
        incoming: &Incoming,
        id: ObjectId,
    ) -> Result<(), Error> {
        self.store.delete_object(&owner(incoming)?, id).await
    }

    async fn owned(&self, owner: &Owner, id: ObjectId) -> Result<Object, Error> {
        let object = self.store.object(owner, id).await?;
        Ok(object.ok_or_else(|| Failure::not_found("object"))?)
    }
}

fn owner(incoming: &Incoming) -> Result<Owner, Failure> {
    let peer = incoming.call().peer();
    let peer = peer.ok_or_else(|| Failure::internal("an object's owner has no identity"))?;
    Ok(Owner::new(peer.service()))
}
