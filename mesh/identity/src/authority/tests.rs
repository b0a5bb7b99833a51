use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::{BACKDATE, CaConfig, CertificateAuthority, DAY};
use crate::testing::{HOUR, authority, dns, domain, id, store, svid, uri};
use crate::{IdentityError, SpiffeId, Svid, TrustDomain, WorkloadKey};

fn names(der: &[u8]) -> (Vec<String>, Vec<String>) {
    let (_, certificate) = X509Certificate::from_der(der).expect("parses");
    let (mut uris, mut dns) = (Vec::new(), Vec::new());
    let names = certificate.subject_alternative_name().expect("parses");
    for name in &names.expect("has names").value.general_names {
        match name {
            GeneralName::URI(uri) => uris.push((*uri).to_owned()),
            GeneralName::DNSName(name) => dns.push((*name).to_owned()),
            other => panic!("unexpected name {other}"),
        }
    }
    (uris, dns)
}

/// An authority whose clock stands still, so that validity is exact.
fn at(now: SystemTime, max: Duration) -> CertificateAuthority {
    let config = CaConfig {
        max_leaf_lifetime: max,
        root_lifetime: DAY * 30,
        clock: Arc::new(move || now),
    };
    CertificateAuthority::create(domain(), &config).expect("creates")
}

fn whole_seconds() -> SystemTime {
    let seconds = crate::clock::unix_seconds(SystemTime::now());
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn issued_certificates_begin_minutes_ago_and_end_as_asked_but_never_past_the_cap() {
    let now = whole_seconds();
    let authority = at(now, DAY);
    for (asked, given) in [
        (HOUR, HOUR),
        (DAY, DAY),
        (DAY * 400, DAY),
        (HOUR / 3600, HOUR / 3600),
    ] {
        let key = WorkloadKey::generate().expect("generates");
        let chain = authority
            .issue(&key.csr_der().expect("encodes"), &id("files"), asked)
            .expect("issues");
        let svid = Svid::new(key, chain).expect("matches");
        assert_eq!(svid.not_before(), now - BACKDATE);
        assert!(BACKDATE <= Duration::from_secs(300));
        assert_eq!(svid.not_after(), now + given);
    }
    // A leaf never outlives its authority.
    let authority = at(now, DAY * 100);
    let key = WorkloadKey::generate().expect("generates");
    let csr = key.csr_der().expect("encodes");
    let chain = authority
        .issue(&csr, &id("files"), DAY * 90)
        .expect("issues");
    let svid = Svid::new(key, chain).expect("matches");
    assert_eq!(svid.not_after(), now + DAY * 30);
}

#[test]
fn the_root_is_sane_and_carries_no_name_constraints() {
    let authority = authority();
    let bundle = authority.bundle();
    let (_, root) = X509Certificate::from_der(&bundle.anchors[0]).expect("parses");
    assert!(root.is_ca());
    assert!(root.name_constraints().expect("parses").is_none());
    assert_eq!(names(&bundle.anchors[0]).0, ["spiffe://preau.test"]);
    let now = crate::clock::unix_seconds(SystemTime::now());
    let not_before = u64::try_from(root.validity().not_before.timestamp()).expect("after 1970");
    let not_after = u64::try_from(root.validity().not_after.timestamp()).expect("after 1970");
    assert!(not_before + 300 >= now);
    assert!(not_after <= now + (DAY * 3651).as_secs());

    let leaf = svid(&authority, "files").chain()[0].clone();
    let (_, leaf) = X509Certificate::from_der(&leaf).expect("parses");
    assert!(leaf.name_constraints().expect("parses").is_none());
    assert!(!leaf.is_ca());
}

#[test]
fn control_also_answers_to_the_joining_name() {
    let authority = authority();
    let (uris, dns) = names(&svid(&authority, "control").chain()[0]);
    assert_eq!(uris, ["spiffe://preau.test/ns/default/sa/control"]);
    assert_eq!(dns, ["control.preau.test", "join.preau.test"]);
    let (_, dns) = names(&svid(&authority, "files").chain()[0]);
    assert_eq!(dns, ["files.preau.test"]);
}

#[test]
fn a_hostile_request_yields_only_its_public_key() {
    let authority = authority();
    let key = WorkloadKey::generate().expect("generates");
    let mut wishes = CertificateParams::default();
    wishes.subject_alt_names = vec![
        uri("spiffe://preau.test/ns/default/sa/control"),
        dns("control.preau.test"),
    ];
    wishes.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    wishes.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let csr = wishes.serialize_request(&key).expect("encodes");
    let chain = authority
        .issue(csr.der(), &id("files"), HOUR)
        .expect("issues");
    assert_eq!(
        names(&chain[0]).0,
        ["spiffe://preau.test/ns/default/sa/files"]
    );
    assert_eq!(names(&chain[0]).1, ["files.preau.test"]);
    let (_, leaf) = X509Certificate::from_der(&chain[0]).expect("parses");
    assert!(!leaf.is_ca());
    assert_eq!(
        leaf.public_key().subject_public_key.data.as_ref(),
        key.public_key()
    );
    let svid = Svid::new(key, chain).expect("a proper workload certificate");
    assert!(svid.not_after() <= SystemTime::now() + HOUR);
}

#[test]
fn a_request_must_be_signed_by_its_own_p256_key() {
    let authority = authority();
    let refuse = |csr: &[u8]| {
        let outcome = authority.issue(csr, &id("files"), HOUR);
        assert!(
            matches!(outcome, Err(IdentityError::Request { .. })),
            "{outcome:?}"
        );
    };
    let key = WorkloadKey::generate().expect("generates");
    let good = key.csr_der().expect("encodes");
    authority.issue(&good, &id("files"), HOUR).expect("issues");

    // Another key put in place of the one that signed.
    let other = WorkloadKey::generate().expect("generates");
    let at = good
        .windows(key.public_key().len())
        .position(|window| window == key.public_key())
        .expect("in the request");
    let mut swapped = good.clone();
    swapped[at..at + 65].copy_from_slice(other.public_key());
    refuse(&swapped);

    let mut trailing = good.clone();
    trailing.push(0);
    refuse(&trailing);
    refuse(&good[..good.len() - 1]);
    refuse(&[]);
    refuse(&vec![0x30; 9000]);
    for algorithm in [&rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
        let key = KeyPair::generate_for(algorithm).expect("generates");
        let csr = CertificateParams::default()
            .serialize_request(&key)
            .expect("encodes");
        refuse(csr.der());
    }
}

#[test]
fn a_foreign_trust_domain_is_not_signed_for() {
    let elsewhere = TrustDomain::parse("elsewhere.test").expect("valid");
    let id = SpiffeId::for_service(&elsewhere, "default", "files").expect("valid");
    let csr = WorkloadKey::generate()
        .and_then(|key| key.csr_der())
        .expect("encodes");
    let outcome = authority().issue(&csr, &id, HOUR);
    assert!(matches!(
        outcome,
        Err(IdentityError::WrongTrustDomain { .. })
    ));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("exists").permissions().mode() & 0o777
}

#[test]
fn the_authority_is_kept_in_a_file_of_its_owner_and_read_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let load = |td: TrustDomain| {
        CertificateAuthority::load_or_create(directory.path(), td, &CaConfig::default())
    };
    let first = load(domain()).expect("creates");
    let file = directory.path().join("authority.pem");
    assert_eq!(mode(&file), 0o600);
    let again = load(domain()).expect("loads");
    assert_eq!(first.bundle(), again.bundle());
    // What the second signs, those who trust the first accept.
    let peers = store(&first, &["gateway"]);
    peers.set_svid("files", svid(&again, "files"));
    let client = peers.client_config("gateway", &id("files")).expect("held");
    let server = peers.server_config("files.preau.test").expect("held");
    crate::testing::handshake(client, server, "files.preau.test").expect("trusted");

    let elsewhere = TrustDomain::parse("elsewhere.test").expect("valid");
    let error = load(elsewhere)
        .expect_err("another trust domain")
        .to_string();
    assert!(error.contains("trust domain"), "{error}");

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("chmod");
    let error = load(domain()).expect_err("open to others").to_string();
    assert!(error.contains("chmod 600"), "{error}");

    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("chmod");
    let text = fs::read_to_string(&file).expect("reads");
    fs::write(&file, &text[..text.len() / 2]).expect("writes");
    let error = load(domain()).expect_err("damaged").to_string();
    assert!(error.contains("authority.pem"), "{error}");
    assert_eq!(
        fs::read_to_string(&file).expect("reads"),
        &text[..text.len() / 2]
    );
}

