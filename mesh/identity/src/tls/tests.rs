use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::CertifiedKey;
use rustls::{NamedGroup, ProtocolVersion};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use super::{client_config, server_config};
use crate::testing::{HOUR, Presented, Root, authority, dns, domain, handshake, id, store, uri};
use crate::{IdentityStore, SvidError, WorkloadKey, system_clock};

use careless::{Gullible, Shown, careless_client, careless_server};

mod careless;

type Edit = fn(&mut CertificateParams);

/// Every way to be no workload certificate of ours, with what the refusal must say.
const BAD: &[(&str, Edit, &str)] = &[
    (
        "no alternative name",
        |p| p.subject_alt_names.clear(),
        "no URI name",
    ),
    (
        "a DNS name only",
        |p| p.subject_alt_names = vec![dns("files.preau.test")],
        "no URI name",
    ),
    (
        "two URIs",
        |p| p.subject_alt_names.push(uri(id("roster").as_str())),
        "more than one URI",
    ),
    (
        "the same URI twice",
        |p| p.subject_alt_names.push(uri(id("files").as_str())),
        "more than one URI",
    ),
    (
        "an https URI",
        |p| set_uri(p, "https://preau.test/ns/default/sa/files"),
        "begin with spiffe",
    ),
    (
        "an upper-case scheme",
        |p| set_uri(p, "SPIFFE://preau.test/ns/default/sa/files"),
        "begin with spiffe",
    ),
    (
        "a query",
        |p| set_uri(p, "spiffe://preau.test/ns/default/sa/files?a=b"),
        "query",
    ),
    (
        "a fragment",
        |p| set_uri(p, "spiffe://preau.test/ns/default/sa/files#a"),
        "fragment",
    ),
    (
        "user information",
        |p| set_uri(p, "spiffe://me@preau.test/ns/default/sa/files"),
        "user information",
    ),
    (
        "a port",
        |p| set_uri(p, "spiffe://preau.test:443/ns/default/sa/files"),
        "port",
    ),
    (
        "an upper-case trust domain",
        |p| set_uri(p, "spiffe://Preau.test/ns/default/sa/files"),
        "lower-case DNS name",
    ),
    (
        "an empty segment",
        |p| set_uri(p, "spiffe://preau.test/ns//sa/files"),
        "empty or relative",
    ),
    (
        "a trailing slash",
        |p| set_uri(p, "spiffe://preau.test/ns/default/sa/files/"),
        "empty or relative",
    ),
    (
        "a parent segment",
        |p| set_uri(p, "spiffe://preau.test/ns/default/sa/../files"),
        "empty or relative",
    ),
    (
        "the trust domain itself",
        |p| set_uri(p, "spiffe://preau.test"),
        "no path",
    ),
    (
        "the root path",
        |p| set_uri(p, "spiffe://preau.test/"),
        "no path",
    ),
    (
        "another path",
        |p| set_uri(p, "spiffe://preau.test/files"),
        "must read",
    ),
    (
        "a foreign trust domain",
        |p| set_uri(p, "spiffe://other.test/ns/default/sa/files"),
        "another trust domain",
    ),
    (
        "an authority's certificate",
        |p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        "authority",
    ),
    ("no key usage", |p| p.key_usages.clear(), "key usage"),
    (
        "no digitalSignature",
        |p| p.key_usages = vec![KeyUsagePurpose::KeyAgreement],
        "key usage",
    ),
    (
        "keyCertSign",
        |p| p.key_usages.push(KeyUsagePurpose::KeyCertSign),
        "key usage",
    ),
    (
        "cRLSign",
        |p| p.key_usages.push(KeyUsagePurpose::CrlSign),
        "key usage",
    ),
    (
        "no extended key usage",
        |p| p.extended_key_usages.clear(),
        "extended key usage",
    ),
    (
        "another purpose",
        |p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning],
        "purpose",
    ),
    (
        "expired a minute ago",
        |p| p.not_after = now() - HOUR / 60,
        "expired",
    ),
    (
        "valid from tomorrow",
        |p| {
            p.not_before = now() + HOUR * 24;
            p.not_after = now() + HOUR * 25
        },
        "not valid yet",
    ),
];

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn set_uri(params: &mut CertificateParams, text: &str) {
    params.subject_alt_names = vec![uri(text)];
}

