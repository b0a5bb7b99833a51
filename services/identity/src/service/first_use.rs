//! The first sign-in to an account: codes for it handed out, and one of them turned into a password and a session.

use std::sync::Arc;

use preau_kernel::access::{Caller, Role};
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::failure::Failure;
use preau_kernel::ids::{PersonId, SchoolId, SessionId};

use crate::audit;
use crate::domain::attempts::Attempts;
use crate::domain::directory::{Person, sort_key};
use crate::domain::first_use::{FirstUseCode, LIFE, NewCode};
use crate::domain::grants::{DatedGrant, may_revoke};
use crate::domain::login::Login;
use crate::domain::password::{Password, PasswordRefusal};
use crate::domain::session::SessionConfig;
use crate::domain::session_token::SessionToken;
use crate::error::{activation_refused, too_many_attempts};
use crate::passwords::Passwords;
use crate::service::sessions::SignedIn;
use crate::store::{AccountForCode, Claimable, NewSession, Store};

/// Use cases around first sign-ins.
#[derive(Clone)]
pub(crate) struct FirstUse {
    pub(crate) store: Store,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) config: SessionConfig,
    pub(crate) clock: Clock,
}

/// A code and whose it is: readable here and never again.
pub(crate) struct Issued {
    pub(crate) person: Person,
    pub(crate) code: FirstUseCode,
    pub(crate) expires: Timestamp,
}

impl FirstUse {
    /// A code sets a password, so it is worth all that its person may do: nobody gets one to an administrator whom
    /// they could not dismiss. Those are passed over like people who need none. With `reset` also people who have a
    /// password get one, in its place; the caller never does, who would be left without a session to read it in.
    pub(crate) async fn issue(
        &self,
        caller: &Caller,
        school: SchoolId,
        people: &[PersonId],
        reset: bool,
    ) -> Result<Vec<Issued>, Failure> {
        let found = self.store.find_school(school).await?;
        let found = found.ok_or_else(|| Failure::not_found("school"))?;
        let proof = caller.authorize_hidden("school", &found.facts(), found)?;
        let (by, now) = (caller.principal().person, self.clock.now());
        let held = self.store.grants_of(by).await?;
        let expires = now.plus(LIFE);
        let (mut issued, mut codes) = (Vec::new(), Vec::new());
        for id in people {
            let resets = match self.store.account_for_code(school, *id).await? {
                Some(AccountForCode::WithoutPassword) => false,
                Some(AccountForCode::WithPassword) if reset && *id != by => true,
                _ => continue,
            };
            let Some(person) = self.store.find_person(*id).await? else {
                continue;
            };
            if administers_above(&person, &held, now) {
                continue;
            }
            let code = FirstUseCode::generate();
            codes.push(NewCode {
                person: *id,
                sha256: code.sha256(*id),
                expires,
                resets,
            });
            issued.push(Issued {
                person,
                code,
                expires,
            });
        }
        self.store.store_codes(&proof, &codes, by, now).await?;
        for code in &codes {
            let action = match code.resets {
                true => "reset_password",
                false => "issue_first_use_code",
            };
            audit::done(action, caller, code.person);
        }
        issued.sort_by_cached_key(|one| {
            let Person {
                family, given, id, ..
            } = &one.person;
            (sort_key(family), sort_key(given), *id)
        });
        Ok(issued)
    }

    /// Whatever is wrong with login or code, exactly one hash is computed and the answer is the same.
    pub(crate) async fn activate(
        &self,
        typed: &str,
        code: &str,
        password: Password,
    ) -> Result<SignedIn, Failure> {
        if password.is_impossible() {
            return Err(PasswordRefusal::TooLong.into());
        }
        let login = Login::parse(typed).ok();
        // What a password must be does not depend on whether the account exists.
        if let Some(login) = &login {
            password.check_for(login)?;
        }
        password.check_after(code)?;
        let now = self.clock.now();
        let attempt = self.attempts.begin(typed, now).map_err(too_many_attempts)?;
        let hash = match self.passwords.hash(&password).await {
            Ok(hash) => hash,
            Err(error) => {
                attempt.forgive();
                return Err(error.into());
            }
        };
        let claim = self.claim(login, code, now).await?;
        let Some((claimable, code_sha256)) = claim else {
            audit::happened("activate", "refused", None::<PersonId>);
            return Err(activation_refused());
        };
        let (token, session) = self.session(&claimable, now);
        if !self.store.activate(code_sha256, &hash, &session).await? {
            audit::happened("activate", "refused", Some(claimable.person));
            return Err(activation_refused());
        }
        attempt.forgive();
        audit::happened("activate", "accepted", Some(claimable.person));
        Ok(SignedIn {
            token,
            expires: session.expires,
            person: claimable.person,
        })
    }

    async fn claim(
        &self,
        login: Option<Login>,
        code: &str,
        now: Timestamp,
    ) -> Result<Option<(Claimable, [u8; 32])>, Failure> {
        let (Some(login), Some(code)) = (login, FirstUseCode::parse(code)) else {
            return Ok(None);
        };
        let Some(claimable) = self.store.find_claimable(&login).await? else {
            return Ok(None);
        };
        // Hashes are compared, of which nobody can choose the bytes: there is no time to measure.
        let code_sha256 = code.sha256(claimable.person);
        let fits = claimable.code_sha256 == code_sha256;
        let fits = fits && now < claimable.expires && !claimable.is_disabled;
        Ok(fits.then_some((claimable, code_sha256)))
    }

    fn session(&self, claimable: &Claimable, now: Timestamp) -> (SessionToken, NewSession) {
        let token = SessionToken::generate();
        let session = NewSession {
            token_sha256: token.sha256(),
            id: SessionId::new(),
            person: claimable.person,
            tenant: claimable.tenant.clone(),
            now,
            expires: now.plus(self.config.lifetime),
        };
        (token, session)
    }
}

fn administers_above(person: &Person, held: &[DatedGrant], now: Timestamp) -> bool {
    let open = person
        .grants
        .iter()
        .filter(|grant| !grant.period.is_over(now));
    let mut administrative = open.filter(|grant| grant.role >= Role::SchoolAdmin);
    administrative.any(|grant| may_revoke(held, grant.role, grant.on, now).is_err())
}
