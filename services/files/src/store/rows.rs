//! Rows to domain types and back.

use std::str::FromStr;

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{NodeId, SpaceId};
use preau_kernel::names::Name;
use preau_storage_database::Row;

use crate::domain::{Body, FileBody, Holder, Node, Space, Tenant, Upload, UploadState};
use crate::error::Error;

/// The columns that [`node`] reads, in its order. Needs the table, or what is joined to it, to be called `nodes`.
macro_rules! node_columns {
    () => {
        "nodes.node_id, nodes.space_id, COALESCE(nodes.trashed_from, nodes.parent_id), nodes.depth, nodes.name,
         nodes.content_id, nodes.size, nodes.blake3, nodes.created_by, nodes.created_at, nodes.trashed_at"
    };
}
pub(super) use node_columns;

/// A common table of the ids of a live node ($1) of a space ($2) and of all below it. A folder's live children are all
/// there is below it: what was deleted out of it hangs from the root.
macro_rules! tree {
    () => {
        "WITH RECURSIVE tree (id) AS (
             SELECT node_id FROM nodes
             WHERE node_id = $1 AND space_id = $2 AND parent_id IS NOT NULL AND trash_id IS NULL
             UNION ALL
             SELECT n.node_id FROM nodes n JOIN tree t ON n.parent_id = t.id
         ) "
    };
}
pub(super) use tree;

/// The kind of a class's space, as it is stored.
pub(super) const CLASS: i64 = 1;
/// The kind of a person's space, as it is stored.
pub(super) const PERSON: i64 = 2;

/// Columns: `space_id, kind, holder_id, school_id, authority_id, name`.
pub(super) fn space(row: &Row) -> Result<Space, Error> {
    let holder = match row.int(1)? {
        CLASS => Holder::Class {
            id: parse(row.str(2)?, "a space")?,
            school: parse(row.str(3)?, "a space")?,
            authority: parse(row.str(4)?, "a space")?,
        },
        PERSON => Holder::Person(parse(row.str(2)?, "a space")?),
        kind => return Err(unreadable("a space", format!("kind {kind}"))),
    };
    Ok(Space {
        id: parse(row.str(0)?, "a space")?,
        holder,
        tenant: Tenant::stored(row.text(3)?),
        name: row.text(5)?,
    })
}

/// Columns: [`node_columns`].
pub(super) fn node(row: &Row) -> Result<Node, Error> {
    let id: NodeId = parse(row.str(0)?, "a node")?;
    let space: SpaceId = parse(row.str(1)?, "a node")?;
    Ok(Node {
        id,
        space,
        parent: parent(row.str(2)?, space)?,
        depth: number(row.int(3)?)?,
        name: name(row.str(4)?, "a node")?,
        body: body(row)?,
        created_by: parse(row.str(8)?, "a node")?,
        created_at: Timestamp(row.int(9)?),
        deleted_at: row.opt_int(10)?.map(Timestamp),
    })
}

fn body(row: &Row) -> Result<Body, Error> {
    let Some(content) = row.opt_text(5)? else {
        return Ok(Body::Folder);
    };
    Ok(Body::File(FileBody {
        content: parse(&content, "a file")?,
        size: number(row.int(6)?)?,
        blake3: row.array(7)?,
    }))
}

/// Columns: `upload_id, space_id, school_id, parent_id, name, person_id, state, node_id`.
pub(super) fn upload(row: &Row) -> Result<Upload, Error> {
    let space: SpaceId = parse(row.str(1)?, "an upload")?;
    let state = match (row.int(6)?, row.opt_text(7)?) {
        (0, None) => UploadState::Open,
        (1, Some(node)) => UploadState::Committed(parse(&node, "an upload")?),
        (2, None) => UploadState::Aborted,
        (state, _) => return Err(unreadable("an upload", format!("state {state}"))),
    };
    Ok(Upload {
        id: parse(row.str(0)?, "an upload")?,
        space,
        tenant: Tenant::stored(row.text(2)?),
        parent: parent(row.str(3)?, space)?,
        name: name(row.str(4)?, "an upload")?,
        person: parse(row.str(5)?, "an upload")?,
        state,
    })
}

/// A folder's id as nodes in it store it: the root's is its space's.
pub(super) fn parent_key(parent: Option<NodeId>, space: SpaceId) -> String {
    parent.map_or_else(|| space.to_string(), |folder| folder.to_string())
}

pub(super) fn parent(key: &str, space: SpaceId) -> Result<Option<NodeId>, Error> {
    if key == space.to_string() {
        Ok(None)
    } else {
        parse(key, "a node").map(Some)
    }
}

pub(super) fn parse<T>(text: &str, what: &'static str) -> Result<T, Error>
where
    T: FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|error| unreadable(what, error))
}

fn name(text: &str, what: &'static str) -> Result<Name, Error> {
    // Which character is wrong would be a piece of a person's file name in the log.
    Name::parse(text).map_err(|_| unreadable(what, "its name"))
}

pub(super) fn number<T: TryFrom<i64, Error: std::fmt::Display>>(number: i64) -> Result<T, Error> {
    T::try_from(number).map_err(|error| unreadable("a node", error))
}

pub(super) fn unreadable(what: &'static str, detail: impl ToString) -> Error {
    Error::Unreadable {
        what,
        detail: detail.to_string(),
    }
}