/// A store of ours under the unscrupulous root.
fn victim(root: &Root) -> Arc<IdentityStore> {
    let store = store(&authority(), &["gateway", "roster"]);
    store.set_bundle(crate::TrustBundle {
        sequence: 2,
        ..root.bundle()
    });
    store
}

fn as_client(root: &Root, presented: Presented) -> Result<(), String> {
    let server = victim(root)
        .server_config("roster.preau.test")
        .expect("held");
    handshake(careless_client(presented), server, "roster.preau.test")
        .map(drop)
        .map_err(|error| crate::explain_tls(&error))
}

fn as_server(root: &Root, presented: Presented) -> Result<(), String> {
    let client = victim(root)
        .client_config("gateway", &id("files"))
        .expect("held");
    handshake(client, careless_server(presented), "files.preau.test")
        .map(drop)
        .map_err(|error| crate::explain_tls(&error))
}

#[test]
fn a_good_certificate_passes_on_both_sides() {
    let root = Root::new();
    assert_eq!(as_client(&root, root.leaf(|_| {})), Ok(()));
    assert_eq!(as_server(&root, root.leaf(|_| {})), Ok(()));
}

#[test]
fn every_bad_certificate_is_refused_on_both_sides_with_its_reason() {
    let root = Root::new();
    for (what, edit, reason) in BAD {
        for outcome in [
            as_client(&root, root.leaf(edit)),
            as_server(&root, root.leaf(edit)),
        ] {
            let text = outcome.expect_err(what);
            let plain = text.to_lowercase();
            assert!(plain.contains(&reason.to_lowercase()), "{what}: {text}");
        }
    }
}

#[test]
fn a_certificate_for_one_direction_only_is_refused() {
    let root = Root::new();
    for usage in [
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ] {
        let only = |p: &mut CertificateParams| p.extended_key_usages = vec![usage.clone()];
        as_client(&root, root.leaf(only)).expect_err("refused");
        as_server(&root, root.leaf(only)).expect_err("refused");
    }
}

#[test]
fn another_root_a_self_signed_leaf_and_a_leaf_signed_by_a_leaf_are_refused() {
    let root = Root::new();
    let other = Root::new();
    let self_signed = || {
        let key = WorkloadKey::generate().expect("generates");
        let mut params = CertificateParams::default();
        set_uri(&mut params, id("files").as_str());
        let chain = vec![params.self_signed(&key).expect("signs").der().clone()];
        Presented { key, chain }
    };
    let signed_by_leaf = || {
        let parent = root.leaf(|_| {});
        let parent_der = parent.chain[0].clone();
        let issuer = rcgen::Issuer::from_ca_cert_der(&parent_der, parent.key).expect("parses");
        let key = WorkloadKey::generate().expect("generates");
        let mut params = CertificateParams::default();
        set_uri(&mut params, id("files").as_str());
        let leaf = params
            .signed_by(&key, &issuer)
            .expect("signs")
            .der()
            .clone();
        Presented {
            key,
            chain: vec![leaf, parent_der],
        }
    };
    let makers: [&dyn Fn() -> Presented; 3] =
        [&|| other.leaf(|_| {}), &self_signed, &signed_by_leaf];
    for make in makers {
        as_client(&root, make()).expect_err("refused");
        as_server(&root, make()).expect_err("refused");
    }
}

#[test]
fn garbage_in_place_of_a_certificate_is_refused() {
    let root = Root::new();
    for garbage in [vec![], vec![0x30], b"not a certificate".to_vec()] {
        let spoil = || {
            let mut presented = root.leaf(|_| {});
            presented.chain = vec![CertificateDer::from(garbage.clone())];
            presented
        };
        as_client(&root, spoil()).expect_err("refused");
        as_server(&root, spoil()).expect_err("refused");
        assert!(IdentityStore::peer_id(&spoil().chain).is_err());
    }
    assert_eq!(IdentityStore::peer_id(&[]), Err(SvidError::Absent));
}

#[test]
fn a_certificate_of_somebody_elses_key_is_refused() {
    let root = Root::new();
    let stolen = || Presented {
        key: WorkloadKey::generate().expect("generates"),
        chain: root.leaf(|_| {}).chain,
    };
    as_client(&root, stolen()).expect_err("refused");
    as_server(&root, stolen()).expect_err("refused");
}

