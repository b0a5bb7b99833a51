//! Signing in and out, and turning a session into a principal token.

use std::sync::Arc;
use std::time::Duration;

use preau_kernel::access::{Caller, Grant};
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::failure::Failure;
use preau_kernel::ids::{PersonId, SessionId};
use preau_mesh::principal::Claims;

use crate::audit;
use crate::domain::attempts::Attempts;
use crate::domain::grants::DatedGrant;
use crate::domain::login::Login;
use crate::domain::password::{Password, PasswordRefusal};
use crate::domain::session::SessionConfig;
use crate::domain::session_token::SessionToken;
use crate::error::{session_expired, session_unknown, sign_in_refused, too_many_attempts};
use crate::passwords::{Passwords, Verdict};
use crate::service::keys::SigningKeys;
use crate::service::minting::{self, Minted, Subject};
use crate::store::{Account, NewSession, Rehash, Store, StoredSession};

/// Use cases around sessions.
#[derive(Clone)]
pub(crate) struct Sessions {
    pub(crate) store: Store,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) config: SessionConfig,
    pub(crate) clock: Clock,
}

/// A session that has just begun.
pub(crate) struct SignedIn {
    pub(crate) token: SessionToken,
    pub(crate) expires: Timestamp,
    pub(crate) person: PersonId,
}

/// A use is noted at most this often: idleness is counted in hours, writes cost an fsync.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

impl Sessions {
    /// Whatever is wrong, exactly one verification runs and the answer is the same: an unknown
    /// login is verified against a hash that nobody's password has, and so is one that has no password yet.
    pub(crate) async fn sign_in(
        &self,
        login: &str,
        password: Password,
    ) -> Result<SignedIn, Failure> {
        if password.is_impossible() {
            return Err(PasswordRefusal::TooLong.into());
        }
        let attempt = self.attempts.begin(login, self.clock.now());
        let attempt = attempt.map_err(too_many_attempts)?;
        let account = match Login::parse(login) {
            Ok(login) => self.store.find_account(&login).await?,
            Err(_) => None,
        };
        let stored = account
            .as_ref()
            .and_then(|account| account.password_hash.as_deref());
        let verdict = match self.passwords.verify(&password, stored).await {
            Ok(verdict) => verdict,
            Err(error) => {
                attempt.forgive();
                return Err(error.into());
            }
        };
        match (account, verdict) {
            (Some(account), Verdict::Match { outdated }) if !account.is_disabled => {
                attempt.forgive();
                self.begin(account, outdated.then_some(password)).await
            }
            (account, _) => {
                audit::happened("sign_in", "refused", account.map(|account| account.person));
                Err(sign_in_refused())
            }
        }
    }

    pub(crate) async fn sign_out(&self, caller: &Caller) -> Result<(), Failure> {
        let session = caller.principal().session;
        let proof = caller.authorize_self()?.map(|_| session);
        self.store.end_session(&proof, self.clock.now()).await?;
        audit::done("sign_out", caller, session);
        Ok(())
    }

    /// Ends every session of the caller's, this one too.
    pub(crate) async fn sign_out_everywhere(&self, caller: &Caller) -> Result<(), Failure> {
        let person = caller.authorize_self()?;
        self.store.end_sessions(&person, self.clock.now()).await?;
        audit::done("sign_out_everywhere", caller, person.get());
        Ok(())
    }

    /// A token of a minute at most, and never beyond the session's end or the end of a grant it carries.
    pub(crate) async fn mint(&self, token: &str) -> Result<Minted, Failure> {
        let token = SessionToken::parse(token).ok_or_else(session_unknown)?;
        let session = self
            .store
            .find_session(token.sha256())
            .await?
            .ok_or_else(session_unknown)?;
        let now = self.clock.now();
        self.check(&session, now)?;
        let grants = self.store.grants_in_force(session.person, now).await?;
        let claims = claims(&session, &grants, now);
        let minted = minting::sign(&self.keys, &claims).await?;
        self.touch(&session, now).await;
        Ok(minted)
    }

