//! Logins: unique on the platform, compared without case.

use preau_kernel::names::{Name, fold};

/// A login as its owner writes it, and the key it is compared by.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    text: String,
    key: String,
}

/// Why a text is no login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoginRefusal {
    #[error("a login is 1 to {MAX_BYTES} bytes long")]
    Length,
    #[error("a login holds letters, digits and signs, but no space, slash or invisible character")]
    Characters,
}

/// Greatest length of a login, in bytes of NFC.
pub(crate) const MAX_BYTES: usize = 128;

impl Login {
    pub(crate) fn parse(text: &str) -> Result<Login, LoginRefusal> {
        // Bounded before it is normalised: the text comes from anybody.
        if text.is_empty() || text.len() > 2 * MAX_BYTES {
            return Err(LoginRefusal::Length);
        }
        let name = Name::parse(text).map_err(|_| LoginRefusal::Characters)?;
        if name.as_str().contains(char::is_whitespace) {
            return Err(LoginRefusal::Characters);
        }
        if name.as_str().len() > MAX_BYTES {
            return Err(LoginRefusal::Length);
        }
        Ok(Login {
            text: name.as_str().to_owned(),
            key: fold(name.as_str()),
        })
    }

    /// As its owner writes it, in NFC.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What uniqueness and look-up go by: casefold(NFC(text)).
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

// A login is personal data: not even a debugger's log shows it.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_that_differ_in_case_or_composition_are_one() {
        let one = Login::parse("Zoé.MÜLLER").expect("a login");
        let other = Login::parse("zoe\u{301}.müller").expect("a login");
        assert_eq!(one.key(), other.key());
        assert_eq!(one.text(), "Zoé.MÜLLER");
    }

    #[test]
    fn what_nobody_could_type_again_is_refused() {
        for text in ["a b", "a\tb", "a/b", "a\0b", "\u{202E}nimda", " a"] {
            assert_eq!(
                Login::parse(text),
                Err(LoginRefusal::Characters),
                "{text:?}"
            );
        }
        assert_eq!(Login::parse(""), Err(LoginRefusal::Length));
        assert_eq!(Login::parse(&"a".repeat(129)), Err(LoginRefusal::Length));
        assert!(Login::parse("prof@lycee.example").is_ok());
    }
}
