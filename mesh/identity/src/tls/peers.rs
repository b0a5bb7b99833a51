//! Judges the other side of a handshake: the chain under the bundle of this moment, then the workload
//! certificate rules, the trust domain, the deny list and, for a server, that it is the one that was dialled.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DistinguishedName, OtherError};
use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use super::{handshake_signatures, provider};
use crate::id::SpiffeId;
use crate::leaf::{self, SvidError};
use crate::store::Held;

/// Judges clients: any workload of the trust domain; which of them may call what is authorization's business.
pub(crate) struct ClientVerifier(pub(crate) Arc<Held>);

impl ClientCertVerifier for ClientVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let usage = KeyUsage::client_auth();
        judge(&self.0, end_entity, intermediates, now, usage)?;
        Ok(ClientCertVerified::assertion())
    }

    handshake_signatures!();
}

impl fmt::Debug for ClientVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientVerifier")
    }
}

/// Judges the one server that was dialled.
pub(crate) struct ServerVerifier {
    pub(crate) held: Arc<Held>,
    pub(crate) expected: SpiffeId,
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let usage = KeyUsage::server_auth();
        let id = judge(&self.held, end_entity, intermediates, now, usage)?;
        if id != self.expected {
            return Err(refusal(SvidError::UnexpectedPeer));
        }
        Ok(ServerCertVerified::assertion())
    }

    handshake_signatures!();
}

impl fmt::Debug for ServerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerVerifier({})", self.expected)
    }
}

fn judge(
    held: &Held,
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
    usage: KeyUsage,
) -> Result<SpiffeId, rustls::Error> {
    let bundle = held.bundle().ok_or_else(|| refusal(SvidError::NoBundle))?;
    check_path(&bundle.anchors, end_entity, intermediates, now, usage)?;
    let id = leaf::check(end_entity).map_err(refusal)?.id;
    if id.trust_domain() != &held.trust_domain {
        return Err(refusal(SvidError::ForeignTrustDomain));
    }
    if held.is_denied(&id) {
        return Err(refusal(SvidError::Denied));
    }
    Ok(id)
}

/// Signatures, validity at `now`, authority bits and extended key usage, from the leaf to one of `anchors`.
pub(crate) fn check_path(
    anchors: &[TrustAnchor<'_>],
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
    usage: KeyUsage,
) -> Result<(), rustls::Error> {
    let algorithms = provider().signature_verification_algorithms.all;
    let leaf = EndEntityCert::try_from(end_entity).map_err(path_error)?;
    leaf.verify_for_usage(algorithms, anchors, intermediates, now, usage, None, None)
        .map(drop)
        .map_err(path_error)
}

/// A rule of ours, as rustls reports and alerts it.
pub(crate) fn refusal(error: SvidError) -> rustls::Error {
    CertificateError::Other(OtherError(Arc::new(error))).into()
}

fn path_error(error: webpki::Error) -> rustls::Error {
    match error {
        webpki::Error::CertExpired { time, not_after } => {
            CertificateError::ExpiredContext { time, not_after }.into()
        }
        webpki::Error::CertNotValidYet { time, not_before } => {
            CertificateError::NotValidYetContext { time, not_before }.into()
        }
        webpki::Error::UnknownIssuer => CertificateError::UnknownIssuer.into(),
        webpki::Error::InvalidSignatureForPublicKey => CertificateError::BadSignature.into(),
        webpki::Error::BadDer => CertificateError::BadEncoding.into(),
        webpki::Error::CaUsedAsEndEntity => refusal(SvidError::IsAuthority),
        other => CertificateError::Other(OtherError(Arc::new(other))).into(),
    }
}
