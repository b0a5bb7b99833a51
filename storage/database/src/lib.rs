//! One portable SQL seam over SQLite and PostgreSQL.
//!
//! A statement is written once, as a `&'static str` with `$1 … $n`, and runs on both databases. The three types to
//! know: [`Db`] (a service's own database), [`Tx`] (a write transaction; dropping it rolls it back) and [`Value`]
//! (integers, text, bytes, null: booleans and times are integers, ids are text).
//!
//! # What holds on both databases
//! * [`Tx::commit`] returns once the transaction is durable; a read begun afterwards sees it.
//! * A statement that fails spoils its transaction: nothing but dropping it is possible. Use `ON CONFLICT DO NOTHING`
//!   and the number of rows instead of catching a unique violation.
//! * A future dropped in the middle of a statement spoils the transaction in the same way; a dropped `commit` leaves
//!   the transaction either wholly done or wholly undone.
//! * [`DbError::is_retryable`] errors changed nothing: run the transaction again from its beginning.
//!
//! # Writing tables
//! Keys that are paged by are `TEXT COLLATE "C"` on PostgreSQL (SQLite compares bytes as it is). Every table holding
//! tenants' rows has row-level security there, forced so that it binds the table's owner too:
//!
//! ```sql
//! ALTER TABLE thing ENABLE ROW LEVEL SECURITY;
//! ALTER TABLE thing FORCE ROW LEVEL SECURITY;
//! CREATE POLICY thing_tenant ON thing USING (current_setting('preau.tenant', true) IN (tenant, '*'));
//! ```
//!
//! [`Scope`] sets `preau.tenant` in each transaction. It is a second wall: statements still say `WHERE tenant = $1`,
//! which is all that protects them on SQLite. `SUM` and `AVG` are cast (`CAST(SUM(size) AS BIGINT)`), foreign
//! keys are not deferred (on SQLite a violation found at commit costs the whole group its commit), and a parameter that
//! is compared with null is cast (`CAST($1 AS TEXT) IS NULL`), or PostgreSQL could not tell its type.
//!
//! # News
//! What somebody watches is published as an event in the transaction of the change: see [`events`].
//!
//! What this crate must not know: any table of a service, any message of the wire.

mod db;
mod error;
pub mod events;
mod migrations;
mod postgres;
mod retrying;
mod row;
mod sqlite;
mod statement;
mod tx;
mod value;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use db::{Db, Dialect, Scope};
pub use error::DbError;
pub use migrations::{Migration, Migrations};
pub use postgres::PostgresOptions;
pub use retrying::{Retryable, retrying};
pub use row::Row;
pub use sqlite::SqliteOptions;
pub use tx::Tx;
pub use value::Value;
