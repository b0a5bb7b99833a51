//! Handshake failures in words. rustls shows a verifier's own reason only in its debug form.

use std::io;

use rustls::{AlertDescription, CertificateError, OtherError};

/// What a failed handshake means, for the operator.
pub fn explain_tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(reason))) => {
            format!("the peer's certificate is refused: {reason}")
        }
        rustls::Error::InvalidCertificate(reason) => {
            format!("the peer's certificate is refused: {reason}")
        }
        rustls::Error::NoCertificatesPresented => {
            "the peer showed no certificate; inside the mesh both sides must".to_owned()
        }
        rustls::Error::InvalidMessage(_) => {
            "the peer does not speak TLS: is it configured for plaintext?".to_owned()
        }
        rustls::Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the peer does not hold the role that was asked for: check the peer table".to_owned()
        }
        rustls::Error::AlertReceived(alert) => {
            format!("the peer refused us ({alert:?}); its log says why")
        }
        other => other.to_string(),
    }
}

/// The same for the I/O error in which an asynchronous handshake wraps it.
pub fn explain_tls_io(error: &io::Error) -> String {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        .map_or_else(|| error.to_string(), explain_tls)
}
