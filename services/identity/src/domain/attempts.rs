//! How often somebody may guess at one account.

use std::time::Duration;

use preau_kernel::clock::Timestamp;
use preau_kernel::throttle::{Allowance, Throttle};

use super::login::Login;
use super::session_token::sha256;

/// How many sign-ins to one login may fail before the next has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptConfig {
    /// Failures in a row before waiting begins. Default 10.
    pub burst: u32,
    /// How long until one more attempt is allowed. Default 30 s: below 3000 guesses a day, and nobody can keep an
    /// account's owner out for longer than that at a time.
    pub every: Duration,
    /// Logins remembered at once. Default 65 536, some 4 MiB.
    pub logins: usize,
}

impl Default for AttemptConfig {
    fn default() -> AttemptConfig {
        AttemptConfig {
            burst: 10,
            every: Duration::from_secs(30),
            logins: 65_536,
        }
    }
}

/// Failed attempts by login, whether or not an account has it: so that waiting does not tell which logins exist.
///
/// Logins are kept as hashes, since this memory is full of what people mistype.
#[derive(Debug)]
pub(crate) struct Attempts(Throttle<[u8; 32]>);

/// An attempt that is counted as failed until it is [forgiven](Attempt::forgive).
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    attempts: &'a Attempts,
    key: [u8; 32],
}

impl Attempts {
    pub(crate) fn new(config: AttemptConfig) -> Attempts {
        let AttemptConfig {
            burst,
            every,
            logins,
        } = config;
        Attempts(Throttle::new(Allowance { burst, every }, logins))
    }

    /// Counts an attempt beforehand, so that attempts at the same moment do not pass together.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn begin(&self, typed: &str, now: Timestamp) -> Result<Attempt<'_>, Duration> {
        let key = match Login::parse(typed) {
            Ok(login) => sha256(login.key().as_bytes()),
            Err(_) => sha256(typed.as_bytes()),
        };
        self.0.check(&key, now)?;
        self.0.failed(&key, now);
        Ok(Attempt {
            attempts: self,
            key,
        })
    }
}

impl Attempt<'_> {
    /// It went well, or was not made at all.
    pub(crate) fn forgive(self) {
        self.attempts.0.forgive(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    #[test]
    fn spellings_of_one_login_share_their_attempts_and_other_logins_do_not() {
        let attempts = Attempts::new(AttemptConfig {
            burst: 2,
            ..AttemptConfig::default()
        });
        for typed in ["Zoé", "ZOE\u{301}"] {
            attempts.begin(typed, NOW).expect("within the burst");
        }
        let wait = attempts.begin("zoé", NOW).expect_err("the burst is spent");
        assert_eq!(wait, Duration::from_secs(30));
        attempts.begin("max", NOW).expect("another login");
        let later = NOW.plus(wait);
        attempts.begin("zoé", later).expect("waited").forgive();
        attempts.begin("zoé", later).expect("the last went well");
        attempts.begin("zoé", later).expect_err("and one only");
    }
}
