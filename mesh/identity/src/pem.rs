//! The text form in which keys and certificates are kept on disk.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{PemObject as _, SectionKind};
use zeroize::Zeroizing;

use crate::error::IdentityError;
use crate::key::WorkloadKey;

const LINE: usize = 64;

/// A private key followed by its certificates, leaf first.
pub fn encode(key: &WorkloadKey, chain: &[CertificateDer<'_>]) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(4096));
    section(&mut out, "PRIVATE KEY", &key.private_key_der());
    for certificate in chain {
        section(&mut out, "CERTIFICATE", certificate);
    }
    out
}

/// Reads what [`encode`] wrote; there is at least one certificate.
///
/// # Errors
/// What is wrong, in words; the caller knows the file.
pub fn decode(text: &[u8]) -> Result<(WorkloadKey, Vec<CertificateDer<'static>>), String> {
    let mut key = None;
    let mut chain = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        let (kind, der) = section.map_err(|error| format!("not PEM: {error}"))?;
        match kind {
            SectionKind::PrivateKey => key = Some(Zeroizing::new(der)),
            SectionKind::Certificate => chain.push(CertificateDer::from(der)),
            other => return Err(format!("unexpected section {other:?}")),
        }
    }
    let key = key.ok_or("it holds no private key")?;
    let key =
        WorkloadKey::from_pkcs8_der(&key).map_err(|error: IdentityError| error.to_string())?;
    if chain.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    Ok((key, chain))
}

fn section(out: &mut String, label: &str, der: &[u8]) {
    let body = Zeroizing::new(STANDARD.encode(der));
    out.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(LINE));
        out.push_str(line);
        out.push('\n');
        rest = tail;
    }
    out.push_str(&format!("-----END {label}-----\n"));
}
