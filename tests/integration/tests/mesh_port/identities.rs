//! Certificates of every kind, the right one among them.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use preau_mesh_identity::{
    CaConfig, CertificateAuthority, IdentityStore, SpiffeId, Svid, TrustDomain, WorkloadKey,
    system_clock,
};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::walking_skeleton::files_below;

/// Every role of the mesh.
pub(crate) const ROLES: [&str; 8] = [
    "control",
    "identity",
    "roster",
    "files",
    "classroom",
    "devices",
    "apps",
    "gateway",
];

/// A chain and its key, for a client.
pub(crate) type Leaf = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The platform's own authority: the tests read its key off the disk.
pub(crate) struct Authority {
    pub(crate) ca: CertificateAuthority,
    directory: std::path::PathBuf,
}

impl Authority {
    pub(crate) fn of(data_dir: &Path) -> anyhow::Result<Self> {
        let file = files_below(data_dir)
            .into_iter()
            .find(|path| path.ends_with("ca/authority.pem"));
        let directory = file
            .context("no authority.pem")?
            .parent()
            .context("a folder")?
            .to_owned();
        let ca = CertificateAuthority::load_or_create(&directory, domain()?, &CaConfig::default())?;
        Ok(Self { ca, directory })
    }

    /// The same authority with another idea of the time.
    pub(crate) fn at(&self, time: SystemTime) -> anyhow::Result<CertificateAuthority> {
        let config = CaConfig {
            clock: Arc::new(move || time),
            ..CaConfig::default()
        };
        Ok(CertificateAuthority::load_or_create(
            &self.directory,
            domain()?,
            &config,
        )?)
    }

    /// Identities for `roles`, as a process of ours would hold them.
    pub(crate) fn store(
        &self,
        namespace: &str,
        roles: &[&str],
    ) -> anyhow::Result<Arc<IdentityStore>> {
        let store = IdentityStore::new(domain()?, system_clock());
        store.set_bundle(self.ca.bundle());
        for role in roles {
            let id = SpiffeId::for_service(&domain()?, namespace, role)?;
            let key = WorkloadKey::generate()?;
            let chain = self
                .ca
                .issue(&key.csr_der()?, &id, Duration::from_secs(3600))?;
            store.set_svid(role, Svid::new(key, chain)?);
        }
        Ok(store)
    }

    /// A TLS client that trusts this authority and shows `leaf`, or nothing.
    pub(crate) fn client_config(&self, leaf: Option<Leaf>) -> anyhow::Result<Arc<ClientConfig>> {
        let mut roots = RootCertStore::empty();
        for anchor in self.ca.bundle().anchors {
            roots.add(anchor)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots);
        let mut config = match leaf {
            Some((chain, key)) => config.with_client_auth_cert(chain, key)?,
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Arc::new(config))
    }
}

fn domain() -> anyhow::Result<TrustDomain> {
    Ok(TrustDomain::parse("preau.internal")?)
}

/// A certificate of `ca` for `id`.
pub(crate) fn leaf(
    ca: &CertificateAuthority,
    id: &SpiffeId,
    lifetime: Duration,
) -> anyhow::Result<Leaf> {
    let key = WorkloadKey::generate()?;
    let chain = ca.issue(&key.csr_der()?, id, lifetime)?;
    let key = PrivatePkcs8KeyDer::from(key.private_key_der().to_vec());
    Ok((chain, key.into()))
}

/// A certificate that vouches for itself.
pub(crate) fn self_signed(uri: &str) -> anyhow::Result<Leaf> {
    let key = rcgen::KeyPair::generate()?;
    let mut params = rcgen::CertificateParams::default();
    params.subject_alt_names = vec![rcgen::SanType::URI(uri.try_into()?)];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.self_signed(&key)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    Ok((vec![certificate.der().clone()], key.into()))
}
