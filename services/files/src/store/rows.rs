//! Rows to domain types and back.

use std::str::FromStr;

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{NodeId, SpaceId};
use preau_kernel::names::Name;
use preau_storage_database::Row;

use crate::domain::{Body, FileBody, Node, Space, Upload, UploadState};
use crate::error::Error;

/// Columns: `space_id, class_id, school_id, authority_id, name`.
pub(super) fn space(row: &Row) -> Result<Space, Error> {
    Ok(Space {
        id: parse(row.str(0)?, "a space")?,
        class: parse(row.str(1)?, "a space")?,
        school: parse(row.str(2)?, "a space")?,
        authority: parse(row.str(3)?, "a space")?,
        name: row.text(4)?,
    })
}

/// Columns: `node_id, space_id, parent_id, depth, name, content_id, size, blake3, created_by, created_at`.
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

/// Columns: `upload_id, space_id, class_id, school_id, parent_id, name, person_id, state, node_id`.
pub(super) fn upload(row: &Row) -> Result<Upload, Error> {
    let space: SpaceId = parse(row.str(1)?, "an upload")?;
    let state = match (row.int(7)?, row.opt_text(8)?) {
        (0, None) => UploadState::Open,
        (1, Some(node)) => UploadState::Committed(parse(&node, "an upload")?),
        (2, None) => UploadState::Aborted,
        (state, _) => return Err(unreadable("an upload", format!("state {state}"))),
    };
    Ok(Upload {
        id: parse(row.str(0)?, "an upload")?,
        space,
        class: parse(row.str(2)?, "an upload")?,
        school: parse(row.str(3)?, "an upload")?,
        parent: parent(row.str(4)?, space)?,
        name: name(row.str(5)?, "an upload")?,
        person: parse(row.str(6)?, "an upload")?,
        state,
    })
}

/// A folder's id as nodes in it store it: the root's is its space's.
pub(super) fn parent_key(parent: Option<NodeId>, space: SpaceId) -> String {
    parent.map_or_else(|| space.to_string(), |folder| folder.to_string())
}

fn parent(key: &str, space: SpaceId) -> Result<Option<NodeId>, Error> {
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

fn number<T: TryFrom<i64, Error: std::fmt::Display>>(number: i64) -> Result<T, Error> {
    T::try_from(number).map_err(|error| unreadable("a node", error))
}

fn unreadable(what: &'static str, detail: impl ToString) -> Error {
    Error::Unreadable {
        what,
        detail: detail.to_string(),
    }
}
