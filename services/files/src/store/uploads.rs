use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_kernel::ids::{NodeId, UploadId};
use preau_storage_database::{Scope, Tx, params};
use preau_storage_vault::{Content, UploadPlan};

use super::holding::Hold;
use super::nodes::{free_place, insert};
use super::rows::{self, parent_key};
use super::{Store, retrying};
use crate::domain::{Body, Draft, FileBody, Node, Space, Upload, UploadState};
use crate::error::Error;

/// What came of a commit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Commitment {
    /// The file is there.
    Made(Node),
    /// The upload was closed before, and this is how.
    Closed(UploadState),
}

impl Store {
    /// An upload: what an authorization is decided from, so it asks for none.
    pub(crate) async fn upload(&self, upload: UploadId) -> Result<Option<Upload>, Error> {
        let row = self
            .db
            .fetch_optional(
                Scope::Platform,
                "SELECT upload_id, space_id, school_id, parent_id, name, person_id, state, node_id
                 FROM uploads WHERE upload_id = $1",
                params![upload.to_string()],
            )
            .await?;
        row.as_ref().map(rows::upload).transpose()
    }

    /// Announces a file at a place that is free now, to the vault and here, both or neither.
    pub(crate) async fn create_upload(
        &self,
        space: &Authorized<Space>,
        draft: &Draft,
        size: u64,
    ) -> Result<UploadPlan, Error> {
        retrying(|| self.insert_upload(space.get(), draft, size)).await
    }

    async fn insert_upload(
        &self,
        space: &Space,
        draft: &Draft,
        size: u64,
    ) -> Result<UploadPlan, Error> {
        let tenant = space.tenant.as_str();
        let mut tx = self.db.begin(Scope::Tenant(tenant)).await?;
        free_place(&mut tx, space, draft).await?;
        let plan = self.vault.create(&mut tx, tenant, size).await?;
        tx.execute(
            "INSERT INTO uploads
                 (upload_id, space_id, school_id, parent_id, name, person_id, state, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
            params![
                plan.upload.as_str(),
                space.id.to_string(),
                tenant,
                parent_key(draft.parent, space.id),
                draft.name.as_str(),
                draft.person.to_string(),
                plan.expires_at,
            ],
        )
        .await?;
        tx.commit().await?;
        Ok(plan)
    }

    /// Makes the file appear, unless the upload is open no longer.
    ///
    /// # Errors
    /// [`Error::NameTaken`] and all that the vault may say. The upload stays open.
    pub(crate) async fn commit_upload(
        &self,
        upload: &Authorized<Upload>,
        space: &Space,
        blake3: Option<[u8; 32]>,
        now: Timestamp,
    ) -> Result<Commitment, Error> {
        retrying(|| self.commit_once(upload.get(), space, blake3, now)).await
    }

    async fn commit_once(
        &self,
        upload: &Upload,
        space: &Space,
        blake3: Option<[u8; 32]>,
        now: Timestamp,
    ) -> Result<Commitment, Error> {
        let tenant = upload.tenant.as_str();
        let node = NodeId::new();
        let mut tx = self.db.begin(Scope::Tenant(tenant)).await?;
        // Claimed first: a second commit of the same upload waits here, then finds it closed.
        let claimed = tx
            .execute(
                "UPDATE uploads SET state = 1, node_id = $2 WHERE upload_id = $1 AND state = 0",
                params![upload.id.to_string(), node.to_string()],
            )
            .await?;
        if claimed == 0 {
            return settled(tx, upload).await.map(Commitment::Closed);
        }
        let draft = Draft {
            parent: upload.parent,
            name: upload.name.clone(),
            person: upload.person,
        };
        self.hold(&mut tx, space.id, Hold::Together).await?;
        let depth = free_place(&mut tx, space, &draft).await?;
        let id = upload.id.to_string();
        let content = self.vault.commit(&mut tx, tenant, &id, blake3).await?;
        let node = file(node, space, draft, depth, &content, now)?;
        insert(&mut tx, space, &node).await?;
        tx.commit().await?;
        Ok(Commitment::Made(node))
    }

    /// Gives an open upload up; answers the state it is in afterwards.
    pub(crate) async fn abort_upload(
        &self,
        upload: &Authorized<Upload>,
    ) -> Result<UploadState, Error> {
        retrying(|| self.abort_once(upload.get())).await
    }

    async fn abort_once(&self, upload: &Upload) -> Result<UploadState, Error> {
        let tenant = upload.tenant.as_str();
        let id = upload.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(tenant)).await?;
        let claimed = tx
            .execute(
                "UPDATE uploads SET state = 2 WHERE upload_id = $1 AND state = 0",
                params![id.as_str()],
            )
            .await?;
        if claimed == 0 {
            return settled(tx, upload).await;
        }
        self.vault.abort(&mut tx, tenant, &id).await?;
        tx.commit().await?;
        Ok(UploadState::Aborted)
    }
}

/// The state that an upload which is open no longer was left in. Whoever closed it may not have finished committing
/// (SQLite commits in groups, and a transaction sees those before it in its group): so this one commits too, and by then
/// the other is durable, or this one is told to run again.
async fn settled(mut tx: Tx, upload: &Upload) -> Result<UploadState, Error> {
    let row = tx
        .fetch_optional(
            "SELECT upload_id, space_id, school_id, parent_id, name, person_id, state, node_id
             FROM uploads WHERE upload_id = $1",
            params![upload.id.to_string()],
        )
        .await?
        .ok_or_else(|| Failure::not_found("upload"))?;
    let state = rows::upload(&row)?.state;
    tx.commit().await?;
    Ok(state)
}

fn file(
    id: NodeId,
    space: &Space,
    draft: Draft,
    depth: u32,
    content: &Content,
    now: Timestamp,
) -> Result<Node, Error> {
    Ok(Node {
        id,
        space: space.id,
        parent: draft.parent,
        depth,
        name: draft.name,
        body: Body::File(FileBody {
            content: rows::parse(&content.id, "a content")?,
            size: content.size,
            blake3: content.blake3,
        }),
        created_by: draft.person,
        created_at: now,
        deleted_at: None,
    })
}
