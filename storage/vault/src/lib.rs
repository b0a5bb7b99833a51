//! The vault: keeps files as sealed chunks on sites, and knows which are whole.
//!
//! A file arrives in parts of equal size (the last may be shorter), in any order, several at a time, each as often as the
//! network makes necessary. A part is hashed, sealed and stored in its final form when it arrives; commit checks that all are
//! there, joins their BLAKE3 subtrees into the file's hash and flips one row. Reading streams any range, verified segment by
//! segment.
//!
//! Three types to know: [`Vault`] (everything goes through it), [`UploadPlan`] (what a client must send), [`VaultError`].
//! What this crate must not know: people, names of files, folders, gRPC. Its tables are prefixed `vault_` and lie in the
//! database of the service that holds it, so that a commit and the service's own rows are one transaction: methods that take a
//! [`Tx`](preau_storage_database::Tx) change nothing until the caller commits it, and a caller drops it after an error.
//!
//! # How a part is stored (intent, bytes, row, receipt)
//! 1. Upload, index and length are checked; SHA-256, BLAKE3 subtree and sealing run on worker threads.
//! 2. The record is put under a new random name on [`VaultConfig::durable`] sites, which answer once it is durable.
//! 3. One transaction writes chunk, placements and part row, and counts the part on the upload's row, which also fences it
//!    against commit, abort and expiry. Locks are always taken in the order upload, chunk, part.
//! 4. Only then is the part acknowledged. A crash before 3 leaves an object that nothing refers to: the sweep finds it.
//!
//! Of two puts of one index the first row stands; the other's object is queued for deletion, and its caller hears success if
//! the bytes are the same, else [`VaultError::PartConflict`].
//!
//! Equal parts of one tenant share a chunk (never across tenants). That is decided after the bytes have arrived and been
//! sealed, and only after the stored copy has been opened and compared, so a damaged copy never receives new references.
//!
//! # Invariants
//! Defined here, checked by [`Vault::audit`], asserted by the tests after every step.
//!
//! * **V-1** A part row refers only to a chunk whose every placement was acknowledged as durable before the row was written.
//! * **V-2** Every chunk has a placement, and on each site the object is as long as the chunk's layout says.
//! * **V-3** What was acknowledged stays: a part until commit, abort or expiry; a content until it is released.
//! * **V-4** A content has exactly its parts: indices from 0 without gap, lengths that add up, subtrees that join to its hash.
//! * **V-5** No byte is given out that did not authenticate under the tenant's key at its place in its record.
//! * **V-6** A chunk that no part refers to has no row: its salt is gone, so every copy of it is unreadable.
//! * **V-7** No object that a placement names is queued for deletion.
//! * **V-8** Part, chunk and placement belong to one tenant.
//! * **V-9** An open upload's count of received parts is the number of its part rows.
//!
//! What V-6 does not reach: until the database reuses the space, a deleted salt's bytes may remain in its free pages, its log
//! and its backups. Shredding is complete when those are gone.
//!
//! # Later
//! Several sites with repair in the background, packs, scrub, receipts and rebuilding from the sites alone: the placement rows,
//! the recorded hash and the sealed format are ready for them.

mod audit;
mod buffers;
mod config;
mod error;
mod keyring;
mod part;
mod placing;
mod prepare;
mod read;
mod release;
mod sweep;
mod tree;
mod upload;
mod vault;
mod workers;

pub use audit::Violation;
pub use config::{Clock, VaultConfig};
pub use error::{MAX_RANGES, Ranges, VaultError};
pub use read::{ContentStream, MAX_FRAME};
pub use sweep::SweepReport;
pub use upload::{Content, UploadId, UploadPlan, UploadState};
pub use vault::Vault;

use preau_storage_database::Migration;

/// The vault's tables on SQLite, the first migrations of the service that holds it.
pub const SQLITE: &[Migration] = &[Migration {
    name: "0001_vault",
    sql: include_str!("../migrations/sqlite/0001_vault.sql"),
}];

/// The same on PostgreSQL.
pub const POSTGRES: &[Migration] = &[Migration {
    name: "0001_vault",
    sql: include_str!("../migrations/postgres/0001_vault.sql"),
}];

/// [`SQLITE`] and [`POSTGRES`].
#[must_use]
pub const fn migrations() -> (&'static [Migration], &'static [Migration]) {
    (SQLITE, POSTGRES)
}
