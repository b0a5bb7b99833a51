//! The authority itself.

use std::sync::Arc;
use std::time::Duration;

use preau_kernel::failure::Failure;
use preau_mesh::{
    BoxFuture, CertificateAuthority, IssueError, Issued, Issuer, SpiffeId, TrustBundle,
};
use rustls_pki_types::CertificateDer;

use crate::error::issuing;

/// Signs with the certificate authority that this process holds: for the roles of the process that
/// runs `control`, and for everybody who joins or renews there.
#[derive(Clone)]
pub struct LocalIssuer {
    ca: Arc<CertificateAuthority>,
    namespace: String,
    lifetime: Duration,
}

impl LocalIssuer {
    /// Certificates for `namespace`, good for `lifetime` (the authority caps it).
    #[must_use]
    pub fn new(ca: Arc<CertificateAuthority>, namespace: &str, lifetime: Duration) -> LocalIssuer {
        LocalIssuer {
            ca,
            namespace: namespace.to_owned(),
            lifetime,
        }
    }

    pub(crate) fn bundle(&self) -> TrustBundle {
        self.ca.bundle()
    }

    pub(crate) fn id_of(&self, role: &str) -> Result<SpiffeId, Failure> {
        SpiffeId::for_service(self.ca.trust_domain(), &self.namespace, role)
            .map_err(|error| Failure::invalid("roles", error.to_string()))
    }

    pub(crate) fn sign(
        &self,
        id: &SpiffeId,
        csr: &[u8],
    ) -> Result<Vec<CertificateDer<'static>>, Failure> {
        // Far more than a request over a P-256 key needs; bounds what is parsed for a stranger.
        if csr.is_empty() || csr.len() > MAX_CSR {
            return Err(Failure::invalid(
                "csr",
                format!("a PKCS#10 request of 1 to {MAX_CSR} bytes"),
            ));
        }
        self.ca
            .issue(csr, id, self.lifetime)
            .map_err(|error| issuing(&error))
    }
}

const MAX_CSR: usize = 8 * 1024;

impl Issuer for LocalIssuer {
    fn issue(&self, role: &str, csr_der: Vec<u8>) -> BoxFuture<'_, Result<Issued, IssueError>> {
        let issued = SpiffeId::for_service(self.ca.trust_domain(), &self.namespace, role)
            .map_err(Into::into)
            .and_then(|id| self.ca.issue(&csr_der, &id, self.lifetime))
            .map(|chain| Issued {
                chain,
                bundle: self.ca.bundle(),
            })
            .map_err(IssueError::Identity);
        Box::pin(std::future::ready(issued))
    }
}
