use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_kernel::ids::NodeId;
use preau_kernel::names::Name;
use preau_storage_database::{Scope, Tx, Value, params};

use super::holding::Hold;
use super::rows::{self, node_columns, parent_key};
use super::{Store, retrying};
use crate::domain::{Body, Draft, FileBody, Folder, Node, Space};
use crate::error::Error;

impl Store {
    /// One node of a space.
    pub(crate) async fn node(
        &self,
        space: &Authorized<Space>,
        node: NodeId,
    ) -> Result<Option<Node>, Error> {
        let space = space.get();
        let row = self
            .db
            .fetch_optional(
                Scope::Tenant(space.tenant.as_str()),
                concat!(
                    "SELECT ",
                    node_columns!(),
                    " FROM nodes
                     WHERE node_id = $1 AND space_id = $2 AND parent_id IS NOT NULL AND trash_id IS NULL"
                ),
                params![node.to_string(), space.id.to_string()],
            )
            .await?;
        row.as_ref().map(rows::node).transpose()
    }

    /// The node of that name in a folder (`None`: the root).
    pub(crate) async fn child(
        &self,
        space: &Authorized<Space>,
        parent: Option<NodeId>,
        name: &Name,
    ) -> Result<Option<Node>, Error> {
        let space = space.get();
        let row = self
            .db
            .fetch_optional(
                Scope::Tenant(space.tenant.as_str()),
                concat!(
                    "SELECT ",
                    node_columns!(),
                    " FROM nodes
                     WHERE parent_id = $1 AND name_fold = $2 AND space_id = $3 AND trash_id IS NULL"
                ),
                params![
                    parent_key(parent, space.id),
                    name.folded(),
                    space.id.to_string()
                ],
            )
            .await?;
        row.as_ref().map(rows::node).transpose()
    }

    /// Up to `limit` nodes in a folder whose folded names come after `after`, in that order.
    pub(crate) async fn children_after(
        &self,
        space: &Authorized<Space>,
        folder: Folder,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Node>, Error> {
        let space = space.get();
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(space.tenant.as_str()),
                concat!(
                    "SELECT ",
                    node_columns!(),
                    " FROM nodes
                     WHERE parent_id = $1 AND name_fold > $2 AND space_id = $3 AND trash_id IS NULL
                     ORDER BY name_fold
                     LIMIT $4"
                ),
                params![
                    parent_key(folder.id, space.id),
                    after,
                    space.id.to_string(),
                    limit
                ],
            )
            .await?;
        rows.iter().map(rows::node).collect()
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// [`Error::NameTaken`]; the parent may be gone, no folder, or too deep.
    pub(crate) async fn create_folder(
        &self,
        space: &Authorized<Space>,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<Node, Error> {
        retrying(|| self.insert_folder(space.get(), draft, now)).await
    }

    async fn insert_folder(
        &self,
        space: &Space,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<Node, Error> {
        let mut tx = self.db.begin(Scope::Tenant(space.tenant.as_str())).await?;
        self.hold(&mut tx, space.id, Hold::Together).await?;
        let depth = free_place(&mut tx, space, draft).await?;
        let node = Node {
            id: NodeId::new(),
            space: space.id,
            parent: draft.parent,
            depth,
            name: draft.name.clone(),
            body: Body::Folder,
            created_by: draft.person,
            created_at: now,
            deleted_at: None,
        };
        insert(&mut tx, space, &node).await?;
        tx.commit().await?;
        Ok(node)
    }
}

/// The depth of the place a draft asks for: its parent is a folder of the space, and the name is free in it.
pub(super) async fn free_place(tx: &mut Tx, space: &Space, draft: &Draft) -> Result<u32, Error> {
    let depth = folder(tx, space, draft.parent).await?.child_depth()?;
    match holder_of(tx, space, draft.parent, &draft.name).await? {
        None => Ok(depth),
        Some(by) => Err(Error::NameTaken { by: Some(by) }),
    }
}

/// A folder of the space (`None`: the root) that things can be put into.
pub(super) async fn folder(
    tx: &mut Tx,
    space: &Space,
    folder: Option<NodeId>,
) -> Result<Folder, Error> {
    let Some(folder) = folder else {
        return Ok(Folder::ROOT);
    };
    let node = node_now(tx, space, folder).await?;
    let node = node.ok_or_else(|| Failure::not_found("folder"))?;
    Ok(node.as_folder()?)
}

/// A live node of the space, if there is one.
pub(super) async fn node_now(
    tx: &mut Tx,
    space: &Space,
    node: NodeId,
) -> Result<Option<Node>, Error> {
    let row = tx
        .fetch_optional(
            concat!(
                "SELECT ",
                node_columns!(),
                " FROM nodes
                 WHERE node_id = $1 AND space_id = $2 AND parent_id IS NOT NULL AND trash_id IS NULL"
            ),
            params![node.to_string(), space.id.to_string()],
        )
        .await?;
    row.as_ref().map(rows::node).transpose()
}

/// The node that has a name in a folder (`None`: the root).
pub(super) async fn holder_of(
    tx: &mut Tx,
    space: &Space,
    parent: Option<NodeId>,
    name: &Name,
) -> Result<Option<NodeId>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT node_id FROM nodes WHERE parent_id = $1 AND name_fold = $2",
            params![parent_key(parent, space.id), name.folded()],
        )
        .await?;
    row.map(|row| rows::parse(row.str(0)?, "a node"))
        .transpose()
}

/// Stores a node at a free place; somebody may have taken it since it was looked at.
pub(super) async fn insert(tx: &mut Tx, space: &Space, node: &Node) -> Result<(), Error> {
    let [content, size, blake3] = body_values(&node.body)?;
    let inserted = tx
        .execute(
            "INSERT INTO nodes
                 (node_id, space_id, school_id, parent_id, depth, name, name_fold,
                  content_id, size, blake3, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (parent_id, name_fold) DO NOTHING",
            params![
                node.id.to_string(),
                space.id.to_string(),
                space.tenant.as_str(),
                parent_key(node.parent, space.id),
                node.depth,
                node.name.as_str(),
                node.name.folded(),
                content,
                size,
                blake3,
                node.created_by.to_string(),
                node.created_at.0,
            ],
        )
        .await?;
    if inserted == 1 {
        return Ok(());
    }
    let by = holder_of(tx, space, node.parent, &node.name).await?;
    Err(Error::NameTaken { by })
}

fn body_values(body: &Body) -> Result<[Value; 3], Error> {
    Ok(match body {
        Body::Folder => [Value::Null, Value::Null, Value::Null],
        Body::File(FileBody {
            content,
            size,
            blake3,
        }) => [
            content.to_string().into(),
            Value::try_from(*size).map_err(|error| Error::Unreadable {
                what: "a file",
                detail: error.to_string(),
            })?,
            blake3.into(),
        ],
    })
}
