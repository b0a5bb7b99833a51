//! Which certificate a process shows: looked up at every handshake, so a renewal needs no restart.

use std::fmt;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::authority::CONTROL;
use crate::store::Held;

/// What a server of one role shows.
pub(crate) struct ServerCertificate {
    pub(crate) held: Arc<Held>,
    pub(crate) role: String,
}

impl ResolvesServerCert for ServerCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.held.svid(&self.role).map(|svid| svid.certified_key())
    }
}

impl fmt::Debug for ServerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerCertificate({})", self.role)
    }
}

/// What the control plane shows to a joining workload: its chain followed by the anchors, because the workload
/// knows an anchor's fingerprint but not yet the anchor.
pub(crate) struct JoinCertificate {
    pub(crate) held: Arc<Held>,
}

impl ResolvesServerCert for JoinCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let svid = self.held.svid(CONTROL)?.certified_key();
        let bundle = self.held.bundle()?;
        let mut chain = svid.cert.clone();
        chain.extend(bundle.bundle.anchors.iter().cloned());
        Some(Arc::new(CertifiedKey::new(chain, svid.key.clone())))
    }
}

impl fmt::Debug for JoinCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinCertificate")
    }
}

/// What a client acting as one role shows.
pub(crate) struct ClientCertificate {
    pub(crate) held: Arc<Held>,
    pub(crate) role: String,
}

impl ResolvesClientCert for ClientCertificate {
    fn resolve(
        &self,
        _root_hint_subjects: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.held.svid(&self.role).map(|svid| svid.certified_key())
    }

    fn has_certs(&self) -> bool {
        self.held.svid(&self.role).is_some()
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate({})", self.role)
    }
}
