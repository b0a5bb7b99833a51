//! Reads a certificate request: verifies its signature and takes its public key, nothing else.

use rcgen::{PublicKeyData, SignatureAlgorithm};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_SIG_ECDSA_WITH_SHA256,
};
use x509_parser::prelude::FromDer as _;

use crate::error::IdentityError;

/// Ours are about 200 bytes.
const MAX_BYTES: usize = 8 * 1024;
/// An uncompressed P-256 point: 0x04, x, y.
const POINT: usize = 65;

/// A P-256 public key whose owner signed the request.
#[derive(Debug)]
pub struct RequestedKey([u8; POINT]);

impl RequestedKey {
    /// The uncompressed point.
    #[must_use]
    pub fn point(&self) -> &[u8; POINT] {
        &self.0
    }
}

impl PublicKeyData for RequestedKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

/// The key of a well-formed, self-signed P-256 request in DER; nothing else that is in it.
///
/// # Errors
/// [`IdentityError::Request`].
pub fn requested_key(csr_der: &[u8]) -> Result<RequestedKey, IdentityError> {
    let refuse = |reason| IdentityError::Request { reason };
    if csr_der.len() > MAX_BYTES {
        return Err(refuse("it is larger than 8 KiB"));
    }
    let (rest, request) = X509CertificationRequest::from_der(csr_der)
        .map_err(|_| refuse("it is not a PKCS#10 request in DER"))?;
    if !rest.is_empty() {
        return Err(refuse("bytes follow it"));
    }
    let spki = &request.certification_request_info.subject_pki;
    let curve = spki
        .algorithm
        .parameters
        .as_ref()
        .and_then(|any| any.as_oid().ok());
    if spki.algorithm.algorithm != OID_KEY_TYPE_EC_PUBLIC_KEY
        || curve.is_none_or(|curve| curve != OID_EC_P256)
        || request.signature_algorithm.algorithm != OID_SIG_ECDSA_WITH_SHA256
    {
        return Err(refuse("its key is not ECDSA on P-256 with SHA-256"));
    }
    let point = <[u8; POINT]>::try_from(spki.subject_public_key.data.as_ref())
        .ok()
        .filter(|point| point[0] == 4)
        .ok_or_else(|| refuse("its key is not an uncompressed point"))?;
    request
        .verify_signature()
        .map_err(|_| refuse("its signature does not verify under its own key"))?;
    Ok(RequestedKey(point))
}
