//! Checks tokens. Every service has one; a token is verified once and then recognised by its hash.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use tokio::sync::Notify;

use super::cache::Cache;
use super::claims::{Claims, Wire};
use super::{MAX_GRANTS, MAX_LIFE, PrincipalError, SKEW};
use crate::clock::{WallClock, unix_seconds};
use crate::id::TrustDomain;

/// Larger than any token with 64 grants; nothing longer is even hashed.
const MAX_TOKEN: usize = 16 * 1024;

/// Verifies principal tokens for one trust domain.
pub struct Verifier {
    audience: TrustDomain,
    clock: WallClock,
    keys: ArcSwap<Keys>,
    cache: Cache,
    rules: Validation,
    unknown_key: Notify,
}

#[derive(Default)]
struct Keys {
    /// Tokens verified under an older set are not recognised any more: their key may be gone.
    generation: u64,
    published: HashMap<String, [u8; 32]>,
}

impl Verifier {
    /// Knows no key yet, so it refuses every token with [`PrincipalError::NoKeys`].
    pub fn new(audience: TrustDomain, clock: WallClock) -> Self {
        let mut rules = Validation::new(Algorithm::EdDSA);
        // Times and audience are checked here, by our clock; the library checks the signature.
        rules.required_spec_claims.clear();
        rules.validate_exp = false;
        rules.validate_nbf = false;
        rules.validate_aud = false;
        Self {
            audience,
            clock,
            keys: ArcSwap::default(),
            cache: Cache::default(),
            rules,
            unknown_key: Notify::new(),
        }
    }

    /// Waits until a token came under a key that is not published here: time to ask for the keys again. Anybody can
    /// invent a key id, so whoever asks must not ask at every wake-up.
    pub async fn unknown_key_seen(&self) {
        self.unknown_key.notified().await;
    }

    /// Replaces the published keys (key id and Ed25519 public key).
    pub fn set_keys(&self, keys: Vec<(String, [u8; 32])>) {
        let published: HashMap<_, _> = keys.into_iter().collect();
        self.keys.rcu(|current| {
            if current.published == published {
                return current.clone();
            }
            Arc::new(Keys {
                generation: current.generation + 1,
                published: published.clone(),
            })
        });
    }

    /// The caller a token vouches for.
    pub fn verify(&self, token: &str) -> Result<Arc<Claims>, PrincipalError> {
        if token.len() > MAX_TOKEN {
            return Err(PrincipalError::Malformed);
        }
        let now = unix_seconds((self.clock)());
        let keys = self.keys.load();
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        if let Some(claims) = self.cache.get(&hash, keys.generation) {
            check_times(&claims, now)?;
            return Ok(claims);
        }
        let claims = Arc::new(self.verify_afresh(token, &keys, now)?);
        self.cache.put(hash, keys.generation, claims.clone(), now);
        Ok(claims)
    }

    fn verify_afresh(&self, token: &str, keys: &Keys, now: u64) -> Result<Claims, PrincipalError> {
        let header = decode_header(token).map_err(|_| PrincipalError::Malformed)?;
        if header.alg != Algorithm::EdDSA || header.crit.is_some() {
            return Err(PrincipalError::Malformed);
        }
        let kid = header.kid.ok_or(PrincipalError::Malformed)?;
        let key = keys.published.get(&kid).ok_or_else(|| {
            self.unknown_key.notify_one();
            match keys.published.is_empty() {
                true => PrincipalError::NoKeys,
                false => PrincipalError::UnknownKey,
            }
        })?;
        let key = DecodingKey::from_ed_der(key);
        let wire = decode::<Wire<Claims>>(token, &key, &self.rules)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidSignature => PrincipalError::BadSignature,
                _ => PrincipalError::Malformed,
            })?
            .claims;
        if wire.aud != self.audience.as_str() {
            return Err(PrincipalError::WrongAudience);
        }
        let claims = wire.claims;
        if claims.grants.len() > MAX_GRANTS {
            return Err(PrincipalError::TooManyGrants);
        }
        if claims.expires_at.saturating_sub(claims.issued_at) > MAX_LIFE {
            return Err(PrincipalError::TooLong);
        }
        check_times(&claims, now)?;
        Ok(claims)
    }

    #[cfg(test)]
    pub(super) fn cached(&self) -> usize {
        self.cache.len()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({})", self.audience)
    }
}

fn check_times(claims: &Claims, now: u64) -> Result<(), PrincipalError> {
    if claims.issued_at > now.saturating_add(SKEW) {
        return Err(PrincipalError::NotYetValid);
    }
    if now > claims.expires_at.saturating_add(SKEW) {
        return Err(PrincipalError::Expired);
    }
    Ok(())
}
