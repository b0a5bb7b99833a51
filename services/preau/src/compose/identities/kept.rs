//! Certificates and anchors on disk, readable by their owner alone, so that a restart needs no token.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use preau_mesh::{IdentityStore, Svid, TrustBundle, TrustDomain};
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, at_path};
use crate::private;

/// The anchors as they are written: certificates in hexadecimal DER.
#[derive(Serialize, Deserialize)]
struct Anchors {
    trust_domain: String,
    sequence: u64,
    anchors: Vec<String>,
}

/// Keeps a role's certificate and the anchors it was issued with.
pub(super) fn save(dir: &Path, store: &IdentityStore, role: &str) -> Result<(), Failure> {
    let role_dir = dir.join(role);
    private::create_dir(&role_dir)
        .map_err(|error| at_path("cannot keep the certificate", &role_dir, &error))?;
    if let Some(bundle) = store.bundle() {
        let anchors = Anchors {
            trust_domain: bundle.trust_domain.to_string(),
            sequence: bundle.sequence,
            anchors: bundle.anchors.iter().map(hex::encode).collect(),
        };
        let text = serde_json::to_vec_pretty(&anchors).expect("strings and numbers are JSON");
        let path = anchors_file(dir);
        private::write(&path, &text)
            .map_err(|error| at_path("cannot keep the anchors", &path, &error))?;
    }
    match store.svid(role) {
        Some(svid) => svid.save(&role_dir).map(drop).map_err(|error| {
            Failure::new(
                format_args!("cannot keep the certificate: {error}"),
                role_dir.display(),
                "check the disk",
            )
        }),
        None => Ok(()),
    }
}

/// Puts what was kept into use; answers whether that is a valid certificate for every role.
pub(super) fn load(
    dir: &Path,
    store: &IdentityStore,
    roles: &[&'static str],
    now: SystemTime,
) -> Result<bool, Failure> {
    let Some(bundle) = load_anchors(&anchors_file(dir))? else {
        return Ok(false);
    };
    let mut svids = Vec::new();
    for role in roles {
        let role_dir = dir.join(role);
        let svid = Svid::load(&role_dir).map_err(|error| {
            let remedy = "remove the directory and join again with a token";
            Failure::new(
                format_args!("the kept certificate cannot be used: {error}"),
                role_dir.display(),
                remedy,
            )
        })?;
        match svid {
            Some(svid)
                if svid.not_after() > now && svid.id().trust_domain() == store.trust_domain() =>
            {
                svids.push((role, svid));
            }
            _ => return Ok(false),
        }
    }
    if !store.set_bundle(bundle) {
        return Ok(false);
    }
    for (role, svid) in svids {
        store.set_svid(role, svid);
    }
    Ok(true)
}

fn anchors_file(dir: &Path) -> PathBuf {
    dir.join("anchors.json")
}

fn load_anchors(path: &Path) -> Result<Option<TrustBundle>, Failure> {
    let damaged = || {
        Failure::new(
            "the kept anchors are damaged",
            path.display(),
            "remove the file and join again with a token",
        )
    };
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at_path("cannot read the anchors", path, &error)),
    };
    let kept: Anchors = serde_json::from_slice(&text).map_err(|_| damaged())?;
    let anchors: Result<Vec<_>, _> = kept
        .anchors
        .iter()
        .map(|anchor| hex::decode(anchor).map(Into::into))
        .collect();
    Ok(Some(TrustBundle {
        trust_domain: TrustDomain::parse(&kept.trust_domain).map_err(|_| damaged())?,
        anchors: anchors.map_err(|_| damaged())?,
        sequence: kept.sequence,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_mesh::{CaConfig, CertificateAuthority, SpiffeId, WorkloadKey, system_clock};
    use std::sync::Arc;
    use std::time::Duration;

    fn joined() -> Arc<IdentityStore> {
        let domain = TrustDomain::parse("preau.internal").expect("a trust domain");
        let ca = CertificateAuthority::create(domain.clone(), &CaConfig::default()).expect("a CA");
        let store = IdentityStore::new(domain.clone(), system_clock());
        let key = WorkloadKey::generate().expect("a key");
        let id = SpiffeId::for_service(&domain, "default", "files").expect("an id");
        let request = key.csr_der().expect("a request");
        let chain = ca
            .issue(&request, &id, Duration::from_secs(3600))
            .expect("a certificate");
        store.set_bundle(ca.bundle());
        store.set_svid("files", Svid::new(key, chain).expect("a pair"));
        store
    }

    #[test]
    fn what_was_kept_is_used_again_while_it_is_valid() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let before = joined();
        save(dir.path(), &before, "files").expect("kept");

        let after = IdentityStore::new(before.trust_domain().clone(), system_clock());
        let now = SystemTime::now();
        assert_eq!(load(dir.path(), &after, &["files"], now), Ok(true));
        assert!(after.svid("files").is_some() && after.bundle().is_some());

        let later = now + Duration::from_secs(7200);
        assert_eq!(
            load(dir.path(), &after, &["files"], later),
            Ok(false),
            "expired"
        );
        assert_eq!(
            load(dir.path(), &after, &["files", "gateway"], now),
            Ok(false),
            "a new role"
        );
    }

    #[test]
    fn nothing_kept_is_no_error_and_damage_is_one() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let store = joined();
        assert_eq!(
            load(dir.path(), &store, &["files"], SystemTime::now()),
            Ok(false)
        );
        std::fs::write(anchors_file(dir.path()), "{").expect("written");
        assert!(load(dir.path(), &store, &["files"], SystemTime::now()).is_err());
    }
}