#[test]
fn a_client_without_a_certificate_is_refused() {
    let authority = authority();
    let store = store(&authority, &["files"]);
    let server = store.server_config("files.preau.test").expect("held");
    let client = client_config(system_clock(), Arc::new(Gullible), None);
    let error = handshake(client, server, "files.preau.test").expect_err("refused");
    assert_eq!(error, rustls::Error::NoCertificatesPresented);
}

#[test]
fn another_workload_than_the_one_dialled_is_refused() {
    let authority = authority();
    let store = store(&authority, &["files", "roster"]);
    let server = store.server_config("roster.preau.test").expect("held");
    let client = store.client_config("files", &id("control")).expect("held");
    let error = handshake(client, server, "roster.preau.test").expect_err("refused");
    let text = crate::explain_tls(&error);
    assert!(text.contains("another workload"), "{text}");
}

#[test]
fn the_handshake_is_tls13_post_quantum_http2_without_tickets() {
    let authority = authority();
    let store = store(&authority, &["files", "gateway"]);
    let server = store.server_config("files.preau.test").expect("held");
    let client = store.client_config("gateway", &id("files")).expect("held");
    assert!(!client.enable_early_data);
    assert_eq!(server.max_early_data_size, 0);
    for _ in 0..2 {
        let (client, server) = handshake(client.clone(), server.clone(), "files.preau.test")
            .expect("both sides are ours");
        assert_eq!(client.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        let group = client.negotiated_key_exchange_group().expect("negotiated");
        assert_eq!(group.name(), NamedGroup::X25519MLKEM768);
        assert_eq!(client.alpn_protocol(), Some(b"h2".as_slice()));
        assert_eq!(client.tls13_tickets_received(), 0);
        // The second time must be a full handshake again.
        assert_eq!(client.handshake_kind(), Some(rustls::HandshakeKind::Full));
        let peer = IdentityStore::peer_id(server.peer_certificates().expect("shown"));
        assert_eq!(peer, Ok(id("gateway")));
    }
}

#[test]
fn joining_trusts_only_the_pinned_anchor_and_only_control() {
    let authority = authority();
    let control = store(&authority, &["control"]);
    let server = control.server_config("join.preau.test").expect("answers");
    let pin = authority.bundle().fingerprint();
    let client = IdentityStore::joining_client_config(&domain(), pin);
    let (_, at_server) =
        handshake(client.clone(), server.clone(), "join.preau.test").expect("trusted");
    assert!(at_server.peer_certificates().is_none());

    let wrong = IdentityStore::joining_client_config(&domain(), [7; 32]);
    let error = handshake(wrong, server, "join.preau.test").expect_err("refused");
    let text = crate::explain_tls(&error);
    assert!(text.contains("fingerprint"), "{text}");

    // Another workload of the same mesh, with the anchor in its chain, is not the control plane.
    let files = store(&authority, &["files"]);
    let mut chain = files.svid("files").expect("held").chain().to_vec();
    chain.extend(authority.bundle().anchors);
    let certified = files.svid("files").expect("held").certified_key();
    let shown = Shown(Arc::new(CertifiedKey::new(chain, certified.key.clone())));
    let nobody = WebPkiClientVerifier::no_client_auth();
    let impostor = server_config(system_clock(), nobody, Arc::new(shown));
    let error = handshake(client, impostor, "join.preau.test").expect_err("refused");
    let text = crate::explain_tls(&error);
    assert!(text.contains("control plane"), "{text}");
    assert!(files.server_config("join.preau.test").is_none());
}

#[test]
fn nothing_of_a_key_shows_in_debug_texts() {
    let authority = authority();
    let store = store(&authority, &["files"]);
    let svid = store.svid("files").expect("held");
    let key = WorkloadKey::generate().expect("generates");
    let hex = |bytes: &[u8]| format!("{bytes:?}");
    let shown = format!("{key:?} {svid:?} {store:?} {authority:?}");
    assert!(!shown.contains(&hex(&key.private_key_der())));
    assert!(shown.contains("WorkloadKey(..)"));
}
