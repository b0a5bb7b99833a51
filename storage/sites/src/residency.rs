//! Where bytes lie, as a value rather than a hope.

use std::fmt;

/// Where a site keeps its bytes.
///
/// One declared kind so far; the known French cloud regions arrive with the S3 sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Residency {
    /// Storage on the operator's own premises, declared by the operator under this name.
    OnPremises {
        /// The premises' name, such as `rectorat-de-rennes`.
        name: String,
    },
    /// Nowhere: the bytes die with the process. Tests and benchmarks.
    Memory,
}

impl fmt::Display for Residency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Residency::OnPremises { name } => write!(f, "on premises: {name}"),
            Residency::Memory => f.write_str("memory of the process"),
        }
    }
}
