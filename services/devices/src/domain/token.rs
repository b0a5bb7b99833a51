//! Enrolment tokens: what a school's devices enrol with.

use std::fmt;
use std::time::Duration;

use preau_kernel::access::Facts;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{EnrolmentTokenId, SchoolId};
use rand::RngCore;
use zeroize::Zeroizing;

use super::{Refusal, School, sha256};

/// How long a token is listed after it ended, and then kept no longer.
pub(crate) const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnrolmentToken {
    pub(crate) id: EnrolmentTokenId,
    pub(crate) school: School,
    pub(crate) max_uses: u32,
    pub(crate) uses: u32,
    pub(crate) created: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) revoked: Option<Timestamp>,
}

impl EnrolmentToken {
    pub(crate) fn facts(&self) -> Facts {
        self.school.facts()
    }

    /// Whether a device prepared for this school (or for any) may use it now. A device that has used it may again when
    /// it is used up: it takes no further use.
    ///
    /// # Errors
    /// The first that holds of: another school's, revoked, expired.
    pub(crate) fn admits(&self, school: Option<SchoolId>, now: Timestamp) -> Result<(), Refusal> {
        if school.is_some_and(|school| school != self.school.id) {
            return Err(Refusal::TokenOfAnotherSchool);
        }
        if self.revoked.is_some() {
            return Err(Refusal::TokenRevoked);
        }
        if self.expires <= now {
            return Err(Refusal::TokenExpired);
        }
        Ok(())
    }
}

/// What devices type or scan: 32 letters and digits of Crockford's base 32, 160 random bits. Only its SHA-256 is kept;
/// a fast hash is right because there is nothing to guess.
pub(crate) struct Secret(Zeroizing<String>);

// <https://www.crockford.com/base32.html>: no I, L, O (they look like 1 and 0) and no U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 32;
const GROUP: usize = 4;
/// Longer than anybody prints it, whatever they put between.
const MAX_TYPED: usize = 160;

impl Secret {
    /// A new one from the operating system's generator.
    pub(crate) fn generate() -> Self {
        let mut bits = Zeroizing::new([0u8; LENGTH]);
        rand::rng().fill_bytes(bits.as_mut());
        let text = bits
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Self(Zeroizing::new(text.collect()))
    }

    /// As somebody typed it: case, hyphens and spaces do not matter, nor does taking an O for a 0 or an I or L for a 1.
    /// `None` for what cannot be one.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        if typed.len() > MAX_TYPED {
            return None;
        }
        let mut text = Zeroizing::new(String::with_capacity(MAX_TYPED));
        for typed in typed.chars().filter(|c| *c != '-' && !c.is_whitespace()) {
            let meant = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let known = u8::try_from(meant).is_ok_and(|byte| ALPHABET.contains(&byte));
            if !known {
                return None;
            }
            text.push(meant);
        }
        (text.len() == LENGTH).then_some(Self(text))
    }

    /// As it is printed: eight groups of four.
    pub(crate) fn printed(&self) -> String {
        let groups: Vec<&str> = (0..LENGTH)
            .step_by(GROUP)
            .map(|at| &self.0[at..at + GROUP])
            .collect();
        groups.join("-")
    }

    /// What is kept and looked up.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        sha256(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use preau_kernel::ids::AuthorityId;

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    fn token() -> EnrolmentToken {
        EnrolmentToken {
            id: EnrolmentTokenId::new(),
            school: School {
                id: SchoolId::new(),
                authority: AuthorityId::new(),
            },
            max_uses: 5,
            uses: 0,
            created: NOW,
            expires: NOW.plus(Duration::from_secs(60)),
            revoked: None,
        }
    }

    #[test]
    fn a_secret_reads_back_however_it_is_typed() {
        let secret = Secret::generate();
        let printed = secret.printed();
        assert_eq!(printed.len(), 39);
        for typed in [
            printed.clone(),
            printed.to_lowercase(),
            printed.replace('-', " "),
            printed.replace('0', "o").replace('1', "l"),
        ] {
            let read = Secret::parse(&typed).map(|secret| secret.sha256());
            assert_eq!(read, Some(secret.sha256()));
        }
        assert!(!format!("{secret:?}").contains(&printed[..4]));
        assert_ne!(secret.sha256(), Secret::generate().sha256());
    }

    #[test]
    fn what_is_no_secret_is_none() {
        let printed = Secret::generate().printed();
        for typed in [
            String::new(),
            printed[1..].to_owned(),
            format!("{printed}0"),
            printed.replacen(&printed[..1], "U", 1),
            printed.replacen(&printed[..1], "é", 1),
            "-".repeat(MAX_TYPED + 1),
        ] {
            assert!(Secret::parse(&typed).is_none());
        }
    }

    #[test]
    fn a_token_admits_its_school_while_it_lives() {
        let token = token();
        assert_eq!(token.admits(None, NOW), Ok(()));
        assert_eq!(token.admits(Some(token.school.id), NOW), Ok(()));
        let other = token.admits(Some(SchoolId::new()), NOW);
        assert_eq!(other, Err(Refusal::TokenOfAnotherSchool));
        assert_eq!(
            token.admits(None, token.expires),
            Err(Refusal::TokenExpired)
        );
        let revoked = EnrolmentToken {
            revoked: Some(NOW),
            ..token
        };
        assert_eq!(revoked.admits(None, NOW), Err(Refusal::TokenRevoked));
    }
}
