//! Obtains a certificate and keeps it fresh: a new key at every renewal, and the valid certificate stays in use
//! for as long as the authority cannot be reached.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rand::Rng as _;
use rustls_pki_types::CertificateDer;
use tokio_util::sync::CancellationToken;
use webpki::KeyUsage;

use crate::bundle::{ParsedBundle, TrustBundle};
use crate::clock::unix_time;
use crate::error::IdentityError;
use crate::key::WorkloadKey;
use crate::store::IdentityStore;
use crate::svid::Svid;
use crate::tls::peers::check_path;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an authority answers to a request.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificates, leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The bundle in force.
    pub bundle: TrustBundle,
}

/// Why no certificate came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The authority refused; asking again with the same credentials will not help.
    #[error("the certificate authority refused role {role:?}: {reason}")]
    Refused {
        /// The role asked for.
        role: String,
        /// What the authority said.
        reason: String,
    },
    /// The authority could not be reached or failed; it is asked again.
    #[error("the certificate authority cannot be reached: {reason}")]
    Unavailable {
        /// What was seen.
        reason: String,
    },
    /// What came back is not usable.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Whoever signs for this process: the authority itself, or a call to the control plane.
pub trait Issuer: Send + Sync {
    /// Asks for a certificate over the key in `csr_der`, for `role`.
    fn issue(&self, role: &str, csr_der: Vec<u8>) -> BoxFuture<'_, Result<Issued, IssueError>>;
}

/// When certificates are renewed.
#[derive(Clone, Copy, Debug)]
pub struct Renewal {
    /// How often a renewal is tried. One hour by default, so 23 of 24 hours remain when the authority goes away.
    pub every: Duration,
    /// The part of `every` by which a wait is shortened or lengthened at random. 0.1 by default.
    pub jitter: f64,
    /// The part of a certificate's life after which it is renewed even before `every` is over. 0.5 by default.
    pub at_fraction: f64,
}

impl Default for Renewal {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(60 * 60),
            jitter: 0.1,
            at_fraction: 0.5,
        }
    }
}

/// What happened to a role's certificate; for logs and metrics.
#[derive(Debug)]
#[non_exhaustive]
pub enum RenewalEvent {
    /// A new certificate is in use.
    Renewed {
        /// Whose.
        role: String,
        /// Until when it is valid.
        not_after: SystemTime,
    },
    /// No new certificate came; the present one stays in use.
    Failed {
        /// Whose.
        role: String,
        /// Why.
        error: IssueError,
        /// When the next attempt follows.
        retry_in: Duration,
        /// How long the present certificate is still valid; zero when it is not.
        valid_for: Duration,
    },
}

/// Makes a new key, has it signed for `role`, checks what came back and puts it into use.
pub async fn obtain(
    store: &IdentityStore,
    issuer: &dyn Issuer,
    role: &str,
) -> Result<(), IssueError> {
    let key = WorkloadKey::generate()?;
    let csr = key.csr_der()?;
    let issued = issuer.issue(role, csr).await?;
    let svid = Svid::new(key, issued.chain)?;
    check(store, &svid, role, &issued.bundle)?;
    store.set_bundle(issued.bundle);
    store.set_svid(role, svid);
    Ok(())
}

/// A certificate that peers would refuse must never replace one they accept.
fn check(
    store: &IdentityStore,
    svid: &Svid,
    role: &str,
    bundle: &TrustBundle,
) -> Result<(), IdentityError> {
    let id = svid.id();
    for found in [id.trust_domain(), &bundle.trust_domain] {
        if found != store.trust_domain() {
            return Err(IdentityError::WrongTrustDomain {
                expected: store.trust_domain().clone(),
                found: found.clone(),
            });
        }
    }
    if id.service() != role {
        return Err(IdentityError::WrongWorkload {
            role: role.to_owned(),
            id: id.clone(),
        });
    }
    let anchors = ParsedBundle::new(bundle.clone()).anchors;
    let now = unix_time((store.clock())());
    let (leaf, rest) = svid
        .chain()
        .split_first()
        .expect("a checked chain has a leaf");
    for usage in [KeyUsage::server_auth(), KeyUsage::client_auth()] {
        check_path(&anchors, leaf, rest, now, usage).map_err(|error| {
            IdentityError::NotTrusted {
                id: id.clone(),
                reason: crate::explain_tls(&error),
            }
        })?;
    }
    Ok(())
}

/// Renews the certificate of `role` until `stop`, and obtains the first one when there is none.
pub async fn keep_renewed(
    store: Arc<IdentityStore>,
    issuer: Arc<dyn Issuer>,
    role: String,
    renewal: Renewal,
    on_event: impl Fn(RenewalEvent) + Send + Sync + 'static,
    stop: CancellationToken,
) {
    let mut failures = 0;
    let mut wait = first_wait(&store, &role, renewal);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        let attempt = tokio::select! {
            () = stop.cancelled() => return,
            attempt = obtain(&store, issuer.as_ref(), &role) => attempt,
        };
        let role = role.clone();
        match attempt {
            Ok(()) => {
                failures = 0;
                wait = first_wait(&store, &role, renewal);
                let not_after = store
                    .svid(&role)
                    .map_or_else(|| (store.clock())(), |s| s.not_after());
                on_event(RenewalEvent::Renewed { role, not_after });
            }
            Err(error) => {
                failures += 1;
                let valid_for = valid_for(&store, &role);
                wait = retry_wait(failures, valid_for);
                on_event(RenewalEvent::Failed {
                    role,
                    error,
                    retry_in: wait,
                    valid_for,
                });
            }
        }
    }
}

/// `every` with jitter, but never past the agreed part of the certificate's life; at once without a certificate.
fn first_wait(store: &IdentityStore, role: &str, renewal: Renewal) -> Duration {
    let Some(svid) = store.svid(role) else {
        return Duration::ZERO;
    };
    let jitter = renewal.jitter.clamp(0.0, 1.0);
    let spread = rand::rng().random_range(1.0 - jitter..=1.0 + jitter);
    let life = svid
        .not_after()
        .duration_since(svid.not_before())
        .unwrap_or_default();
    let due = svid.not_before() + life.mul_f64(renewal.at_fraction.clamp(0.0, 1.0));
    let left = due.duration_since((store.clock())()).unwrap_or_default();
    renewal.every.mul_f64(spread).min(left)
}

fn valid_for(store: &IdentityStore, role: &str) -> Duration {
    let now = (store.clock())();
    store
        .svid(role)
        .and_then(|svid| svid.not_after().duration_since(now).ok())
        .unwrap_or_default()
}

/// Doubles from 100 ms with full jitter; never longer than five minutes or a twentieth of the life that is left.
fn retry_wait(failures: u32, valid_for: Duration) -> Duration {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(5 * 60);
    let ceiling = if valid_for.is_zero() {
        Duration::from_secs(10)
    } else {
        valid_for / 20
    };
    let ceiling = ceiling.clamp(FIRST, LONGEST);
    let step = FIRST.saturating_mul(1 << failures.min(20)).min(ceiling);
    // At least a tenth, so that a full-jitter draw near zero does not hammer an authority in trouble.
    step.mul_f64(rand::rng().random_range(0.1..=1.0))
}

#[cfg(test)]
mod tests;
