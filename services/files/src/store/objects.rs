//! Objects of other services: rows here, bytes in the vault under the platform's own key.
//!
//! Every statement names the owner: whose an object is not is told what whoever asks for an unknown id is told.

use bytes::Bytes;
use futures::{Stream, StreamExt};
use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_kernel::ids::ObjectId;
use preau_storage_database::{DbError, Row, Scope, Tx, params};
use preau_storage_vault::{UploadState, VaultError};

use super::rows::{number, parse, unreadable};
use super::{Store, retrying};
use crate::domain::{Object, ObjectState, Owner, PLATFORM, Stored};
use crate::error::Error;

const SCOPE: Scope<'static> = Scope::Tenant(PLATFORM);

const FIND: &str =
    "SELECT object_id, size, part_size, part_count, expires_at, state, content_id, blake3 FROM objects
     WHERE object_id = $1 AND owner = $2";

impl Store {
    /// Begins an object, in the vault and here, both or neither.
    pub(crate) async fn create_object(
        &self,
        owner: &Owner,
        size: u64,
        now: Timestamp,
    ) -> Result<Object, Error> {
        retrying(|| self.insert_object(owner, size, now)).await
    }

    async fn insert_object(
        &self,
        owner: &Owner,
        size: u64,
        now: Timestamp,
    ) -> Result<Object, Error> {
        let mut tx = self.db.begin(SCOPE).await?;
        let plan = self.vault.create(&mut tx, PLATFORM, size).await?;
        tx.execute(
            "INSERT INTO objects
                 (object_id, tenant, owner, size, part_size, part_count, state, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)",
            params![
                plan.upload.as_str(),
                PLATFORM,
                owner.as_str(),
                i64::try_from(size).map_err(|_| VaultError::TooLarge)?,
                plan.part_size,
                plan.part_count,
                now.0,
                plan.expires_at,
            ],
        )
        .await?;
        tx.commit().await?;
        Ok(Object {
            id: parse(&plan.upload, "an object")?,
            size,
            part_size: plan.part_size,
            part_count: plan.part_count,
            expires_at: Timestamp(plan.expires_at),
            state: ObjectState::Open,
        })
    }

    /// The owner's object.
    pub(crate) async fn object(
        &self,
        owner: &Owner,
        id: ObjectId,
    ) -> Result<Option<Object>, Error> {
        let key = params![id.to_string(), owner.as_str()];
        let row = self.db.fetch_optional(SCOPE, FIND, key).await?;
        row.as_ref().map(object).transpose()
    }

    /// Stores one part of an open object durably; answers how many are still missing.
    pub(crate) async fn put_object_part(
        &self,
        object: &Object,
        index: u32,
        sha256: &[u8; 32],
        data: Bytes,
    ) -> Result<u32, Error> {
        let id = object.id.to_string();
        let missing = self.vault.put_part(PLATFORM, &id, index, sha256, data);
        missing.await.map_err(about_object)
    }

    /// How far an open object has come.
    pub(crate) async fn object_progress(&self, object: &Object) -> Result<UploadState, Error> {
        let state = self.vault.state(PLATFORM, &object.id.to_string()).await;
        state.map_err(about_object)
    }

    /// Makes the owner's object readable, once; answers it as it is afterwards, whoever committed it.
    ///
    /// # Errors
    /// NOT_FOUND, and all that the vault may say: the object stays open.
    pub(crate) async fn commit_object(
        &self,
        owner: &Owner,
        id: ObjectId,
        blake3: [u8; 32],
    ) -> Result<Object, Error> {
        retrying(|| self.commit_object_once(owner, id, blake3)).await
    }

