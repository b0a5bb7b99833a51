use std::io::Write;

use super::registry::{KEYS, find, markdown};
use super::settings::Config;
use super::*;
use crate::failure::{Exit, Failure};

fn from(toml: &str, environment: &[(&str, &str)], flags: Flags) -> Result<Config, Failure> {
    let mut file = tempfile::Builder::new()
        .suffix(".toml")
        .tempfile()
        .expect("a temporary file");
    file.write_all(toml.as_bytes()).expect("writable");
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(Some(file.path()), environment, flags)
}

fn refused(toml: &str, environment: &[(&str, &str)], flags: Flags) -> String {
    let failure = from(toml, environment, flags).expect_err("refused");
    assert_eq!(failure.code(), Exit::Usage);
    failure.to_string()
}

#[test]
fn nothing_configured_is_the_defaults() {
    assert_eq!(load(None, [], vec![]), Ok(Config::default()));
}

#[test]
fn flags_win_over_environment_and_environment_over_the_file() {
    let toml =
        "data_dir = 'file'\n[gateway]\naddress = '127.0.0.1:1'\n[admin]\naddress = '127.0.0.1:1'\n";
    let environment = [
        ("PREAU_GATEWAY_ADDRESS", "127.0.0.1:2"),
        ("PREAU_ADMIN_ADDRESS", "127.0.0.1:2"),
    ];
    let flags = vec![("--gateway", "gateway.address", "127.0.0.1:3".into())];
    let config = from(toml, &environment, flags).expect("valid");
    assert_eq!(config.data_dir.to_str(), Some("file"));
    assert_eq!(config.admin.address.port(), 2);
    assert_eq!(config.gateway.address.port(), 3);
}

#[test]
fn with_a_certificate_the_gateway_may_listen_anywhere() {
    let toml =
        "[gateway]\naddress = '0.0.0.0:8443'\ntls_certificate = 'a.pem'\ntls_key = 'b.pem'\n";
    let config = from(toml, &[], vec![]).expect("valid");
    assert_eq!(
        config.gateway_tls(),
        Some(("a.pem".as_ref(), "b.pem".as_ref()))
    );
}

#[test]
fn lists_come_from_variables_too() {
    let variable = ("PREAU_GATEWAY_TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"::1\"]");
    let config = from("", &[variable], vec![]).expect("valid");
    assert_eq!(config.gateway.trusted_proxies, ["10.0.0.0/8", "::1"]);
}

#[test]
fn peers_come_from_the_table_and_from_single_variables() {
    let toml = "[mesh.peers]\ncontrol = 'localhost:7443'\n";
    let config = from(toml, &[("PREAU_MESH_PEERS_IDENTITY", "10.0.0.1:7")], vec![]).expect("valid");
    let peers: Vec<_> = config.mesh.peers.into_iter().collect();
    assert_eq!(
        peers,
        [
            ("control".to_owned(), "localhost:7443".to_owned()),
            ("identity".to_owned(), "10.0.0.1:7".to_owned())
        ]
    );
}

#[test]
fn text_that_looks_like_a_number_stays_text() {
    let config = from("", &[("PREAU_DATA_DIR", "2026")], vec![]).expect("valid");
    assert_eq!(config.data_dir.to_str(), Some("2026"));
}

#[test]
fn an_unknown_key_is_named_with_its_value_its_file_and_the_key_meant() {
    let line = refused("[gateway]\nadress = '127.0.0.1:1'\n", &[], vec![]);
    assert!(
        line.contains("unknown configuration key gateway.adress"),
        "{line}"
    );
    assert!(line.contains("127.0.0.1:1"), "{line}");
    assert!(line.contains(".toml"), "{line}");
    assert!(line.contains("did you mean gateway.address?"), "{line}");
}

#[test]
fn an_unknown_table_is_named() {
    let line = refused("[gatewy]\naddress = '127.0.0.1:1'\n", &[], vec![]);
    assert!(line.contains("unknown configuration key gatewy"), "{line}");
}

#[test]
fn an_unknown_variable_is_named_with_the_one_meant() {
    let line = refused("", &[("PREAU_GATEWAY_ADRESS", "127.0.0.1:1")], vec![]);
    assert!(
        line.contains("environment variable PREAU_GATEWAY_ADRESS"),
        "{line}"
    );
    assert!(
        line.contains("did you mean PREAU_GATEWAY_ADDRESS?"),
        "{line}"
    );
}

