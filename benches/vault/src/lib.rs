//! The two ends that the `vault` benchmark compares: the files service over the mesh, and tonic moving the same bytes
//! to nowhere.
//!
//! Two things to know: [`nowhere`], the yardstick; [`school::School`], a files service with one class in it.

pub mod nowhere;
pub mod payload;
mod roster;
pub mod school;
