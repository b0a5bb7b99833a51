//! What this process is and whom it trusts. Everything is read at the handshake it matters for, so a renewed
//! certificate, a rotated anchor or a denied workload takes effect without a restart.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ServerConfig};
use rustls_pki_types::CertificateDer;
use tokio::sync::watch;

use crate::authority::CONTROL;
use crate::bundle::{ParsedBundle, TrustBundle};
use crate::clock::{WallClock, system_clock};
use crate::error::IdentityError;
use crate::id::{JOIN, SpiffeId, TrustDomain};
use crate::leaf::{self, SvidError};
use crate::svid::Svid;
use crate::tls::credentials::{ClientCertificate, JoinCertificate, ServerCertificate};
use crate::tls::joining::JoiningVerifier;
use crate::tls::peers::{ClientVerifier, ServerVerifier};
use crate::tls::{client_config, server_config};

/// The identities of this process, its trust bundle and its deny list.
pub struct IdentityStore {
    held: Arc<Held>,
    servers: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

/// The part that TLS configurations keep a hold of; it holds no configuration, so there is no cycle.
pub(crate) struct Held {
    pub(crate) trust_domain: TrustDomain,
    pub(crate) clock: WallClock,
    bundle: ArcSwapOption<ParsedBundle>,
    svids: ArcSwap<HashMap<String, Arc<Svid>>>,
    denied: ArcSwap<HashSet<SpiffeId>>,
    changes: watch::Sender<u64>,
}

impl IdentityStore {
    /// An empty store: it trusts nobody and is nobody.
    pub fn new(trust_domain: TrustDomain, clock: WallClock) -> Arc<Self> {
        Arc::new(Self {
            held: Arc::new(Held {
                trust_domain,
                clock,
                bundle: ArcSwapOption::empty(),
                svids: ArcSwap::default(),
                denied: ArcSwap::default(),
                changes: watch::Sender::new(0),
            }),
            servers: Mutex::default(),
        })
    }

    /// The domain this process belongs to.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.held.trust_domain
    }

    /// The clock by which validity is judged.
    pub fn clock(&self) -> &WallClock {
        &self.held.clock
    }

    /// Installs a bundle and says whether it did: one of another trust domain, or older than the present one
    /// by its sequence, is left aside.
    pub fn set_bundle(&self, bundle: TrustBundle) -> bool {
        if bundle.trust_domain != self.held.trust_domain {
            return false;
        }
        let fresh = Arc::new(ParsedBundle::new(bundle));
        let before = self.held.bundle.rcu(|current| match current {
            Some(current) if current.bundle.sequence > fresh.bundle.sequence => {
                Some(current.clone())
            }
            _ => Some(fresh.clone()),
        });
        before.is_none_or(|before| before.bundle.sequence <= fresh.bundle.sequence)
    }

    /// The bundle in force.
    pub fn bundle(&self) -> Option<Arc<TrustBundle>> {
        self.held.bundle().map(|parsed| parsed.bundle.clone())
    }

    /// Gives `role` a certificate, replacing the one it had. Open connections keep theirs until they age out.
    pub fn set_svid(&self, role: &str, svid: Svid) {
        let svid = Arc::new(svid);
        self.held.svids.rcu(|current| {
            let mut next = HashMap::clone(current);
            next.insert(role.to_owned(), svid.clone());
            next
        });
    }

    /// The certificate of `role`.
    pub fn svid(&self, role: &str) -> Option<Arc<Svid>> {
        self.held.svid(role)
    }

    /// The roles that have a certificate, sorted.
    pub fn roles(&self) -> Vec<String> {
        let mut roles: Vec<String> = self.held.svids.load().keys().cloned().collect();
        roles.sort();
        roles
    }

    /// The role a server name addresses (`files` for `files.preau.internal`), if this process answers to it.
    pub fn role_of(&self, sni: &str) -> Option<String> {
        let name = sni.to_ascii_lowercase();
        let role = name
            .strip_suffix(self.held.trust_domain.as_str())?
            .strip_suffix('.')?;
        let holder = if role == JOIN { CONTROL } else { role };
        self.held.svid(holder)?;
        Some(role.to_owned())
    }

