//! Certificate requests of devices: the public key is taken, and nothing else that is asked for.

use preau_mesh::IdentityError;
use preau_mesh::identity::{RequestedKey, requested_key};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;

/// Why a request is refused. The fault of whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestRefused {
    /// Malformed, wrongly signed, or for another kind of key.
    #[error("{0}")]
    Unusable(String),
    /// It would be ignored; who asks is up to something.
    #[error("it asks to be an authority, which no device is: ask for a client's certificate")]
    WantsAuthority,
}

/// The P-256 key of a request in DER that its own key has signed.
pub(crate) fn key_of(csr: &[u8]) -> Result<RequestedKey, RequestRefused> {
    let key = requested_key(csr).map_err(|error| match error {
        IdentityError::Request { reason } => RequestRefused::Unusable(reason.to_owned()),
        other => RequestRefused::Unusable(other.to_string()),
    })?;
    let (_, request) = X509CertificationRequest::from_der(csr)
        .map_err(|error| RequestRefused::Unusable(error.to_string()))?;
    let attributes = request.certification_request_info.iter_attributes();
    for attribute in attributes {
        // More than one may be there, and each may ask.
        if let ParsedCriAttribute::ExtensionRequest(asked) = attribute.parsed_attribute() {
            let mut extensions = asked.extensions.iter();
            if extensions.any(|asked| wants_authority(asked.parsed_extension())) {
                return Err(RequestRefused::WantsAuthority);
            }
        }
    }
    Ok(key)
}

fn wants_authority(extension: &ParsedExtension<'_>) -> bool {
    match extension {
        ParsedExtension::BasicConstraints(constraints) => constraints.ca,
        ParsedExtension::KeyUsage(usage) => usage.key_cert_sign(),
        _ => false,
    }
}
