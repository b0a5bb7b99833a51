//! Where the shared vocabulary meets the mesh.
//!
//! Three things to know: [`Incoming`], a call as a handler receives it, which gives the [`preau_kernel::access::Caller`]
//! and turns failures into statuses; [`convert`], the few wire types that every service shares; and the arrow this
//! crate stands for: the kernel knows no tonic, the mesh knows no kernel, and domain services would otherwise each
//! write this again. So does [`Memberships`], what every service asks that keeps something of a class, and
//! [`Schools`], what those ask that keep something of a school. Must not know:
//! any domain service's crate, any database.

pub mod convert;
mod incoming;
mod memberships;
mod outgoing;
mod schools;

pub use incoming::Incoming;
pub use memberships::{MEMBERSHIP_TTL, Memberships};
pub use outgoing::{failure_of, fields_of, reason_of};
pub use schools::Schools;
