//! Who may depend on whom. A new crate or arrow is a decision: it is written
//! here, with ARCHITECTURE.md, or the test fails.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::Workspace;

/// Services of the domain: they call each other through the mesh, never by crate.
const DOMAIN_SERVICES: [&str; 7] = [
    "preau-apps",
    "preau-classroom",
    "preau-control",
    "preau-devices",
    "preau-files",
    "preau-identity",
    "preau-roster",
];

/// Crates whose dependencies stay free: they stand outside the product.
const OUTSIDE: [&str; 2] = ["tests/", "benches/"];

/// What each crate of the product may name among ours. Not every arrow need exist.
fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    const SERVICE: [&str; 5] = [
        "preau-proto",
        "preau-kernel",
        "preau-rpc",
        "preau-storage-database",
        "preau-mesh",
    ];
    let mut allowed: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut allow = |name, dependencies: &[&'static str]| {
        allowed.insert(name, dependencies.iter().copied().collect());
    };
    allow("preau-proto", &[]);
    allow("preau-storage-seal", &[]);
    allow("preau-storage-sites", &[]);
    allow("preau-storage-database", &[]);
    allow("preau-kernel", &[]);

    allow("preau-mesh-identity", &["preau-proto"]);
    allow(
        "preau-mesh-transport",
        &["preau-proto", "preau-mesh-identity"],
    );
    allow(
        "preau-mesh-layers",
        &["preau-proto", "preau-mesh-identity", "preau-mesh-transport"],
    );
    allow(
        "preau-mesh",
        &[
            "preau-proto",
            "preau-mesh-identity",
            "preau-mesh-transport",
            "preau-mesh-layers",
        ],
    );

    allow(
        "preau-storage-vault",
        &[
            "preau-storage-seal",
            "preau-storage-sites",
            "preau-storage-database",
        ],
    );

    allow("preau-rpc", &["preau-proto", "preau-kernel", "preau-mesh"]);
    for service in [
        "preau-apps",
        "preau-classroom",
        "preau-control",
        "preau-devices",
        "preau-identity",
        "preau-roster",
    ] {
        allow(service, &SERVICE);
    }
    allow(
        "preau-files",
        &[SERVICE.as_slice(), &["preau-storage-vault"]].concat(),
    );
    allow("preau-agent", &["preau-proto", "preau-kernel"]);
    allow(
        "preau-gateway",
        &["preau-proto", "preau-kernel", "preau-rpc", "preau-mesh"],
    );
    // Makes the contract's generated code; nothing depends on it but proto's own tests.
    allow("preau-proto-codegen", &[]);
    allowed
}

#[test]
fn every_arrow_between_crates_is_a_decided_one() {
    let workspace = Workspace::load();
    let allowed = allowed();
    let mut wrong = Vec::new();
    for (name, dependencies) in &workspace.normal {
        let folder = workspace.folders[name].to_str().unwrap();
        if name == "preau" || OUTSIDE.iter().any(|outside| folder.starts_with(outside)) {
            continue;
        }
        let Some(allowed) = allowed.get(name.as_str()) else {
            wrong.push(format!(
                "{name} ({folder}): a crate without a place in the arrows"
            ));
            continue;
        };
        for dependency in dependencies {
            if !allowed.contains(dependency.as_str()) {
                wrong.push(format!("{name} → {dependency}: not an arrow of the design"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_crate_with_a_place_in_the_arrows_exists() {
    let workspace = Workspace::load();
    for name in allowed().keys() {
        assert!(
            workspace.folders.contains_key(*name),
            "{name}: gone? then remove its arrows"
        );
    }
}

#[test]
fn no_circle_leads_back_to_a_crate() {
    let workspace = Workspace::load();
    for name in workspace.normal.keys() {
        assert!(
            !workspace.reaches(name).contains(name),
            "{name} reaches itself"
        );
    }
}

#[test]
fn domain_services_never_know_each_other_even_in_tests() {
    let workspace = Workspace::load();
    for service in DOMAIN_SERVICES {
        let mut known = workspace.reaches(service);
        known.extend(workspace.dev[service].iter().cloned());
        for other in DOMAIN_SERVICES.iter().filter(|other| **other != service) {
            assert!(
                !known.contains(*other),
                "{service} knows {other}: call it through the mesh"
            );
        }
    }
}

#[test]
fn only_files_holds_the_vault_and_only_the_binary_composes() {
    let workspace = Workspace::load();
    for (name, dependencies) in &workspace.normal {
        let folder = workspace.folders[name].to_str().unwrap();
        if OUTSIDE.iter().any(|outside| folder.starts_with(outside)) {
            continue;
        }
        if dependencies.contains("preau-storage-vault") {
            assert!(
                ["preau", "preau-files"].contains(&name.as_str()),
                "{name} holds the vault"
            );
        }
        assert!(
            !dependencies.contains("preau"),
            "{name} depends on the binary"
        );
    }
}

#[test]
fn nothing_of_the_product_is_built_from_test_or_bench_crates() {
    let workspace = Workspace::load();
    for (name, dependencies) in &workspace.normal {
        let folder = workspace.folders[name].to_str().unwrap();
        if OUTSIDE.iter().any(|outside| folder.starts_with(outside)) {
            continue;
        }
        for dependency in dependencies {
            let folder = workspace.folders[dependency].to_str().unwrap();
            assert!(
                !OUTSIDE.iter().any(|outside| folder.starts_with(outside)),
                "{name} is built from {dependency}"
            );
        }
    }
}

/// What a crate must not know, beyond our own crates (DESIGN section 3).
#[test]
fn crates_do_not_know_the_technology_they_are_kept_from() {
    let forbidden: [(&str, &[&str]); 7] = [
        ("preau-kernel", &["tonic", "sqlx", "hyper", "tokio"]),
        (
            "preau-storage-seal",
            &["tokio", "object_store", "sqlx", "tonic"],
        ),
        ("preau-storage-sites", &["sqlx", "tonic"]),
        ("preau-storage-vault", &["sqlx", "tonic", "hyper"]),
        ("preau-storage-database", &["tonic", "hyper"]),
        ("preau-mesh-identity", &["tonic", "hyper", "h2", "http"]),
        ("preau-mesh-transport", &["tonic"]),
    ];
    let workspace = Workspace::load();
    for (name, banned) in forbidden {
        let manifest = workspace
            .root
            .join(&workspace.folders[name])
            .join("Cargo.toml");
        let manifest: toml::Table =
            toml::from_str(&std::fs::read_to_string(manifest).unwrap()).unwrap();
        let Some(dependencies) = manifest.get("dependencies").and_then(toml::Value::as_table)
        else {
            continue;
        };
        for banned in banned {
            assert!(
                !dependencies.contains_key(*banned),
                "{name} must not know {banned}"
            );
        }
    }
}
