//! On whose behalf a call is made: a short-lived token that the identity service signs and every service checks.
//!
//! The token is a compact JWS (EdDSA on Ed25519). It lives at most a minute, names its audience (the trust
//! domain) and its session, and carries the caller's grants, so that a service asks nobody in order to decide.

mod cache;
mod claims;
mod signer;
mod verifier;

pub use claims::{Claims, GrantClaim, ScopeClaim};
pub use signer::Signer;
pub use verifier::Verifier;

/// Longest life of a token, in seconds.
pub const MAX_LIFE: u64 = 60;
/// How far the clocks of signer and verifier may disagree, in seconds.
pub const SKEW: u64 = 5;
/// Most grants a token may carry.
pub const MAX_GRANTS: usize = 64;

/// Why a token is refused. Only [`NoKeys`](Self::NoKeys), [`Expired`](Self::Expired),
/// [`NotYetValid`](Self::NotYetValid) and [`UnknownKey`](Self::UnknownKey) happen to honest callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrincipalError {
    /// Not a compact JWS, another algorithm than EdDSA, or claims that do not read.
    #[error("the principal token is malformed or not signed with EdDSA")]
    Malformed,
    /// The verifier was given no keys yet: nothing is known of the token, and the fault is not its bearer's.
    #[error("the keys of principal tokens are not known here yet: try again")]
    NoKeys,
    /// Signed by a key that is not published.
    #[error("the principal token names a key that the identity service does not publish")]
    UnknownKey,
    /// The signature does not match.
    #[error("the principal token's signature does not match")]
    BadSignature,
    /// Its time is over.
    #[error("the principal token has expired")]
    Expired,
    /// Issued in the future.
    #[error("the principal token is dated in the future: check the clocks of both machines")]
    NotYetValid,
    /// Meant for another trust domain.
    #[error("the principal token is meant for another trust domain")]
    WrongAudience,
    /// Lives longer than allowed.
    #[error("the principal token lives longer than 60 seconds")]
    TooLong,
    /// Carries too many grants.
    #[error("the principal token carries more than 64 grants")]
    TooManyGrants,
    /// The signing key could not be read or made.
    #[error("the principal signing key cannot be used: it is not an Ed25519 key in PKCS#8")]
    Key,
}

#[cfg(test)]
mod tests;
