//! Certificates for workloads: the first by a join token, the next by the one before.

use std::sync::Arc;

use preau_kernel::clock::Clock;
use preau_kernel::failure::{Failure, Kind};
use preau_mesh::{IdentityStore, Issued, SpiffeId, TrustBundle};

use crate::domain::join_token::JoinSecret;
use crate::domain::roles::RoleSet;
use crate::error::JoinRefusal;
use crate::issuer::LocalIssuer;
use crate::store::{Store, StoredToken};

/// Use cases around workload identities.
#[derive(Clone)]
pub(crate) struct Workloads {
    pub(crate) store: Store,
    pub(crate) issuer: LocalIssuer,
    pub(crate) identities: Arc<IdentityStore>,
    pub(crate) clock: Clock,
}

/// A certificate request for one role.
pub(crate) struct RoleCsr {
    pub(crate) role: String,
    pub(crate) csr: Vec<u8>,
}

/// A certificate for one role.
pub(crate) struct RoleChain {
    pub(crate) role: String,
    pub(crate) chain: Vec<Vec<u8>>,
}

impl Workloads {
    /// Everything is checked and signed before the token is used up, so that a slip in the request
    /// costs nothing; and nothing is handed out unless this call is the one that used it.
    pub(crate) async fn join(
        &self,
        secret: &str,
        requests: Vec<RoleCsr>,
    ) -> Result<(Vec<RoleChain>, TrustBundle), Failure> {
        let secret = JoinSecret::parse(secret)
            .ok_or(JoinRefusal::Unknown)?
            .sha256();
        let token = self.usable(secret).await?;
        let asked = RoleSet::parse(requests.iter().map(|request| request.role.as_str()))?;
        if let Some(role) = asked.beyond(&token.roles) {
            return Err(JoinRefusal::Role {
                role: role.to_owned(),
                allowed: token.roles.stored(),
            }
            .into());
        }
        let chains = requests
            .into_iter()
            .map(|request| self.sign(request))
            .collect::<Result<_, _>>()?;
        if !self.store.use_token(secret, self.clock.now()).await? {
            // Somebody was faster, or it expired between the two looks: say which.
            self.usable(secret).await?;
            return Err(JoinRefusal::Used.into());
        }
        tracing::info!(target: "preau::audit", action = "join", object = %token.id, roles = %asked.stored(), "done");
        Ok((chains, self.issuer.bundle()))
    }

    /// The next certificate of the workload that asks, and of no other.
    pub(crate) fn renew(&self, peer: Option<&SpiffeId>, csr: &[u8]) -> Result<Issued, Failure> {
        let peer = peer.ok_or_else(|| {
            let text = "only a workload with a certificate renews it: join first";
            Failure::new(Kind::Unauthenticated, "WORKLOAD_UNKNOWN", text)
        })?;
        if self.identities.is_denied(peer) {
            let text = format!("{peer} was revoked: it gets no further certificate");
            return Err(Failure::new(
                Kind::PermissionDenied,
                "WORKLOAD_DENIED",
                text,
            ));
        }
        let chain = self.issuer.sign(peer, csr)?;
        Ok(Issued {
            chain,
            bundle: self.issuer.bundle(),
        })
    }

    pub(crate) fn bundle(&self) -> TrustBundle {
        self.issuer.bundle()
    }

    async fn usable(&self, secret_sha256: [u8; 32]) -> Result<StoredToken, Failure> {
        let token = self
            .store
            .find_token(secret_sha256)
            .await?
            .ok_or(JoinRefusal::Unknown)?;
        if token.used.is_some() {
            return Err(JoinRefusal::Used.into());
        }
        if token.expires <= self.clock.now() {
            return Err(JoinRefusal::Expired.into());
        }
        Ok(token)
    }

    fn sign(&self, RoleCsr { role, csr }: RoleCsr) -> Result<RoleChain, Failure> {
        let chain = self.issuer.sign(&self.issuer.id_of(&role)?, &csr)?;
        let chain = chain
            .into_iter()
            .map(|certificate| certificate.to_vec())
            .collect();
        Ok(RoleChain { role, chain })
    }
}
