//! The device authority: signs public keys of devices, and says whose a certificate is.
//!
//! Its certificates are worth nothing on the mesh: another root signed them, and they name no workload.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::ids::DeviceId;
use preau_mesh::identity::{pem, secret_file};
use preau_mesh::{IdentityError, WorkloadKey};
use rand::RngCore;
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
};
use rustls_pki_types::{CertificateDer, TrustAnchor};
use time::OffsetDateTime;

mod anchor;
mod request;
mod shown;

pub(crate) use request::{RequestRefused, key_of};
pub(crate) use shown::Shown;

/// What its own certificate is named, by which it is told from other authorities' files.
const NAME: &str = "urn:preau:device-authority";

/// What a device's certificate is named, before the id.
const DEVICE_NAME: &str = "urn:preau:device:";

const LIFE: Duration = Duration::from_secs(3650 * 24 * 3600);

/// How far a device's clock may be behind ours before a fresh certificate is not yet valid to it.
const BACKDATE: Duration = Duration::from_secs(2 * 60);

/// The device authority of a platform. Clones share its key.
#[derive(Clone)]
pub struct Authority {
    inner: Arc<Inner>,
}

struct Inner {
    certificate: CertificateDer<'static>,
    anchor: TrustAnchor<'static>,
    issuer: rcgen::Issuer<'static, WorkloadKey>,
    not_after: SystemTime,
}

/// A certificate as it goes to its device.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    /// DER, the device's own first, the authority's last.
    pub(crate) chain: Vec<Vec<u8>>,
    /// In hexadecimal.
    pub(crate) serial: String,
    /// The uncompressed point of the key.
    pub(crate) public_key: Vec<u8>,
    pub(crate) expires: Timestamp,
    /// After two thirds of its life.
    pub(crate) renew: Timestamp,
}

impl Authority {
    /// The authority whose key and certificate are kept in the file at `path`, made at the first call: ECDSA on P-256,
    /// ten years. The file is readable by its owner alone; whoever has it can make certificates for any device.
    ///
    /// # Errors
    /// The file cannot be read or written, is open to others, or holds something else than an authority of devices that
    /// has not expired.
    pub fn load_or_create(path: &Path, clock: &Clock) -> Result<Self, IdentityError> {
        let now = clock.now().to_system();
        let damaged = |reason| IdentityError::Damaged {
            path: path.to_owned(),
            reason,
        };
        if let Some(text) = secret_file::read(path)? {
            let (key, mut chain) = pem::decode(&text).map_err(damaged)?;
            return Self::assemble(key, chain.swap_remove(0), now).map_err(damaged);
        }
        let (key, certificate) = create(now)?;
        let text = pem::encode(&key, std::slice::from_ref(&certificate));
        secret_file::write(path, text.as_bytes())?;
        Self::assemble(key, certificate, now).map_err(damaged)
    }

    fn assemble(
        key: WorkloadKey,
        certificate: CertificateDer<'static>,
        now: SystemTime,
    ) -> Result<Self, String> {
        let not_after = anchor::check(&certificate, &key, now)?;
        let anchor = webpki::anchor_from_trusted_cert(&certificate)
            .map_err(|error| format!("its certificate is no trust anchor: {error}"))?
            .to_owned();
        let issuer = rcgen::Issuer::from_ca_cert_der(&certificate, key)
            .map_err(|error| error.to_string())?;
        let inner = Inner {
            certificate,
            anchor,
            issuer,
            not_after,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// What certificates of devices verify against, in DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.inner.certificate
    }

    /// Signs a device's key for `life` from `now`, and not beyond the authority's own end. Costs one signature.
    pub(crate) fn issue(
        &self,
        key: &impl PublicKeyData,
        device: DeviceId,
        life: Duration,
        now: Timestamp,
    ) -> Result<Issued, IdentityError> {
        let begins = now.to_system();
        // Certificates count in seconds.
        let ends = Timestamp::from_system((begins + life).min(self.inner.not_after));
        let expires = Timestamp(ends.0 - ends.0.rem_euclid(1_000_000));
        let serial = random_serial();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, device.to_string());
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.not_before = OffsetDateTime::from(begins - BACKDATE);
        params.not_after = OffsetDateTime::from(expires.to_system());
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        params.subject_alt_names = vec![uri(&format!("{DEVICE_NAME}{device}"))?];
        let leaf = params.signed_by(key, &self.inner.issuer)?;
        Ok(Issued {
            chain: vec![leaf.der().to_vec(), self.inner.certificate.to_vec()],
            serial: hex::encode(serial),
            public_key: key.der_bytes().to_vec(),
            expires,
            renew: now.plus(expires.since(now) / 3 * 2),
        })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority(..)")
    }
}

fn create(now: SystemTime) -> Result<(WorkloadKey, CertificateDer<'static>), IdentityError> {
    let key = WorkloadKey::generate()?;
    let mut tag = [0; 4];
    rand::rng().fill_bytes(&mut tag);
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    // Distinct for every authority, so that the anchors of a rotation are told apart.
    let name = format!("Preau device authority {}", hex::encode(tag));
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from_slice(&random_serial()));
    params.not_before = OffsetDateTime::from(now - BACKDATE);
    params.not_after = OffsetDateTime::from(now + LIFE);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.subject_alt_names = vec![uri(NAME)?];
    let certificate = params.self_signed(&key)?.der().clone();
    Ok((key, certificate))
}

fn uri(text: &str) -> Result<SanType, IdentityError> {
    Ok(SanType::URI(Ia5String::try_from(text)?))
}

fn random_serial() -> [u8; 16] {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    // Serial numbers are positive and not zero.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    bytes
}

#[cfg(test)]
pub(crate) mod tests;
