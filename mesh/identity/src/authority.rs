//! The mesh's certificate authority. From a request it takes the public key and nothing else.

use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType, SerialNumber,
};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use crate::bundle::TrustBundle;
use crate::clock::{WallClock, system_clock};
use crate::error::IdentityError;
use crate::id::{JOIN, SpiffeId, TrustDomain, server_name};
use crate::key::WorkloadKey;
use crate::{pem, secret_file};

mod anchor;
mod request;

pub use request::{RequestedKey, requested_key};

/// The role whose certificate also answers to `join.<trust-domain>`.
pub(crate) const CONTROL: &str = "control";
/// The file within the authority's directory.
const FILE: &str = "authority.pem";
/// How far clocks of a fleet may disagree before a fresh certificate is refused as not yet valid.
const BACKDATE: Duration = Duration::from_secs(2 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an authority's certificates live, and by which clock.
#[derive(Clone)]
pub struct CaConfig {
    /// Longest life of a workload's certificate; longer requests are shortened to it. 24 h by default.
    pub max_leaf_lifetime: Duration,
    /// Life of the authority's own certificate. Ten years by default.
    pub root_lifetime: Duration,
    /// The clock validity is counted from.
    pub clock: WallClock,
}

impl Default for CaConfig {
    fn default() -> Self {
        Self {
            max_leaf_lifetime: DAY,
            root_lifetime: DAY * 3650,
            clock: system_clock(),
        }
    }
}

impl fmt::Debug for CaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaConfig")
            .field("max_leaf_lifetime", &self.max_leaf_lifetime)
            .field("root_lifetime", &self.root_lifetime)
            .finish_non_exhaustive()
    }
}

/// Signs workload certificates for one trust domain.
pub struct CertificateAuthority {
    trust_domain: TrustDomain,
    certificate: CertificateDer<'static>,
    issuer: rcgen::Issuer<'static, WorkloadKey>,
    not_after: SystemTime,
    config: CaConfig,
}

impl CertificateAuthority {
    /// A new authority with a new key, kept in memory only.
    pub fn create(trust_domain: TrustDomain, config: &CaConfig) -> Result<Self, IdentityError> {
        let key = WorkloadKey::generate()?;
        let now = (config.clock)();
        let mut params = CertificateParams::default();
        params.distinguished_name = root_name(&trust_domain)?;
        params.serial_number = Some(random_serial()?);
        params.not_before = OffsetDateTime::from(now - BACKDATE);
        params.not_after = OffsetDateTime::from(now + config.root_lifetime);
        // No name constraints: path validation refuses URI constraints outright, and our verifier
        // checks the trust domain itself.
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.subject_alt_names = vec![SanType::URI(ia5(&format!("spiffe://{trust_domain}"))?)];
        let certificate = params.self_signed(&key)?.der().clone();
        Self::assemble(trust_domain, key, certificate, config)
            .map_err(|reason| anchor::damaged(Path::new("<memory>"), reason))
    }

    /// The authority kept in `directory`, made at the first call. Its file is readable by the owner alone.
    pub fn load_or_create(
        directory: &Path,
        trust_domain: TrustDomain,
        config: &CaConfig,
    ) -> Result<Self, IdentityError> {
        let path = directory.join(FILE);
        let Some(text) = secret_file::read(&path)? else {
            let fresh = Self::create(trust_domain, config)?;
            let text = pem::encode(fresh.issuer.key(), std::slice::from_ref(&fresh.certificate));
            secret_file::write(&path, text.as_bytes())?;
            return Ok(fresh);
        };
        let (key, mut chain) =
            pem::decode(&text).map_err(|reason| anchor::damaged(&path, reason))?;
        Self::assemble(trust_domain, key, chain.swap_remove(0), config)
            .map_err(|reason| anchor::damaged(&path, reason))
    }

    fn assemble(
        trust_domain: TrustDomain,
        key: WorkloadKey,
        certificate: CertificateDer<'static>,
        config: &CaConfig,
    ) -> Result<Self, String> {
        let not_after = anchor::check(&certificate, &key, &trust_domain, (config.clock)())?;
        let issuer = rcgen::Issuer::from_ca_cert_der(&certificate, key)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            trust_domain,
            certificate,
            issuer,
            not_after,
            config: config.clone(),
        })
    }

    /// Signs the public key in a request for the workload `id`, for at most the configured life.
    ///
    /// The request proves possession of the key by its signature; names, validity, usages and any other wish
    /// in it are ignored. Fails on a foreign trust domain, a malformed or wrongly signed request, or another
    /// kind of key than P-256.
    pub fn issue(
        &self,
        csr_der: &[u8],
        id: &SpiffeId,
        lifetime: Duration,
    ) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
        if id.trust_domain() != &self.trust_domain {
            return Err(IdentityError::WrongTrustDomain {
                expected: self.trust_domain.clone(),
                found: id.trust_domain().clone(),
            });
        }
        let public_key = request::requested_key(csr_der)?;
        let params = self.leaf_params(id, lifetime)?;
        Ok(vec![
            params.signed_by(&public_key, &self.issuer)?.der().clone(),
        ])
    }

    fn leaf_params(
        &self,
        id: &SpiffeId,
        lifetime: Duration,
    ) -> Result<CertificateParams, IdentityError> {
        let now = (self.config.clock)();
        let lifetime = lifetime.min(self.config.max_leaf_lifetime);
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(
            DnType::CommonName,
            server_name(id.service(), &self.trust_domain),
        );
        params.serial_number = Some(random_serial()?);
        params.not_before = OffsetDateTime::from(now - BACKDATE);
        params.not_after = OffsetDateTime::from((now + lifetime).min(self.not_after));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.use_authority_key_identifier_extension = true;
        params.subject_alt_names = vec![
            SanType::URI(ia5(id.as_str())?),
            SanType::DnsName(ia5(&server_name(id.service(), &self.trust_domain))?),
        ];
        if id.service() == CONTROL {
            params
                .subject_alt_names
                .push(SanType::DnsName(ia5(&server_name(
                    JOIN,
                    &self.trust_domain,
                ))?));
        }
        Ok(params)
    }

    /// What workloads are to trust.
    pub fn bundle(&self) -> TrustBundle {
        TrustBundle {
            trust_domain: self.trust_domain.clone(),
            anchors: vec![self.certificate.clone()],
            sequence: 1,
        }
    }

    /// The domain it signs for.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// The longest life it gives a workload's certificate.
    pub fn max_leaf_lifetime(&self) -> Duration {
        self.config.max_leaf_lifetime
    }
}

impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateAuthority")
            .field("trust_domain", &self.trust_domain)
            .finish_non_exhaustive()
    }
}

/// Distinct for every authority, so that the anchors of a rotation are told apart.
fn root_name(trust_domain: &TrustDomain) -> Result<DistinguishedName, IdentityError> {
    let mut tag = [0; 4];
    fill(&mut tag)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, trust_domain.as_str());
    name.push(
        DnType::CommonName,
        format!("mesh authority {}", hex::encode(tag)),
    );
    Ok(name)
}

fn random_serial() -> Result<SerialNumber, IdentityError> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    // Serial numbers are positive and not zero.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn fill(bytes: &mut [u8]) -> Result<(), IdentityError> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| IdentityError::Key {
            what: "draw randomness for",
        })
}

fn ia5(text: &str) -> Result<Ia5String, IdentityError> {
    Ok(Ia5String::try_from(text)?)
}

#[cfg(test)]
mod tests;
