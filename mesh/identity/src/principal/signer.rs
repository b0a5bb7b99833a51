//! Signs tokens. Only the identity service has one.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use zeroize::Zeroizing;

use super::claims::{Claims, Wire};
use super::{MAX_GRANTS, MAX_LIFE, PrincipalError};
use crate::id::TrustDomain;

/// An Ed25519 key that signs principal tokens. Its `Debug` shows only the key id.
pub struct Signer {
    pair: Ed25519KeyPair,
    pkcs8: Zeroizing<Vec<u8>>,
    key_id: String,
    header: String,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

impl Signer {
    /// A new key.
    pub fn generate() -> Result<Self, PrincipalError> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| PrincipalError::Key)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Reads a key that [`pkcs8`](Self::pkcs8) returned.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, PrincipalError> {
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| PrincipalError::Key)?;
        let hash = digest(&SHA256, pair.public_key().as_ref());
        let key_id = hex::encode(&hash.as_ref()[..8]);
        let header = Header {
            alg: "EdDSA",
            typ: "JWT",
            kid: &key_id,
        };
        let header = encode(&header)?;
        Ok(Self {
            pair,
            pkcs8: Zeroizing::new(der.to_vec()),
            key_id,
            header,
        })
    }

    /// The private key, to be kept; erased from memory when the returned value is dropped.
    pub fn pkcs8(&self) -> Zeroizing<Vec<u8>> {
        self.pkcs8.clone()
    }

    /// The name under which verifiers find the public key; derived from it.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The key to publish.
    pub fn public_key(&self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.pair.public_key().as_ref());
        out
    }

    /// Signs `claims` for the services of `audience`. Refuses what every verifier would refuse.
    pub fn sign(&self, claims: &Claims, audience: &TrustDomain) -> Result<String, PrincipalError> {
        if claims.grants.len() > MAX_GRANTS {
            return Err(PrincipalError::TooManyGrants);
        }
        if claims.expires_at.saturating_sub(claims.issued_at) > MAX_LIFE {
            return Err(PrincipalError::TooLong);
        }
        self.sign_unchecked(claims, audience)
    }

    pub(super) fn sign_unchecked(
        &self,
        claims: &Claims,
        audience: &TrustDomain,
    ) -> Result<String, PrincipalError> {
        let aud = audience.as_str().to_owned();
        let body = encode(&Wire { aud, claims })?;
        let mut token = format!("{}.{body}", self.header);
        let signature = self.pair.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut token);
        Ok(token)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.key_id)
    }
}

fn encode(value: &impl Serialize) -> Result<String, PrincipalError> {
    let json = serde_json::to_vec(value).map_err(|_| PrincipalError::Malformed)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}
