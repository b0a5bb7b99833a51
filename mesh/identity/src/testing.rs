//! What the tests of this crate share: a root that signs anything, and handshakes without a network.

use std::sync::Arc;
use std::time::Duration;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    SanType,
};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use rustls_pki_types::{CertificateDer, ServerName};
use time::OffsetDateTime;

use crate::{
    CaConfig, CertificateAuthority, IdentityStore, SpiffeId, Svid, TrustBundle, TrustDomain,
    WorkloadKey, system_clock,
};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn domain() -> TrustDomain {
    TrustDomain::parse("preau.test").expect("valid")
}

pub(crate) fn id(service: &str) -> SpiffeId {
    SpiffeId::for_service(&domain(), "default", service).expect("valid")
}

pub(crate) fn authority() -> CertificateAuthority {
    CertificateAuthority::create(domain(), &CaConfig::default()).expect("creates")
}

pub(crate) fn svid(authority: &CertificateAuthority, service: &str) -> Svid {
    let key = WorkloadKey::generate().expect("generates");
    let csr = key.csr_der().expect("encodes");
    let chain = authority.issue(&csr, &id(service), HOUR).expect("issues");
    Svid::new(key, chain).expect("matches")
}

/// A store that trusts `authority` and holds the roles.
pub(crate) fn store(authority: &CertificateAuthority, roles: &[&str]) -> Arc<IdentityStore> {
    let store = IdentityStore::new(domain(), system_clock());
    assert!(store.set_bundle(authority.bundle()));
    for role in roles {
        store.set_svid(role, svid(authority, role));
    }
    store
}

/// An authority without scruples.
pub(crate) struct Root {
    issuer: rcgen::Issuer<'static, WorkloadKey>,
    certificate: CertificateDer<'static>,
}

impl Root {
    pub(crate) fn new() -> Self {
        let key = WorkloadKey::generate().expect("generates");
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "unscrupulous root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = params.self_signed(&key).expect("signs").der().clone();
        let issuer = rcgen::Issuer::from_ca_cert_der(&certificate, key).expect("parses");
        Self {
            issuer,
            certificate,
        }
    }

    pub(crate) fn bundle(&self) -> TrustBundle {
        TrustBundle {
            trust_domain: domain(),
            anchors: vec![self.certificate.clone()],
            sequence: 1,
        }
    }

    /// A valid workload certificate for `files`, spoilt by `edit`.
    pub(crate) fn leaf(&self, edit: impl FnOnce(&mut CertificateParams)) -> Presented {
        let key = WorkloadKey::generate().expect("generates");
        let mut params = good_params();
        edit(&mut params);
        let chain = vec![
            params
                .signed_by(&key, &self.issuer)
                .expect("signs")
                .der()
                .clone(),
        ];
        Presented { key, chain }
    }
}

fn good_params() -> CertificateParams {
    let now = OffsetDateTime::now_utc();
    let mut params = CertificateParams::default();
    params.not_before = now - HOUR;
    params.not_after = now + HOUR;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.subject_alt_names = vec![uri(id("files").as_str()), dns("files.preau.test")];
    params
}

pub(crate) fn uri(text: &str) -> SanType {
    SanType::URI(Ia5String::try_from(text).expect("ASCII"))
}

pub(crate) fn dns(text: &str) -> SanType {
    SanType::DnsName(Ia5String::try_from(text).expect("ASCII"))
}

/// A chain with its key, as either side may show it.
pub(crate) struct Presented {
    pub(crate) key: WorkloadKey,
    pub(crate) chain: Vec<CertificateDer<'static>>,
}

/// Runs a handshake in memory; the first error ends it, whose ever it is.
pub(crate) fn handshake(
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    name: &str,
) -> Result<(ClientConnection, ServerConnection), rustls::Error> {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let mut client = ClientConnection::new(client, name)?;
    let mut server = ServerConnection::new(server)?;
    // Three turns complete a handshake; the fourth carries what a server sends right after it.
    for _ in 0..4 {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).expect("memory");
        server.read_tls(&mut wire.as_slice()).expect("memory");
        server.process_new_packets()?;
        let mut wire = Vec::new();
        server.write_tls(&mut wire).expect("memory");
        client.read_tls(&mut wire.as_slice()).expect("memory");
        client.process_new_packets()?;
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok((client, server))
}
