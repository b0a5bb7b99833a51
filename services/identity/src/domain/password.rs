//! Passwords: what may be one. Hashing is `passwords`' business.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::first_use::FirstUseCode;
use super::login::Login;

/// A password as typed. Wiped when dropped, never shown.
#[derive(Clone)]
pub(crate) struct Password(Zeroizing<String>);

/// Why a new password is refused; the text is for its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordRefusal {
    #[error("a password is at least {MIN_BYTES} plain characters long")]
    TooShort,
    #[error("a password is at most {MAX_BYTES} bytes long")]
    TooLong,
    #[error("the password is the login: choose another one")]
    IsLogin,
    #[error("this password is among the first that anybody tries: choose another one")]
    TooCommon,
    #[error("the password is the code, which is on paper and in others' hands: choose another one")]
    IsCode,
}

/// Least length of a password, in bytes.
pub(crate) const MIN_BYTES: usize = 8;
/// Greatest length of a password, in bytes: beyond it hashing is somebody's way to burn our cores.
pub(crate) const MAX_BYTES: usize = 256;

impl Password {
    /// What somebody typed, acceptable or not. In NFC: two keyboards compose an accent in two ways.
    pub(crate) fn new(text: String) -> Password {
        let text = Zeroizing::new(text);
        // Nobody's password is that long, so there is nothing to compare and no reason to work.
        if text.len() > MAX_BYTES {
            return Password(text);
        }
        Password(Zeroizing::new(text.nfc().collect()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Longer than any password that was ever accepted: cannot match, need not be hashed.
    pub(crate) fn is_impossible(&self) -> bool {
        self.0.len() > MAX_BYTES
    }

    /// Whether it may become the password of the account with this login.
    pub(crate) fn check_for(&self, login: &Login) -> Result<(), PasswordRefusal> {
        if self.0.len() < MIN_BYTES {
            return Err(PasswordRefusal::TooShort);
        }
        if self.is_impossible() {
            return Err(PasswordRefusal::TooLong);
        }
        let folded = Zeroizing::new(self.0.to_lowercase());
        if preau_kernel::names::fold(&self.0) == login.key() {
            return Err(PasswordRefusal::IsLogin);
        }
        if is_common(&folded) {
            return Err(PasswordRefusal::TooCommon);
        }
        Ok(())
    }

    /// Whether it may follow the code that somebody typed to choose it: not when it is that code, however written.
    pub(crate) fn check_after(&self, code: &str) -> Result<(), PasswordRefusal> {
        let code = FirstUseCode::parse(code);
        match code.is_some() && code == FirstUseCode::parse(&self.0) {
            true => Err(PasswordRefusal::IsCode),
            false => Ok(()),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

// Compared without case and without a tail of digits and signs: `Motdepasse2024!` is `motdepasse`.
fn is_common(lower: &str) -> bool {
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    let repeated = lower
        .chars()
        .next()
        .is_some_and(|first| lower.chars().all(|c| c == first));
    repeated || COMMON.contains(&lower) || COMMON_STEMS.contains(&stem)
}

// The passwords that guessing starts with, at least eight characters long.
const COMMON: [&str; 30] = [
    "00000001",
    "01234567",
    "012345678",
    "0123456789",
    "10203040",
    "11223344",
    "12341234",
    "12345678",
    "123456789",
    "1234567890",
    "123123123",
    "12344321",
    "147258369",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "13371337",
    "14071789",
    "20242024",
    "20252025",
    "20262026",
    "65432100",
    "741852963",
    "76543210",
    "87654321",
    "98765432",
    "987654321",
    "9876543210",
    "abcd1234",
    "azer1234",
];

// Words that are as common with any number behind them.
const COMMON_STEMS: [&str; 40] = [
    "abcdefgh",
    "administrateur",
    "administrator",
    "adminadmin",
    "azertyui",
    "azertyuiop",
    "azerty",
    "bienvenue",
    "bonjour",
    "changeme",
    "changezmoi",
    "chocolat",
    "college",
    "doudou",
    "ecole",
    "eleve",
    "football",
    "iloveyou",
    "jetaime",
    "letmein",
    "loulou",
    "lycee",
    "marseille",
    "motdepasse",
    "mdp",
    "minecraft",
    "nicolas",
    "passe",
    "passw0rd",
    "password",
    "pokemon",
    "princesse",
    "professeur",
    "qwerty",
    "qwertyui",
    "qwertyuiop",
    "secret",
    "soleil",
    "test",
    "welcome",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(login: &str, password: &str) -> Result<(), PasswordRefusal> {
        let login = Login::parse(login).expect("a login");
        Password::new(password.to_owned()).check_for(&login)
    }

    #[test]
    fn lengths_are_counted_in_bytes_and_bounded_at_both_ends() {
        assert_eq!(check("camille", "sept car"), Ok(()));
        assert_eq!(check("camille", "sept ca"), Err(PasswordRefusal::TooShort));
        assert_eq!(check("camille", &"ab".repeat(128)), Ok(()));
        assert_eq!(
            check("camille", &"ab".repeat(129)),
            Err(PasswordRefusal::TooLong)
        );
        assert_eq!(check("camille", "éèàù"), Ok(()), "eight bytes");
    }

    #[test]
    fn the_login_is_no_password_in_any_case() {
        assert_eq!(
            check("camille.durand", "Camille.DURAND"),
            Err(PasswordRefusal::IsLogin)
        );
    }

    #[test]
    fn what_guessing_starts_with_is_refused() {
        for common in [
            "12345678",
            "Motdepasse1",
            "AZERTYUIOP",
            "password2026!",
            "aaaaaaaaaa",
            "Bonjour123",
        ] {
            assert_eq!(
                check("camille", common),
                Err(PasswordRefusal::TooCommon),
                "{common}"
            );
        }
        assert_eq!(check("camille", "le chat dort au soleil"), Ok(()));
    }

    #[test]
    fn the_code_is_no_password_however_it_is_written() {
        let check = |password: &str, code| Password::new(password.to_owned()).check_after(code);
        for password in ["K0QM-1PXR-T4VD", "k0qm 1pxr t4vd", "KoQMlPXRT4VD"] {
            let refused = check(password, " k0qm-1pxr-t4vd");
            assert_eq!(refused, Err(PasswordRefusal::IsCode), "{password}");
        }
        assert_eq!(check("K0QM-1PXR-T4VE", "K0QM-1PXR-T4VD"), Ok(()));
        assert_eq!(check("le chat dort", "no code"), Ok(()), "neither is one");
    }

    #[test]
    fn an_accent_is_the_same_however_it_was_typed() {
        let (one, other) = ("mélodie d'été", "me\u{301}lodie d'e\u{301}te\u{301}");
        let bytes = |text: &str| Password::new(text.to_owned()).as_bytes().to_vec();
        assert_eq!(bytes(one), bytes(other));
    }

    #[test]
    fn a_password_does_not_show_itself() {
        assert!(!format!("{:?}", Password::new("tulipe-bleue".into())).contains("tulipe"));
    }
}
