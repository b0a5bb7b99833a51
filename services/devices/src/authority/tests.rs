//! The authority's file, what its certificates say, and where they are worth nothing.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::ids::DeviceId;
use preau_mesh::{
    CaConfig, CertificateAuthority, IdentityStore, SpiffeId, Svid, TrustDomain, WorkloadKey,
    system_clock,
};
use rcgen::KeyPair;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tempfile::TempDir;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::shown::CertificateRefused;
use super::{Authority, Issued, key_of};

const NOW: Timestamp = Timestamp(1_700_000_000_500_000);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn load(path: &Path, now: Timestamp) -> Result<Authority, String> {
    let clock = Clock::from_fn(move || now.to_system());
    Authority::load_or_create(path, &clock).map_err(|error| error.to_string())
}

fn fresh() -> (Authority, TempDir) {
    let folder = TempDir::new().unwrap();
    let authority = load(&folder.path().join("authority.pem"), NOW).unwrap();
    (authority, folder)
}

fn issue(authority: &Authority, device: DeviceId) -> Issued {
    let key = KeyPair::generate().unwrap();
    authority.issue(&key, device, DAY * 90, NOW).unwrap()
}

#[test]
fn the_authority_is_made_once_and_kept_from_others() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("authority.pem");
    let first = load(&path, NOW).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let second = load(&path, NOW).unwrap();
    assert_eq!(first.certificate(), second.certificate());
    let device = DeviceId::new();
    let issued = issue(&first, device);
    assert_eq!(second.verify(&issued.chain[0], NOW).unwrap().device, device);
    assert!(!format!("{first:?}").contains("PRIVATE"));

    let late = NOW.plus(DAY * 3651);
    assert!(load(&path, late).unwrap_err().contains("has expired"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(load(&path, NOW).unwrap_err().contains("chmod 600"));
}

#[test]
fn another_authoritys_file_is_not_taken_for_ours() {
    let folder = TempDir::new().unwrap();
    let domain = TrustDomain::parse("preau.test").unwrap();
    CertificateAuthority::load_or_create(folder.path(), domain, &CaConfig::default()).unwrap();
    let refused = load(&folder.path().join("authority.pem"), NOW).unwrap_err();
    assert!(refused.contains("something else than devices"), "{refused}");
    let path = folder.path().join("other.pem");
    fs::write(&path, "nothing").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(load(&path, NOW).unwrap_err().contains("is damaged"));
}

#[test]
fn a_certificate_says_which_device_and_nothing_more() {
    let (authority, _folder) = fresh();
    let device = DeviceId::new();
    let key = KeyPair::generate().unwrap();
    let issued = authority.issue(&key, device, DAY * 90, NOW).unwrap();
    assert_eq!(issued.chain[1], authority.certificate());
    let (_, leaf) = X509Certificate::from_der(&issued.chain[0]).unwrap();
    assert!(!leaf.is_ca());
    assert_eq!(
        leaf.public_key().subject_public_key.data.as_ref(),
        key.public_key_raw()
    );
    let names = leaf.subject_alternative_name().unwrap().unwrap();
    let uri = format!("urn:preau:device:{device}");
    assert_eq!(names.value.general_names, [GeneralName::URI(&uri)]);
    assert_eq!(leaf.subject().to_string(), format!("CN={device}"));
    let usage = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.client_auth && !usage.server_auth && !usage.any);
    let usage = leaf.key_usage().unwrap().unwrap().value;
    assert!(usage.digital_signature() && !usage.key_cert_sign());
    let constraints = leaf.basic_constraints().unwrap().unwrap().value;
    assert!(!constraints.ca);

    let (seconds, _) = NOW.seconds_and_nanos();
    assert_eq!(
        leaf.validity().not_after.timestamp(),
        seconds + 90 * 24 * 3600
    );
    assert_eq!(
        issued.expires.seconds_and_nanos(),
        (seconds + 90 * 24 * 3600, 0)
    );
    let renew = issued.renew.since(NOW);
    assert!(renew > DAY * 59 && renew <= DAY * 60, "{renew:?}");
    assert_ne!(issued.serial, issue(&authority, device).serial);
    assert_eq!(hex::encode(leaf.raw_serial()), issued.serial);
}

#[test]
fn no_certificate_outlives_the_authority() {
    let (authority, _folder) = fresh();
    let key = KeyPair::generate().unwrap();
    let issued = authority
        .issue(&key, DeviceId::new(), DAY * 5000, NOW)
        .unwrap();
    assert!(issued.expires <= NOW.plus(DAY * 3650));
}

