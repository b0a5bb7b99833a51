//! What is read from good files, and what is said of every kind of bad one.
#![expect(clippy::unwrap_used, reason = "tests")]

mod demonstration;
pub(crate) mod fixture;
mod good;
mod headers;
mod hostile;
mod names;
mod rows;
mod together;
mod whole;