    async fn commit_object_once(
        &self,
        owner: &Owner,
        id: ObjectId,
        blake3: [u8; 32],
    ) -> Result<Object, Error> {
        let mut tx = self.db.begin(SCOPE).await?;
        let mut found = hold(&mut tx, owner, id)
            .await?
            .ok_or_else(|| Failure::not_found("object"))?;
        if found.state == ObjectState::Open {
            let key = id.to_string();
            let commit = self.vault.commit(&mut tx, PLATFORM, &key, Some(blake3));
            let content = commit.await.map_err(about_object)?;
            tx.execute(
                "UPDATE objects SET state = 1, content_id = $2, blake3 = $3 WHERE object_id = $1",
                params![key, content.id.as_str(), blake3],
            )
            .await?;
            found.state = ObjectState::Committed(Stored {
                content: parse(&content.id, "a content")?,
                blake3,
            });
        }
        // Also where it was committed before: by then that is durable, or this one is told to run again.
        tx.commit().await?;
        Ok(found)
    }

    /// Lets go of the owner's object: its bytes cannot be read from here on. Nothing if there is none.
    pub(crate) async fn delete_object(&self, owner: &Owner, id: ObjectId) -> Result<(), Error> {
        retrying(|| self.delete_object_once(owner, id)).await
    }

    async fn delete_object_once(&self, owner: &Owner, id: ObjectId) -> Result<(), Error> {
        let mut tx = self.db.begin(SCOPE).await?;
        let key = id.to_string();
        let gone = tx
            .fetch_optional(
                "DELETE FROM objects WHERE object_id = $1 AND owner = $2 RETURNING content_id",
                params![key.as_str(), owner.as_str()],
            )
            .await?;
        match gone.map(|row| row.opt_text(0)).transpose()? {
            Some(Some(content)) => self.vault.release(&mut tx, PLATFORM, &content).await?,
            Some(None) => match self.vault.abort(&mut tx, PLATFORM, &key).await {
                // Its time was up and the vault has swept it.
                Ok(()) | Err(VaultError::NoSuchUpload) => {}
                Err(error) => return Err(error.into()),
            },
            None => {}
        }
        tx.commit().await?;
        Ok(())
    }

    /// The bytes of a committed object, in frames of at most 256 KiB.
    pub(crate) fn read_object(
        &self,
        stored: &Stored,
        offset: u64,
        length: Option<u64>,
    ) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static + use<> {
        self.vault
            .read(PLATFORM, &stored.content.to_string(), offset, length)
            .map(|frame| frame.map_err(about_object))
    }

    /// Forgets objects that were not committed in time; the vault sweeps their parts by itself.
    pub(super) async fn forget_objects(&self, before: i64) -> Result<(), DbError> {
        let mut tx = self.db.begin(Scope::Platform).await?;
        tx.execute(
            "DELETE FROM objects WHERE state = 0 AND expires_at < $1",
            params![before],
        )
        .await?;
        tx.commit().await
    }
}

/// The owner's object, which nobody else commits or deletes until the transaction ends.
async fn hold(tx: &mut Tx, owner: &Owner, id: ObjectId) -> Result<Option<Object>, Error> {
    let key = params![id.to_string(), owner.as_str()];
    tx.execute(
        "UPDATE objects SET state = state WHERE object_id = $1 AND owner = $2",
        key,
    )
    .await?;
    let row = tx.fetch_optional(FIND, key).await?;
    row.as_ref().map(object).transpose()
}

/// What the vault calls uploads and contents is called an object by whoever asked.
fn about_object(error: VaultError) -> Error {
    match error {
        VaultError::NoSuchUpload | VaultError::NoSuchContent => Failure::not_found("object").into(),
        VaultError::FileHashMismatch => Error::HashMismatch,
        other => other.into(),
    }
}

/// Columns: those of [`FIND`].
fn object(row: &Row) -> Result<Object, Error> {
    const WHAT: &str = "an object";
    let state = match (row.int(5)?, row.opt_text(6)?) {
        (0, None) => ObjectState::Open,
        (1, Some(content)) => ObjectState::Committed(Stored {
            content: parse(&content, WHAT)?,
            blake3: row.array(7)?,
        }),
        (state, _) => return Err(unreadable(WHAT, format!("state {state}"))),
    };
    Ok(Object {
        id: parse(row.str(0)?, WHAT)?,
        size: number(row.int(1)?)?,
        part_size: number(row.int(2)?)?,
        part_count: number(row.int(3)?)?,
        expires_at: Timestamp(row.int(4)?),
        state,
    })
}
