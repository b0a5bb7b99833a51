//! An invented school of any size as a OneRoster 1.2 bulk zip: what the `roster` benchmark imports.
//!
//! Three things to know: [`School`], how many of what; [`School::tables`], its CSV files; [`School::zip`], the archive.
//! The same school gives the same bytes, always. It must not know who reads them: no service, no contract.

mod archive;
mod people;
mod school;
mod table;

pub use school::School;
pub use table::Table;
