//! Join tokens are made here, by the platform's administrators.

use std::sync::Arc;
use std::time::Duration;

use preau_kernel::access::{Caller, Facts};
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::failure::Failure;
use preau_kernel::ids::JoinTokenId;
use preau_mesh::CertificateAuthority;

use crate::domain::join_token::{JoinSecret, JoinToken};
use crate::domain::roles::RoleSet;
use crate::store::{NewToken, Store};

/// Use cases around join tokens.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) store: Store,
    pub(crate) ca: Arc<CertificateAuthority>,
    pub(crate) clock: Clock,
}

/// A token that has just been made.
pub(crate) struct Made {
    pub(crate) token: JoinToken,
    pub(crate) expires: Timestamp,
}

const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// How long an expired token is remembered, so that a late joiner reads "expired" and not "unknown".
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

impl Tokens {
    pub(crate) async fn create(
        &self,
        caller: &Caller,
        roles: RoleSet,
        lifetime: Option<Duration>,
    ) -> Result<Made, Failure> {
        let lifetime = lifetime.unwrap_or(DEFAULT_LIFETIME);
        if lifetime.is_zero() || lifetime > MAX_LIFETIME {
            let problem = "a join token lives from a moment to 24 h: leave it out for 1 h";
            return Err(Failure::invalid("lifetime", problem));
        }
        let (secret, created) = (JoinSecret::generate(), self.clock.now());
        let expires = created.plus(lifetime);
        let id = JoinTokenId::new();
        let new = NewToken {
            id,
            secret_sha256: secret.sha256(),
            roles,
            created,
            expires,
        };
        let proof = caller.authorize(&Facts::default(), new)?;
        let forget_before = Timestamp(created.0.saturating_sub(micros(REMEMBERED)));
        let principal = caller.principal();
        self.store
            .insert_token(&proof, principal.person, forget_before)
            .await?;
        tracing::info!(
            target: "preau::audit",
            action = "create_join_token",
            person = %principal.person,
            session = %principal.session,
            object = %id,
            roles = %proof.get().roles.stored(),
            "done"
        );
        Ok(Made {
            token: JoinToken::new(secret, self.ca.bundle().fingerprint()),
            expires,
        })
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
