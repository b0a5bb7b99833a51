//! The documented registry of configuration keys: names, meanings, what each accepts.
//!
//! `preau config`, `docs/configuration.md` and every error about a key are made from this table;
//! a test holds it against the typed settings, so neither can gain or lose a key alone.

use std::fmt::Write;

/// One key.
pub(crate) struct Key {
    /// Dotted path in the TOML file.
    pub(crate) path: &'static str,
    /// As written in TOML; what happens without one otherwise.
    pub(crate) default: &'static str,
    /// What it does.
    pub(crate) meaning: &'static str,
    /// What to write: completes "write …".
    pub(crate) accepts: &'static str,
    /// Taken as text from environment and flags, even when it looks like a number.
    pub(crate) text: bool,
    /// The flag of `up` and `serve` that sets it.
    pub(crate) flag: Option<&'static str>,
    /// Never shown in an error.
    pub(crate) secret: bool,
}

const BASE: Key = Key {
    path: "",
    default: "",
    meaning: "",
    accepts: "",
    text: false,
    flag: None,
    secret: false,
};

/// Every key there is.
pub(crate) const KEYS: &[Key] = &[
    Key {
        path: "data_dir",
        default: "\"./preau-data\"",
        meaning: "Directory of everything this process keeps, one folder a role. Created when missing.",
        accepts: "a path, such as \"/var/lib/preau\"",
        text: true,
        flag: Some("--data-dir"),
        ..BASE
    },
    Key {
        path: "gateway.address",
        default: "\"127.0.0.1:8080\"",
        meaning: "Where the gateway listens: plain HTTP on loopback addresses only; any address with gateway.tls_certificate. Port 0 takes any free port.",
        accepts: "a loopback IP address and port, such as \"127.0.0.1:8080\" (any address with gateway.tls_certificate and gateway.tls_key)",
        text: true,
        flag: Some("--gateway"),
        ..BASE
    },
    Key {
        path: "gateway.max_connections",
        default: "10000",
        meaning: "Open connections to the gateway; more are closed at once.",
        accepts: "a number from 1 to 1000000",
        ..BASE
    },
    Key {
        path: "gateway.cors_origins",
        default: "[]",
        meaning: "Origins, besides our own, whose pages may call the gateway. Empty: none.",
        accepts: "a list of origins, such as [\"https://ent.example.fr\"]",
        ..BASE
    },
    Key {
        path: "gateway.hosts",
        default: "[]",
        meaning: "Names the gateway answers to, besides IP addresses and localhost. Empty: any name with TLS, no other name without. Behind a proxy: the name that browsers use.",
        accepts: "a list of host names without ports, such as [\"ent.example.fr\"]",
        ..BASE
    },
    Key {
        path: "gateway.trusted_proxies",
        default: "[]",
        meaning: "Proxies in front whose last hop of x-forwarded-for, and whose x-forwarded-proto, are believed. They pass on host. Empty: none.",
        accepts: "a list of IP addresses or networks, such as [\"127.0.0.1\", \"10.0.0.0/8\"]",
        ..BASE
    },
    Key {
        path: "gateway.tls_certificate",
        default: "absent: plain HTTP, on loopback only",
        meaning: "File of the gateway's certificate chain, PEM, its own certificate first. A renewed file is in use within a minute, without a restart.",
        accepts: "a path, such as \"/etc/preau/tls/fullchain.pem\", and gateway.tls_key with it",
        text: true,
        ..BASE
    },
    Key {
        path: "gateway.tls_key",
        default: "absent: plain HTTP, on loopback only",
        meaning: "File of that certificate's private key, PEM.",
        accepts: "a path, such as \"/etc/preau/tls/privkey.pem\", and gateway.tls_certificate with it",
        text: true,
        ..BASE
    },
    Key {
        path: "mesh.address",
        default: "\"127.0.0.1:7443\"",
        meaning: "Where this process's roles listen for the others, mutual TLS 1.3. Port 0 takes any free port.",
        accepts: "an IP address and port, such as \"127.0.0.1:7443\"",
        text: true,
        flag: Some("--mesh"),
        ..BASE
    },
    Key {
        path: "mesh.trust_domain",
        default: "\"preau.internal\"",
        meaning: "The SPIFFE trust domain. The same in every process; fixed once data exist.",
        accepts: "a name of lower-case letters, digits, dots, dashes and underscores",
        text: true,
        ..BASE
    },
    Key {
        path: "mesh.leaf_lifetime_seconds",
        default: "86400",
        meaning: "How long certificates of workloads live that this process's CA issues (role control).",
        accepts: "a number of seconds from 5 to 86400",
        ..BASE
    },
    Key {
        path: "mesh.renew_every_seconds",
        default: "3600",
        meaning: "How often renewal is tried; half a certificate's life, if that is sooner. Always with a new key.",
        accepts: "a number of seconds from 1 to 43200",
        ..BASE
    },
    Key {
        path: "mesh.peers",
        default: "{}",
        meaning: "Where the roles are that this process does not run: a table from role to \"host:port\".",
        accepts: "a table such as { control = \"10.0.0.1:7443\" }; roles are control, identity, roster, files, classroom, devices, apps, gateway",
        ..BASE
    },
    Key {
        path: "admin.address",
        default: "\"127.0.0.1:9090\"",
        meaning: "Where /metrics, /healthz and /readyz are. Loopback addresses only. Port 0 takes any free port.",
        accepts: "a loopback IP address and port, such as \"127.0.0.1:9090\"",
        text: true,
        flag: Some("--admin"),
        ..BASE
    },
    Key {
        path: "database.url",
        default: "absent: one SQLite file a role, <data_dir>/<role>/<role>.db",
        meaning: "A PostgreSQL database; each role has a schema of its name in it.",
        accepts: "an URL such as \"postgres://preau@db.example.fr/preau\"",
        text: true,
        secret: true,
        ..BASE
    },
    Key {
        path: "database.migrate_at_start",
        default: "true",
        meaning: "Whether a start brings the database up to date. In a cluster: false, and `preau migrate` as a Job.",
        accepts: "true or false",
        ..BASE
    },
    Key {
        path: "database.sqlite_max_pages",
        default: "absent: as large as the disk",
        meaning: "Cap of each SQLite file, in pages of 4 KiB (PRAGMA max_page_count).",
        accepts: "a number from 1 to 4294967294",
        ..BASE
    },
    Key {
        path: "vault.kek",
        default: "absent: <data_dir>/files/kek",
        meaning: "File of the key-encrypting key, 64 hexadecimal digits. Created (mode 0600) at the first start. Without it every file is lost: back it up apart from the data.",
        accepts: "a path, such as \"/etc/preau/kek\"",
        text: true,
        ..BASE
    },
    Key {
        path: "vault.objects",
        default: "absent: <data_dir>/files/objects",
        meaning: "Folder of the sealed records.",
        accepts: "a path, such as \"/srv/preau/objects\"",
        text: true,
        ..BASE
    },
    Key {
        path: "vault.fsync",
        default: "true",
        meaning: "Whether a record is on the disk, and not only in its cache, before it is acknowledged. False only where loss is acceptable.",
        accepts: "true or false",
        ..BASE
    },
    Key {
        path: "devices.authority",
        default: "absent: <data_dir>/devices/authority.pem",
        meaning: "File of the key and certificate of the authority that certifies devices. Created (mode 0600) at the first start; the same in every process with the role devices. Without it every device has to enrol anew: back it up.",
        accepts: "a path, such as \"/etc/preau/devices.pem\"",
        text: true,
        ..BASE
    },
    Key {
        path: "log.filter",
        default: "\"info\"",
        meaning: "What is logged (standard error): a level, or levels by target.",
        accepts: "a level (error, warn, info, debug, trace) or directives such as \"info,preau_gateway=debug\"",
        text: true,
        ..BASE
    },
    Key {
        path: "log.format",
        default: "\"text\"",
        meaning: "How log lines look.",
        accepts: "\"text\" or \"json\"",
        text: true,
        ..BASE
    },
];