#[test]
fn only_ours_of_a_device_and_in_its_time_is_believed() {
    let (authority, _folder) = fresh();
    let (foreign, _other) = fresh();
    let issued = issue(&authority, DeviceId::new());
    let shown = authority.verify(&issued.chain[0], NOW).unwrap();
    assert_eq!(
        (shown.serial, shown.public_key),
        (issued.serial, issued.public_key)
    );
    let refused = |der: &[u8], now| authority.verify(der, now).unwrap_err();
    let end = NOW.plus(DAY * 90 + Duration::from_secs(1));
    for (der, now) in [
        (&issued.chain[0], end),
        (&issued.chain[0], Timestamp(NOW.0 - 180_000_000)),
        (&issue(&foreign, DeviceId::new()).chain[0], NOW),
        (&issued.chain[1], NOW),
    ] {
        assert!(matches!(refused(der, now), CertificateRefused::NotOurs(_)));
    }
    let mut spoilt = issued.chain[0].clone();
    *spoilt.last_mut().unwrap() ^= 1;
    assert!(authority.verify(&spoilt, NOW).is_err());
    let trailed = [issued.chain[0].as_slice(), &[0]].concat();
    assert!(authority.verify(&trailed, NOW).is_err());
    assert_eq!(refused(&[], NOW), CertificateRefused::Malformed);
}

/// The bytes with each of their bits flipped in turn.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

#[test]
fn no_bit_of_a_certificate_can_be_changed() {
    let (authority, _folder) = fresh();
    let issued = issue(&authority, DeviceId::new());
    for changed in flipped(&issued.chain[0]) {
        assert!(authority.verify(&changed, NOW).is_err());
    }
}

#[test]
fn no_changed_bit_of_a_request_gives_another_key() {
    let key = KeyPair::generate().unwrap();
    let request = rcgen::CertificateParams::default();
    let request = request.serialize_request(&key).unwrap();
    assert_eq!(key_of(request.der()).unwrap().point(), key.public_key_raw());
    for changed in flipped(request.der()) {
        // What stands around the signed part can be written in more than one way.
        if let Ok(key_of_it) = key_of(&changed) {
            assert_eq!(key_of_it.point(), key.public_key_raw());
        }
    }
}

/// A role of a mesh, and a client of the same mesh.
fn mesh() -> (Arc<ServerConfig>, Arc<ClientConfig>, RootCertStore) {
    let domain = TrustDomain::parse("preau.test").unwrap();
    let ca = CertificateAuthority::create(domain.clone(), &CaConfig::default()).unwrap();
    let store = IdentityStore::new(domain.clone(), system_clock());
    store.set_bundle(ca.bundle());
    let id = SpiffeId::for_service(&domain, "default", "devices").unwrap();
    let key = WorkloadKey::generate().unwrap();
    let chain = ca.issue(&key.csr_der().unwrap(), &id, DAY).unwrap();
    store.set_svid("devices", Svid::new(key, chain).unwrap());
    let mut roots = RootCertStore::empty();
    roots.add(ca.bundle().anchors[0].clone()).unwrap();
    let server = store.server_config("devices.preau.test").unwrap();
    (server, store.client_config("devices", &id).unwrap(), roots)
}

/// A client that believes the mesh and shows the certificate of a device.
fn client_of_a_device(roots: RootCertStore) -> Arc<ClientConfig> {
    let folder = TempDir::new().unwrap();
    let clock = Clock::system();
    let path = folder.path().join("authority.pem");
    let authority = Authority::load_or_create(&path, &clock).unwrap();
    let key = KeyPair::generate().unwrap();
    let issued = authority
        .issue(&key, DeviceId::new(), DAY, clock.now())
        .unwrap();
    let chain = issued.chain.into_iter().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// What the server makes of a client, in memory.
fn handshake(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> Result<(), rustls::Error> {
    let name = ServerName::try_from("devices.preau.test").unwrap();
    let mut client = ClientConnection::new(client, name).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut wire = Vec::new();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    Ok(())
}

#[test]
fn a_devices_certificate_is_worth_nothing_on_the_mesh() {
    let (server, workload, roots) = mesh();
    handshake(workload, server.clone()).unwrap();
    let refused = handshake(client_of_a_device(roots), server).unwrap_err();
    assert!(
        matches!(refused, rustls::Error::InvalidCertificate(_)),
        "{refused:?}"
    );
}
