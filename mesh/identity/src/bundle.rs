//! Whom a trust domain trusts.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rustls_pki_types::{CertificateDer, TrustAnchor};

use crate::id::TrustDomain;

/// The anchors of a trust domain. During a rotation it holds the old anchor and the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustBundle {
    /// Whose anchors these are.
    pub trust_domain: TrustDomain,
    /// Self-signed certificates of authorities, the one that signs today first.
    pub anchors: Vec<CertificateDer<'static>>,
    /// Grows with every change; a store never goes back to a lower one.
    pub sequence: u64,
}

impl TrustBundle {
    /// SHA-256 of the first anchor: what a person compares when a machine joins. All zero without an anchor.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.anchors.first().map_or([0; 32], fingerprint_of)
    }
}

/// SHA-256 of a certificate's DER.
pub(crate) fn fingerprint_of(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let hash = digest(&SHA256, certificate);
    let mut out = [0; 32];
    out.copy_from_slice(hash.as_ref());
    out
}

/// A bundle with its anchors parsed once, as handshakes use it.
#[derive(Debug)]
pub(crate) struct ParsedBundle {
    pub(crate) bundle: Arc<TrustBundle>,
    pub(crate) anchors: Vec<TrustAnchor<'static>>,
}

impl ParsedBundle {
    /// Anchors that do not parse are left out: a handshake cannot be trusted through them anyway.
    pub(crate) fn new(bundle: TrustBundle) -> Self {
        let anchors = bundle.anchors.iter().filter_map(anchor_of).collect();
        Self {
            bundle: Arc::new(bundle),
            anchors,
        }
    }
}

/// The trust anchor in a self-signed certificate.
pub(crate) fn anchor_of(certificate: &CertificateDer<'_>) -> Option<TrustAnchor<'static>> {
    webpki::anchor_from_trusted_cert(certificate)
        .ok()
        .map(|anchor| anchor.to_owned())
}