    async fn begin(&self, account: Account, rehash: Option<Password>) -> Result<SignedIn, Failure> {
        let token = SessionToken::generate();
        let now = self.clock.now();
        let session = NewSession {
            token_sha256: token.sha256(),
            id: SessionId::new(),
            person: account.person,
            tenant: account.tenant,
            now,
            expires: now.plus(self.config.lifetime),
        };
        let rehash = match (rehash, account.password_hash) {
            (Some(password), Some(old)) => self.rehash(old, &password).await,
            _ => None,
        };
        if !self.store.begin_session(&session, rehash.as_ref()).await? {
            audit::happened("sign_in", "refused", Some(session.person));
            return Err(sign_in_refused());
        }
        audit::happened("sign_in", "accepted", Some(session.person));
        Ok(SignedIn {
            token,
            expires: session.expires,
            person: session.person,
        })
    }

    // A full pool is no reason to refuse somebody whose password was right: the next sign-in rehashes.
    async fn rehash(&self, old: String, password: &Password) -> Option<Rehash> {
        match self.passwords.hash(password).await {
            Ok(new) => Some(Rehash { old, new }),
            Err(error) => {
                tracing::warn!(%error, "an outdated password hash was kept");
                None
            }
        }
    }

    fn check(&self, session: &StoredSession, now: Timestamp) -> Result<(), Failure> {
        if session.ended.is_some() || session.is_disabled {
            return Err(session_unknown());
        }
        if session.expires <= now || session.last_seen.plus(self.config.idle) <= now {
            return Err(session_expired());
        }
        Ok(())
    }

    // Losing a touch shortens an idle session by a minute; refusing the call for it would be worse.
    async fn touch(&self, session: &StoredSession, now: Timestamp) {
        let every = TOUCH_EVERY.min(self.config.idle / 4);
        if now.since(session.last_seen) < every {
            return;
        }
        if let Err(error) = self.store.touch_session(session, now).await {
            tracing::warn!(%error, session = %session.id, "the use of a session was not noted");
        }
    }
}

fn claims(session: &StoredSession, grants: &[DatedGrant], now: Timestamp) -> Claims {
    let subject = Subject {
        id: session.person.to_string(),
        session: session.id,
        school: session.home.school(),
        authority: session.home.authority(),
    };
    let ends = grants.iter().filter_map(|grant| grant.period.ends);
    let undated: Vec<Grant> = grants.iter().map(DatedGrant::undated).collect();
    minting::claims(&subject, &undated, ends.chain([session.expires]), now)
}

#[cfg(test)]
mod tests {
    use preau_kernel::access::{Role, Scope};
    use preau_kernel::ids::{GrantId, SchoolId};

    use super::*;
    use crate::domain::directory::Home;
    use crate::domain::grants::{On, Period};

    const SECOND: i64 = 1_000_000;

    fn session(expires: i64) -> StoredSession {
        StoredSession {
            id: SessionId::new(),
            person: PersonId::new(),
            home: Home::Platform,
            last_seen: Timestamp(0),
            expires: Timestamp(expires),
            ended: None,
            is_disabled: false,
        }
    }

    fn grant(ends: Option<i64>) -> DatedGrant {
        let on = On {
            scope: Scope::School(SchoolId::new()),
            authority: None,
        };
        let period = Period {
            begins: Timestamp(0),
            ends: ends.map(Timestamp),
        };
        DatedGrant {
            id: GrantId::new(),
            person: PersonId::new(),
            role: Role::Teacher,
            on,
            period,
        }
    }

    fn life(session_ends: i64, grant_ends: Option<i64>) -> (u64, u64) {
        let claims = claims(
            &session(session_ends),
            &[grant(grant_ends)],
            Timestamp(100 * SECOND),
        );
        (claims.issued_at, claims.expires_at)
    }

    #[test]
    fn a_token_lives_a_minute_or_until_what_it_says_ends() {
        assert_eq!(life(1_000 * SECOND, None), (100, 160));
        assert_eq!(
            life(130 * SECOND, None),
            (100, 130),
            "the session ends first"
        );
        assert_eq!(
            life(1_000 * SECOND, Some(110 * SECOND)),
            (100, 110),
            "the grant ends first"
        );
        assert_eq!(life(100 * SECOND + 1, None), (100, 101), "never born dead");
    }
}
