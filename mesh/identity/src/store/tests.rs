use std::collections::HashSet;

use crate::testing::{authority, domain, handshake, id, store, svid};
use crate::{IdentityError, IdentityStore, SpiffeId, TrustBundle, TrustDomain, system_clock};

#[test]
fn anchors_rotate_while_the_configurations_stay_in_use() {
    let (old, new) = (authority(), authority());
    let server = store(&old, &["files"]);
    let client = store(&old, &["gateway"]);
    let serving = server.server_config("files.preau.test").expect("held");
    let dialling = client.client_config("gateway", &id("files")).expect("held");
    let call = || handshake(dialling.clone(), serving.clone(), "files.preau.test").map(drop);
    call().expect("before");

    // The new authority is not trusted before the first phase.
    server.set_svid("files", svid(&new, "files"));
    call().expect_err("unknown anchor");

    // Add, re-issue, drop.
    let both = |sequence| TrustBundle {
        trust_domain: domain(),
        anchors: [new.bundle().anchors, old.bundle().anchors].concat(),
        sequence,
    };
    for store in [&server, &client] {
        assert!(store.set_bundle(both(2)));
    }
    call().expect("old and new side by side");
    client.set_svid("gateway", svid(&new, "gateway"));
    call().expect("both re-issued");
    for store in [&server, &client] {
        assert!(store.set_bundle(TrustBundle {
            sequence: 3,
            ..new.bundle()
        }));
    }
    call().expect("old dropped");
    server.set_svid("files", svid(&old, "files"));
    call().expect_err("signed by the dropped anchor");
}

#[test]
fn an_older_or_foreign_bundle_is_left_aside() {
    let authority = authority();
    let store = store(&authority, &[]);
    let at = |sequence| TrustBundle {
        sequence,
        ..authority.bundle()
    };
    assert!(store.set_bundle(at(5)));
    assert!(!store.set_bundle(at(4)));
    assert!(store.set_bundle(at(5)));
    let foreign = TrustBundle {
        trust_domain: TrustDomain::parse("elsewhere.test").expect("valid"),
        ..at(9)
    };
    assert!(!store.set_bundle(foreign));
    assert_eq!(store.bundle().expect("set").sequence, 5);
}

#[test]
fn a_store_answers_only_to_the_roles_it_holds() {
    let authority = authority();
    let store = store(&authority, &["files", "roster"]);
    assert_eq!(store.roles(), ["files", "roster"]);
    assert_eq!(store.role_of("files.preau.test").as_deref(), Some("files"));
    assert_eq!(store.role_of("FILES.Preau.test").as_deref(), Some("files"));
    for name in [
        "control.preau.test",
        "join.preau.test",
        "preau.test",
        "filespreau.test",
        "files.preau.test.evil.test",
        "files.elsewhere.test",
        "",
    ] {
        assert!(store.server_config(name).is_none(), "{name}");
    }
    store.set_svid("control", svid(&authority, "control"));
    assert_eq!(store.role_of("join.preau.test").as_deref(), Some("join"));
    assert!(store.server_config("join.preau.test").is_some());
}

#[test]
fn a_client_needs_a_certificate_and_a_peer_of_its_own_domain() {
    let authority = authority();
    let store = store(&authority, &["gateway"]);
    let error = store
        .client_config("files", &id("roster"))
        .expect_err("not held");
    assert!(matches!(error, IdentityError::NoSvid { role } if role == "files"));
    let elsewhere = SpiffeId::parse("spiffe://elsewhere.test/ns/default/sa/files").expect("valid");
    let error = store
        .client_config("gateway", &elsewhere)
        .expect_err("foreign");
    assert!(matches!(error, IdentityError::WrongTrustDomain { .. }));
}

#[test]
fn an_empty_store_trusts_nobody() {
    let authority = authority();
    let naive = IdentityStore::new(domain(), system_clock());
    naive.set_svid("gateway", svid(&authority, "gateway"));
    let client = naive.client_config("gateway", &id("files")).expect("held");
    let server = store(&authority, &["files"]);
    let server = server.server_config("files.preau.test").expect("held");
    let error = handshake(client, server, "files.preau.test").expect_err("no bundle");
    let text = crate::explain_tls(&error);
    assert!(text.contains("no trust bundle"), "{text}");
}

#[test]
fn a_denied_workload_is_refused_on_both_sides_and_its_denial_is_announced() {
    let authority = authority();
    let store = store(&authority, &["files", "gateway"]);
    let mut changes = store.denied_changes();
    let call = || {
        let client = store.client_config("gateway", &id("files")).expect("held");
        let server = store.server_config("files.preau.test").expect("held");
        handshake(client, server, "files.preau.test").map(drop)
    };
    call().expect("before");
    for denied in ["gateway", "files"] {
        assert!(!changes.has_changed().expect("open"));
        store.deny(id(denied));
        assert!(store.is_denied(&id(denied)));
        assert!(changes.has_changed().expect("open"));
        changes.mark_unchanged();
        let error = call().expect_err("denied");
        let text = crate::explain_tls(&error);
        assert!(text.contains("deny list"), "{text}");
        store.set_denied(HashSet::new());
        changes.mark_unchanged();
        call().expect("allowed again");
    }
}
