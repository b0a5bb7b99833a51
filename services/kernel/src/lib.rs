//! The vocabulary every domain service shares.
//!
//! Three things to know: the typed ids of [`ids`]; [`access::Caller`], who turns [`access::Facts`] about an object
//! into an [`access::Authorized`] proof that the store asks for; and [`failure::Failure`], what an error is on the
//! wire. Must not know: tonic, sqlx, any I/O, any other crate of ours.

pub mod access;
pub mod at_once;
pub mod clock;
pub mod failure;
pub mod ids;
pub mod names;
pub mod paging;
pub mod throttle;
pub mod uai;
