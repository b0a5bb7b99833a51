//! Checks the authority's own certificate before anything is signed with it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use preau_mesh::WorkloadKey;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::NAME;

/// The end of its validity, or what is wrong with it.
pub(super) fn check(
    certificate: &CertificateDer<'_>,
    key: &WorkloadKey,
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
    let names = parsed
        .subject_alternative_name()
        .map_err(|error| format!("its names do not parse: {error}"))?;
    let is_named = names.is_some_and(|names| {
        let mut names = names.value.general_names.iter();
        names.any(|name| matches!(name, GeneralName::URI(uri) if *uri == NAME))
    });
    if !is_named {
        return Err(
            "it is an authority of something else than devices: use its own file".to_owned(),
        );
    }
    let seconds = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0);
    let not_after = UNIX_EPOCH + Duration::from_secs(seconds);
    if now >= not_after {
        return Err(
            "the device authority has expired: make a new one and enrol the devices again"
                .to_owned(),
        );
    }
    Ok(not_after)
}
