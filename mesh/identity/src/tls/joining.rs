//! The first connection of a workload that has no certificate and knows only an anchor's fingerprint.

use std::fmt;

use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::KeyUsage;

use super::handshake_signatures;
use super::peers::{check_path, refusal};
use crate::authority::CONTROL;
use crate::bundle::{anchor_of, fingerprint_of};
use crate::id::TrustDomain;
use crate::leaf::{self, SvidError};

/// Trusts the control plane of one trust domain under one anchor, and nobody else.
pub(crate) struct JoiningVerifier {
    pub(crate) trust_domain: TrustDomain,
    pub(crate) anchor_sha256: [u8; 32],
}

impl ServerCertVerifier for JoiningVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let anchor = intermediates
            .iter()
            .find(|certificate| fingerprint_of(certificate) == self.anchor_sha256)
            .and_then(anchor_of)
            .ok_or_else(|| refusal(SvidError::AnchorNotPresented))?;
        // Only the pinned anchor counts: what else was presented is no help to build a path.
        check_path(&[anchor], end_entity, &[], now, KeyUsage::server_auth())?;
        let id = leaf::check(end_entity).map_err(refusal)?.id;
        if id.trust_domain() != &self.trust_domain {
            return Err(refusal(SvidError::ForeignTrustDomain));
        }
        if id.service() != CONTROL {
            return Err(refusal(SvidError::NotControl));
        }
        Ok(ServerCertVerified::assertion())
    }

    handshake_signatures!();
}

impl fmt::Debug for JoiningVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoiningVerifier({})", self.trust_domain)
    }
}
