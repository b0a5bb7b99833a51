//! Sites: places that keep sealed records, and say in which country they keep them.
//!
//! A site is asked for nothing but put-new, get-range, head, delete and list; every decision (what refers to what, what may go)
//! is the database's. Objects are immutable and their names are chosen by the caller, at random: correctness never depends on
//! a conditional put, a copy or a lock of the site's.
//!
//! Three types to know: [`Site`] (the seam), [`FolderSite`] (a directory on this machine or its network storage, the only
//! production site of this version), [`Residency`] (where the bytes lie). [`MemorySite`], [`FaultySite`] and [`CountingSite`]
//! serve tests and benchmarks. S3 sites (French regions only, checked at every request) come later as one more [`Site`]; they
//! pass the same contract suite, `tests/contract.rs`.
//!
//! This crate must not know: keys, tenants, plaintext, SQL. It sees names and sealed bytes.

mod counting;
mod error;
mod faulty;
mod folder;
mod key;
mod memory;
mod residency;
mod site;

pub use counting::{CountingSite, Counts};
pub use error::SiteError;
pub use faulty::{Fault, FaultySite, Operation};
pub use folder::FolderSite;
pub use key::{MAX_KEY_LEN, check_key};
pub use memory::MemorySite;
pub use residency::Residency;
pub use site::{Entry, Site};
