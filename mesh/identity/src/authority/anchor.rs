//! Checks an authority's own certificate before anything is signed with it.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::error::IdentityError;
use crate::id::TrustDomain;
use crate::key::WorkloadKey;

/// Returns the end of the certificate's validity, or what is wrong with it.
pub(super) fn check(
    certificate: &CertificateDer<'_>,
    key: &WorkloadKey,
    trust_domain: &TrustDomain,
    now: SystemTime,
) -> Result<SystemTime, String> {
    let (_, parsed) = X509Certificate::from_der(certificate)
        .map_err(|error| format!("its certificate does not parse: {error}"))?;
    if parsed.public_key().subject_public_key.data.as_ref() != key.public_key() {
        return Err("its certificate does not belong to its key".to_owned());
    }
    if !parsed.is_ca() {
        return Err("its certificate is not an authority's".to_owned());
    }
    let wanted = format!("spiffe://{trust_domain}");
    let names = parsed
        .subject_alternative_name()
        .map_err(|error| format!("its names do not parse: {error}"))?;
    let named = names.is_some_and(|names| {
        names
            .value
            .general_names
            .iter()
            .any(|name| matches!(name, GeneralName::URI(uri) if *uri == wanted))
    });
    if !named {
        return Err(format!(
            "it is the authority of another trust domain than {trust_domain}: use its trust domain or another directory"
        ));
    }
    let seconds = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0);
    let not_after = UNIX_EPOCH + Duration::from_secs(seconds);
    if now >= not_after {
        return Err(
            "the authority has expired: make a new one and enrol the workloads again".to_owned(),
        );
    }
    Ok(not_after)
}

pub(super) fn damaged(path: &Path, reason: String) -> IdentityError {
    IdentityError::Damaged {
        path: path.to_owned(),
        reason,
    }
}
