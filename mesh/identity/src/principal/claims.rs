//! What a token says.

use serde::{Deserialize, Serialize};

/// The caller, as the identity service vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The person.
    #[serde(rename = "sub")]
    pub person: String,
    /// The session the token was minted for; ending it ends the minting.
    #[serde(rename = "sid")]
    pub session: String,
    /// The authority the person belongs to, if any.
    #[serde(rename = "aut", default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// The school the person belongs to, if any.
    #[serde(rename = "sch", default, skip_serializing_if = "Option::is_none")]
    pub school: Option<String>,
    /// What the person may be, and where. At most 64.
    #[serde(rename = "gra")]
    pub grants: Vec<GrantClaim>,
    /// When it was signed, in seconds since 1970.
    #[serde(rename = "iat")]
    pub issued_at: u64,
    /// When it ends, in seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: u64,
}

/// A role within a scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GrantClaim {
    /// Number of a `preau.policy.v1.Role`.
    #[serde(rename = "r")]
    pub role: i32,
    /// Where it holds.
    #[serde(rename = "s")]
    pub scope: ScopeClaim,
}

/// Where a grant holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeClaim {
    /// Everywhere.
    Platform,
    /// In every school of one authority.
    Authority(String),
    /// In one school.
    School(String),
}

/// The claims as signed: with the audience.
#[derive(Serialize, Deserialize)]
pub(super) struct Wire<C> {
    pub(super) aud: String,
    #[serde(flatten)]
    pub(super) claims: C,
}