/// Variables of the environment that begin like keys and are none.
pub(crate) const RESERVED: &[(&str, &str)] = &[
    (
        "PREAU_JOIN_TOKEN",
        "A one-use join token for `preau serve`, instead of --join-token-file.",
    ),
    (
        "PREAU_CA",
        "File of certificates (PEM) of authorities that commands trust for `--server https://…` beside the \
         system's, instead of --ca.",
    ),
];

impl Key {
    /// The variable of the environment that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("PREAU_{}", self.path.replace('.', "_").to_uppercase())
    }
}

/// The key of a dotted path; entries of a table belong to the table's key.
pub(crate) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| {
        path.strip_prefix(key.path).is_some_and(|rest| {
            rest.is_empty() || (key.path == "mesh.peers" && rest.starts_with('.'))
        })
    })
}

/// What `preau config` prints.
pub(crate) fn table() -> String {
    let mut text = String::from(
        "Every configuration key. A TOML file (--config) is read first, then the environment, then flags.\n",
    );
    for key in KEYS {
        let _ = write!(
            text,
            "\n{} = {}\n    {}\n",
            key.path, key.default, key.meaning
        );
        let _ = writeln!(text, "    write {}", key.accepts);
        let _ = writeln!(text, "    environment: {}", key.variable());
        if let Some(flag) = key.flag {
            let _ = writeln!(text, "    flag: {flag}");
        }
    }
    text.push_str("\nOther variables of the environment:\n");
    for (name, meaning) in RESERVED {
        let _ = writeln!(text, "\n{name}\n    {meaning}");
    }
    text
}

/// What `docs/configuration.md` holds.
pub(crate) fn markdown() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         Made by `preau config --markdown`; a test keeps it current. One TOML file (`--config FILE`), \
         the environment over it, flags over that. An unknown key or a wrong value stops the program \
         with exit code 2 and a line that names the key, the value, its source and what to write.\n\n\
         | key | default | meaning | write | environment | flag |\n|---|---|---|---|---|---|\n",
    );
    for key in KEYS {
        let flag = key
            .flag
            .map_or_else(String::new, |flag| format!("`{flag}`"));
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | `{}` | {flag} |",
            key.path,
            key.default,
            key.meaning,
            key.accepts,
            key.variable(),
        );
    }
    text.push_str("\nOther variables of the environment:\n\n");
    for (name, meaning) in RESERVED {
        let _ = writeln!(text, "- `{name}`: {meaning}");
    }
    text
}
