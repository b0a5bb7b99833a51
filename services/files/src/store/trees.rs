//! What a node and all below it are, before a rule is asked about them.

use preau_kernel::failure::Failure;
use preau_kernel::ids::{NodeId, PersonId};
use preau_storage_database::{Row, Tx, params};

use super::nodes::node_now;
use super::rows::{self, node_columns, tree};
use crate::domain::{MAX_TREE, Node, Refusal, Space};
use crate::error::Error;

/// A tree, summed up.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    /// Who made what is in it.
    pub(super) makers: Vec<PersonId>,
    /// The depth of its lowest node.
    pub(super) lowest: u32,
    /// At most one more than [`MAX_TREE`].
    count: u32,
}

impl Summary {
    /// Rows: `created_by, MAX(depth), COUNT(*)`, one for each maker.
    pub(super) fn of(rows: &[Row]) -> Result<Self, Error> {
        let mut summary = Summary::default();
        for row in rows {
            summary.makers.push(rows::parse(row.str(0)?, "a node")?);
            summary.lowest = summary.lowest.max(rows::number(row.int(1)?)?);
            summary.count += rows::number::<u32>(row.int(2)?)?;
        }
        Ok(summary)
    }

    /// How far the tree goes below its top.
    pub(super) fn below(&self, top: &Node) -> u32 {
        self.lowest.saturating_sub(top.depth)
    }
}

/// A live node of a space, or NOT_FOUND of it.
pub(super) async fn live(tx: &mut Tx, space: &Space, node: NodeId) -> Result<Node, Error> {
    let node = node_now(tx, space, node).await?;
    Ok(node.ok_or_else(|| Failure::not_found("node"))?)
}

/// A live node's tree.
///
/// # Errors
/// [`Refusal::TooMany`]: counted no further than to one too many.
pub(super) async fn summary(tx: &mut Tx, space: &Space, node: NodeId) -> Result<Summary, Error> {
    let rows = tx
        .fetch_all(
            concat!(
                tree!(),
                "SELECT created_by, MAX(depth), COUNT(*) FROM nodes
                 WHERE node_id IN (SELECT id FROM tree LIMIT $3)
                 GROUP BY created_by"
            ),
            params![node.to_string(), space.id.to_string(), MAX_TREE + 1],
        )
        .await?;
    let summary = Summary::of(&rows)?;
    if summary.count > MAX_TREE {
        return Err(Refusal::TooMany.into());
    }
    Ok(summary)
}

/// A live node and all below it, higher ones first; none when there is no such node.
pub(super) async fn nodes(tx: &mut Tx, space: &Space, node: NodeId) -> Result<Vec<Node>, Error> {
    let rows = tx
        .fetch_all(
            concat!(
                tree!(),
                "SELECT ",
                node_columns!(),
                " FROM nodes WHERE node_id IN (SELECT id FROM tree LIMIT $3)
                 ORDER BY depth, node_id"
            ),
            params![node.to_string(), space.id.to_string(), MAX_TREE + 1],
        )
        .await?;
    if rows.len() > MAX_TREE as usize {
        return Err(Refusal::TooMany.into());
    }
    rows.iter().map(rows::node).collect()
}

/// Whether a live node is, or lies below, another.
pub(super) async fn contains(
    tx: &mut Tx,
    space: &Space,
    node: NodeId,
    inner: NodeId,
) -> Result<bool, Error> {
    let found = tx
        .fetch_optional(
            concat!(tree!(), "SELECT 1 FROM tree WHERE id = $3"),
            params![node.to_string(), space.id.to_string(), inner.to_string()],
        )
        .await?;
    Ok(found.is_some())
}
