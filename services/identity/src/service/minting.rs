//! What a principal token says, whoever it is for, and how long it says it.

use std::time::Duration;

use preau_kernel::access::Grant;
use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_kernel::ids::{AuthorityId, SchoolId, SessionId};
use preau_mesh::principal::Claims;

use crate::service::keys::SigningKeys;

/// Life of a principal token at most. A verifier accepts no longer one.
const PRINCIPAL_LIFE: Duration = Duration::from_secs(60);

/// A principal token, ready for the mesh.
pub(crate) struct Minted {
    pub(crate) token: String,
    pub(crate) expires: Timestamp,
}

/// Whom a token vouches for.
pub(crate) struct Subject {
    /// A person, or a device, which stands where a person does.
    pub(crate) id: String,
    pub(crate) session: SessionId,
    pub(crate) school: Option<SchoolId>,
    pub(crate) authority: Option<AuthorityId>,
}

/// Claims for [`PRINCIPAL_LIFE`], and never beyond the soonest of `ends`.
pub(crate) fn claims(
    subject: &Subject,
    grants: &[Grant],
    ends: impl IntoIterator<Item = Timestamp>,
    now: Timestamp,
) -> Claims {
    let latest = now.plus(PRINCIPAL_LIFE);
    let end = ends.into_iter().fold(latest, Timestamp::min);
    let issued_at = seconds(now);
    Claims {
        person: subject.id.clone(),
        session: subject.session.to_string(),
        authority: subject.authority.map(|id| id.to_string()),
        school: subject.school.map(|id| id.to_string()),
        grants: preau_rpc::convert::grant_claims(grants),
        issued_at,
        // Tokens count whole seconds: what ends within this one still gets it, or it would be born dead.
        expires_at: seconds(end).max(issued_at + 1),
    }
}

/// The claims, signed by the key whose turn it is.
pub(crate) async fn sign(keys: &SigningKeys, claims: &Claims) -> Result<Minted, Failure> {
    Ok(Minted {
        token: keys.sign(claims).await?,
        expires: Timestamp(0).plus(Duration::from_secs(claims.expires_at)),
    })
}

fn seconds(time: Timestamp) -> u64 {
    u64::try_from(time.seconds_and_nanos().0).unwrap_or(0)
}
