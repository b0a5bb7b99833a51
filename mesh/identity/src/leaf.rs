//! What a workload's certificate must look like (X509-SVID), beyond a valid chain and validity.

use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::id::{IdError, SpiffeId};

/// Why a certificate is not a workload certificate. The fault of whoever signed or presented it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SvidError {
    /// No certificate at all.
    #[error("no certificate was presented")]
    Absent,
    /// Not DER, or bytes after it.
    #[error("the certificate is not one DER certificate")]
    Malformed,
    /// No URI among the subject alternative names.
    #[error("the certificate carries no URI name, so it names no workload")]
    NoUri,
    /// More than one URI.
    #[error("the certificate carries more than one URI name; exactly one is allowed")]
    ManyUris,
    /// The URI is not a SPIFFE id of this mesh.
    #[error("the certificate's URI name is not a workload id: {0}")]
    Id(IdError),
    /// An authority's certificate used as a workload's.
    #[error("the certificate belongs to an authority, not to a workload")]
    IsAuthority,
    /// Key usage lacks digitalSignature, is not critical, or may sign certificates.
    #[error(
        "the certificate's key usage must be critical, with digitalSignature and without keyCertSign and cRLSign"
    )]
    KeyUsage,
    /// Extended key usage lacks clientAuth or serverAuth.
    #[error("the certificate's extended key usage must allow both serverAuth and clientAuth")]
    ExtendedKeyUsage,
    /// Empty subject beside a non-critical alternative name.
    #[error("the certificate's alternative names must be critical because its subject is empty")]
    NameNotCritical,
    /// Another trust domain than ours.
    #[error("the certificate belongs to another trust domain")]
    ForeignTrustDomain,
    /// Another workload than the one that was dialled.
    #[error("the certificate belongs to another workload than the one expected")]
    UnexpectedPeer,
    /// On the deny list.
    #[error("the workload is on the deny list")]
    Denied,
    /// A server that was joined is not the control plane.
    #[error("the server's certificate is not the control plane's")]
    NotControl,
    /// The chain does not contain the pinned anchor.
    #[error("the server's chain does not hold the anchor whose fingerprint was given")]
    AnchorNotPresented,
    /// No trust bundle has arrived yet.
    #[error("this process has no trust bundle yet, so it trusts nobody")]
    NoBundle,
}

/// What a checked leaf says.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) id: SpiffeId,
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
}

/// Applies every rule that does not depend on time or on trust.
pub(crate) fn check(certificate: &CertificateDer<'_>) -> Result<Leaf, SvidError> {
    let (rest, parsed) =
        X509Certificate::from_der(certificate).map_err(|_| SvidError::Malformed)?;
    if !rest.is_empty() {
        return Err(SvidError::Malformed);
    }
    let id = only_uri(&parsed)?;
    check_usage(&parsed)?;
    Ok(Leaf {
        id,
        not_before: parsed.validity().not_before.timestamp(),
        not_after: parsed.validity().not_after.timestamp(),
    })
}

fn only_uri(certificate: &X509Certificate<'_>) -> Result<SpiffeId, SvidError> {
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| SvidError::Malformed)?
        .ok_or(SvidError::NoUri)?;
    let mut uris = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri),
            _ => None,
        });
    let uri = uris.next().ok_or(SvidError::NoUri)?;
    if uris.next().is_some() {
        return Err(SvidError::ManyUris);
    }
    if certificate.subject().iter().next().is_none() && !names.critical {
        return Err(SvidError::NameNotCritical);
    }
    SpiffeId::parse(uri).map_err(SvidError::Id)
}

fn check_usage(certificate: &X509Certificate<'_>) -> Result<(), SvidError> {
    let basic = certificate
        .basic_constraints()
        .map_err(|_| SvidError::Malformed)?;
    if basic.is_some_and(|basic| basic.value.ca) {
        return Err(SvidError::IsAuthority);
    }
    let usage = certificate
        .key_usage()
        .map_err(|_| SvidError::Malformed)?
        .filter(|usage| usage.critical)
        .ok_or(SvidError::KeyUsage)?
        .value;
    if !usage.digital_signature() || usage.key_cert_sign() || usage.crl_sign() {
        return Err(SvidError::KeyUsage);
    }
    let extended = certificate
        .extended_key_usage()
        .map_err(|_| SvidError::Malformed)?
        .ok_or(SvidError::ExtendedKeyUsage)?
        .value;
    if extended.server_auth && extended.client_auth {
        Ok(())
    } else {
        Err(SvidError::ExtendedKeyUsage)
    }
}
