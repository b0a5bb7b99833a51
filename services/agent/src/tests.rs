//! Whole devices against a small server of the tests' own, over real connections.

mod installing;
mod killed;
mod renewing;
mod reporting;
mod simulating;
mod stand;
mod stub;
mod watching;