#[test]
fn a_wrong_value_is_named_with_key_source_and_fix_from_every_layer() {
    let line = refused("[gateway]\naddress = 'localhost'\n", &[], vec![]);
    assert!(
        line.contains("wrong value \"localhost\" for configuration key gateway.address"),
        "{line}"
    );
    assert!(line.contains(".toml"), "{line}");
    assert!(
        line.contains("write a loopback IP address and port"),
        "{line}"
    );

    let line = refused("", &[("PREAU_VAULT_FSYNC", "perhaps")], vec![]);
    assert!(line.contains("\"perhaps\""), "{line}");
    assert!(
        line.contains("environment variable PREAU_VAULT_FSYNC"),
        "{line}"
    );

    let line = refused("", &[], vec![("--mesh", "mesh.address", "7443".into())]);
    assert!(line.contains("flag --mesh"), "{line}");
    assert!(line.contains("\"7443\""), "{line}");
}

#[test]
fn values_of_the_right_type_that_make_no_sense_are_refused() {
    for (toml, key) in [
        ("[gateway]\naddress = '0.0.0.0:80'\n", "gateway.address"),
        ("[admin]\naddress = '[::]:80'\n", "admin.address"),
        (
            "[gateway]\nmax_connections = 0\n",
            "gateway.max_connections",
        ),
        (
            "[gateway]\ncors_origins = ['https://a.fr/']\n",
            "gateway.cors_origins",
        ),
        (
            "[gateway]\nhosts = ['ent.example.fr:443']\n",
            "gateway.hosts",
        ),
        (
            "[gateway]\ntrusted_proxies = ['10.0.0.0/33']\n",
            "gateway.trusted_proxies",
        ),
        (
            "[gateway]\ntls_certificate = 'a.pem'\n",
            "gateway.tls_certificate",
        ),
        ("[gateway]\ntls_key = 'b.pem'\n", "gateway.tls_key"),
        (
            "[mesh]\ntrust_domain = 'Not A Domain'\n",
            "mesh.trust_domain",
        ),
        (
            "[mesh]\nleaf_lifetime_seconds = 1\n",
            "mesh.leaf_lifetime_seconds",
        ),
        (
            "[mesh]\nrenew_every_seconds = 0\n",
            "mesh.renew_every_seconds",
        ),
        ("[mesh.peers]\ncantine = 'a:1'\n", "mesh.peers.cantine"),
        ("[mesh.peers]\ncontrol = 'nowhere'\n", "mesh.peers.control"),
        ("[database]\nurl = 'mysql://a'\n", "database.url"),
        (
            "[database]\nsqlite_max_pages = 0\n",
            "database.sqlite_max_pages",
        ),
        ("[log]\nfilter = 'a=loud'\n", "log.filter"),
        ("[log]\nformat = 'xml'\n", "log.format"),
    ] {
        let line = refused(toml, &[], vec![]);
        assert!(
            line.contains(&format!("configuration key {key}:")),
            "{line}"
        );
        assert!(line.contains(".toml"), "{line}");
    }
}

#[test]
fn a_secret_value_is_never_shown() {
    let line = refused("[database]\nurl = 'mysql://u:hunter2@h'\n", &[], vec![]);
    assert!(!line.contains("hunter2"), "{line}");
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_named() {
    let missing = load(Some("/nowhere/preau.toml".as_ref()), [], vec![]).expect_err("refused");
    assert!(missing.to_string().contains("/nowhere/preau.toml"));
    assert!(refused("gateway = [", &[], vec![]).contains("not TOML"));
}

#[test]
fn registry_and_settings_hold_the_same_keys_with_the_same_defaults() {
    let toml::Value::Table(table) = toml::Value::try_from(Config::default()).expect("serialisable")
    else {
        panic!("settings are a table");
    };
    let mut flat = Vec::new();
    for (section, value) in table {
        match value {
            toml::Value::Table(inner) => {
                flat.extend(
                    inner
                        .into_iter()
                        .map(|(key, value)| (format!("{section}.{key}"), value)),
                );
            }
            value => flat.push((section, value)),
        }
    }
    for (path, value) in &flat {
        let key = find(path).unwrap_or_else(|| panic!("{path} has no entry in the registry"));
        let default = match value {
            toml::Value::Table(table) if table.is_empty() => "{}".to_owned(),
            value => value.to_string(),
        };
        assert_eq!(key.default, default, "{path}");
    }
    let absent = KEYS
        .iter()
        .filter(|key| key.default.starts_with("absent"))
        .count();
    assert_eq!(
        flat.len() + absent,
        KEYS.len(),
        "a key of the registry that no setting has"
    );
}

#[test]
fn the_page_about_configuration_is_current() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let page = std::fs::read_to_string(page).expect("docs/configuration.md exists");
    assert_eq!(
        page,
        markdown(),
        "run `preau config --markdown > docs/configuration.md`"
    );
}