    /// How to answer a client that asked for `sni`: with that role's certificate, demanding the client's. Under
    /// `join.<trust-domain>`, which the holder of the control role answers, no client certificate is asked.
    pub fn server_config(&self, sni: &str) -> Option<Arc<ServerConfig>> {
        let role = self.role_of(sni)?;
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        // Bounded: only roles that this process holds get this far.
        let config = servers
            .entry(role)
            .or_insert_with_key(|role| self.build_server(role));
        Some(config.clone())
    }

    fn build_server(&self, role: &str) -> Arc<ServerConfig> {
        let held = self.held.clone();
        let clock = held.clock.clone();
        if role == JOIN {
            let nobody = WebPkiClientVerifier::no_client_auth();
            return server_config(clock, nobody, Arc::new(JoinCertificate { held }));
        }
        let verifier = Arc::new(ClientVerifier(held.clone()));
        let role = role.to_owned();
        server_config(clock, verifier, Arc::new(ServerCertificate { held, role }))
    }

    /// How to dial the workload `to` while acting as `from_role`. Keep it: certificate, bundle and deny list are
    /// read anew at every handshake made with it.
    pub fn client_config(
        &self,
        from_role: &str,
        to: &SpiffeId,
    ) -> Result<Arc<ClientConfig>, IdentityError> {
        if to.trust_domain() != &self.held.trust_domain {
            return Err(IdentityError::WrongTrustDomain {
                expected: self.held.trust_domain.clone(),
                found: to.trust_domain().clone(),
            });
        }
        if self.held.svid(from_role).is_none() {
            return Err(IdentityError::NoSvid {
                role: from_role.to_owned(),
            });
        }
        let held = self.held.clone();
        let verifier = Arc::new(ServerVerifier {
            held: held.clone(),
            expected: to.clone(),
        });
        let role = from_role.to_owned();
        let certificate = ClientCertificate { held, role };
        Ok(client_config(
            self.held.clock.clone(),
            verifier,
            Some(certificate),
        ))
    }

    /// How a workload without a certificate dials the control plane: it trusts only a control certificate whose
    /// presented chain ends in the anchor with this SHA-256.
    pub fn joining_client_config(
        trust_domain: &TrustDomain,
        anchor_sha256: [u8; 32],
    ) -> Arc<ClientConfig> {
        let verifier = Arc::new(JoiningVerifier {
            trust_domain: trust_domain.clone(),
            anchor_sha256,
        });
        client_config(system_clock(), verifier, None)
    }

    /// Denies a workload: its handshakes are refused and its open connections closed.
    pub fn deny(&self, id: SpiffeId) {
        self.held.denied.rcu(|current| {
            let mut next = HashSet::clone(current);
            next.insert(id.clone());
            next
        });
        self.held.changes.send_modify(|version| *version += 1);
    }

    /// Replaces the whole deny list.
    pub fn set_denied(&self, ids: HashSet<SpiffeId>) {
        self.held.denied.store(Arc::new(ids));
        self.held.changes.send_modify(|version| *version += 1);
    }

    /// Whether a workload is denied.
    pub fn is_denied(&self, id: &SpiffeId) -> bool {
        self.held.is_denied(id)
    }

    /// Wakes whenever the deny list changed, so that whoever owns connections can close those of the denied.
    pub fn denied_changes(&self) -> watch::Receiver<u64> {
        self.held.changes.subscribe()
    }

    /// Whom a verified chain (leaf first) names.
    pub fn peer_id(certificates: &[CertificateDer<'_>]) -> Result<SpiffeId, SvidError> {
        let leaf = certificates.first().ok_or(SvidError::Absent)?;
        leaf::check(leaf).map(|leaf| leaf.id)
    }
}

impl fmt::Debug for IdentityStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityStore")
            .field("trust_domain", &self.held.trust_domain)
            .field("roles", &self.roles())
            .finish_non_exhaustive()
    }
}

impl Held {
    pub(crate) fn svid(&self, role: &str) -> Option<Arc<Svid>> {
        self.svids.load().get(role).cloned()
    }

    pub(crate) fn bundle(&self) -> Option<Arc<ParsedBundle>> {
        self.bundle.load_full()
    }

    pub(crate) fn is_denied(&self, id: &SpiffeId) -> bool {
        self.denied.load().contains(id)
    }
}

#[cfg(test)]
mod tests;
