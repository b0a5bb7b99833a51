//! A certificate that somebody shows: whether this authority signed it for a device, and for which.

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::DeviceId;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::{Authority, DEVICE_NAME};

/// Far above ours, which have 600 bytes.
const MAX_BYTES: usize = 8 * 1024;

/// What a valid certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) device: DeviceId,
    /// In hexadecimal.
    pub(crate) serial: String,
    /// The uncompressed point of its key.
    pub(crate) public_key: Vec<u8>,
}

/// Why a certificate is not one of a device. For the operator: who shows it reads one answer for all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CertificateRefused {
    #[error("the certificate is not one certificate in DER")]
    Malformed,
    /// Another authority's, outside its validity, or for another usage.
    #[error("the certificate does not verify against the device authority: {0}")]
    NotOurs(String),
    #[error("the certificate does not name exactly one device")]
    NamesNoDevice,
}

impl Authority {
    /// Verifies a certificate in DER against this authority at a time. That whoever shows it holds its key is for the
    /// handshake to prove.
    pub(crate) fn verify(&self, der: &[u8], now: Timestamp) -> Result<Shown, CertificateRefused> {
        if der.len() > MAX_BYTES {
            return Err(CertificateRefused::Malformed);
        }
        let certificate = CertificateDer::from(der);
        let leaf =
            EndEntityCert::try_from(&certificate).map_err(|_| CertificateRefused::Malformed)?;
        let (seconds, _) = now.seconds_and_nanos();
        let since = std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        leaf.verify_for_usage(
            &[webpki::aws_lc_rs::ECDSA_P256_SHA256],
            std::slice::from_ref(&self.inner.anchor),
            &[],
            UnixTime::since_unix_epoch(since),
            KeyUsage::client_auth(),
            None,
            None,
        )
        .map_err(|error| CertificateRefused::NotOurs(error.to_string()))?;
        read(der)
    }
}

fn read(der: &[u8]) -> Result<Shown, CertificateRefused> {
    let (rest, parsed) =
        X509Certificate::from_der(der).map_err(|_| CertificateRefused::Malformed)?;
    if !rest.is_empty() {
        return Err(CertificateRefused::Malformed);
    }
    let names = parsed
        .subject_alternative_name()
        .map_err(|_| CertificateRefused::NamesNoDevice)?
        .ok_or(CertificateRefused::NamesNoDevice)?;
    let [GeneralName::URI(uri)] = names.value.general_names.as_slice() else {
        return Err(CertificateRefused::NamesNoDevice);
    };
    let device = uri
        .strip_prefix(DEVICE_NAME)
        .and_then(|id| id.parse().ok())
        .ok_or(CertificateRefused::NamesNoDevice)?;
    Ok(Shown {
        device,
        serial: hex::encode(parsed.raw_serial()),
        public_key: parsed.public_key().subject_public_key.data.to_vec(),
    })
}
