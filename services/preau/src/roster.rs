//! A school's roster from this machine: what `preau roster` does, and the demonstration with it.

mod codes;
mod import;
mod report;
mod school;
mod slips;

pub(crate) use codes::{Whom, issue, issue_for, people};
pub(crate) use import::{apply, check, read_zip};
pub(crate) use report::{is_unchanged, problems, summary};
pub(crate) use school::{SchoolFound, find as find_school, id as school_id};
pub(crate) use slips::page;