#[test]
fn an_expired_authority_is_refused_at_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let load = |now: SystemTime| {
        let config = CaConfig {
            root_lifetime: DAY,
            clock: Arc::new(move || now),
            ..CaConfig::default()
        };
        CertificateAuthority::load_or_create(directory.path(), domain(), &config)
    };
    load(SystemTime::now()).expect("creates");
    let error = load(SystemTime::now() + DAY * 2)
        .expect_err("expired")
        .to_string();
    assert!(error.contains("expired"), "{error}");
}

#[test]
fn a_workloads_identity_is_kept_in_a_file_of_its_owner_and_read_back() {
    let directory = tempfile::tempdir().expect("a directory");
    assert!(Svid::load(directory.path()).expect("reads").is_none());
    let authority = authority();
    let first = svid(&authority, "files");
    let file = first.save(directory.path()).expect("saves");
    assert_eq!(mode(&file), 0o600);
    let again = Svid::load(directory.path()).expect("reads").expect("kept");
    assert_eq!(again.chain(), first.chain());
    assert_eq!(again.id(), first.id());
    // A later one replaces it, with the same mode.
    svid(&authority, "files")
        .save(directory.path())
        .expect("saves");
    assert_eq!(mode(&file), 0o600);
    let later = Svid::load(directory.path()).expect("reads").expect("kept");
    assert_ne!(later.chain(), first.chain());

    let stranger = WorkloadKey::generate().expect("generates");
    let error = Svid::new(stranger, first.chain().to_vec()).expect_err("another key");
    assert!(matches!(error, IdentityError::KeyMismatch { .. }));
}
