//! First-use codes: what an administrator hands out on paper so that somebody can choose a first password.

use std::fmt;

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::PersonId;
use rand::RngCore;
use zeroize::Zeroizing;

use super::session_token::sha256;

/// Twelve letters and digits of Crockford's base 32, 60 random bits. Only a SHA-256 is stored; a fast hash is right
/// because 60 bits cannot be searched in the 30 days that a code lives.
#[derive(PartialEq, Eq)]
pub(crate) struct FirstUseCode(Zeroizing<String>);

/// How long a code works.
pub(crate) const LIFE: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);

// <https://www.crockford.com/base32.html>: no I, L, O (they look like 1 and 0) and no U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 12;
const GROUP: usize = 4;
/// Longer than anybody prints it, whatever they put between.
const MAX_TYPED: usize = 64;

impl FirstUseCode {
    /// A new one from the operating system's generator.
    pub(crate) fn generate() -> FirstUseCode {
        let mut bits = Zeroizing::new([0u8; LENGTH]);
        rand::rng().fill_bytes(bits.as_mut());
        let text = bits
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        FirstUseCode(Zeroizing::new(text.collect()))
    }

    /// As somebody typed it: case, hyphens and spaces do not matter, nor does taking an O for a 0 or an I or L for a 1.
    /// `None` for what cannot be a code.
    pub(crate) fn parse(typed: &str) -> Option<FirstUseCode> {
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
        (text.len() == LENGTH).then_some(FirstUseCode(text))
    }

    /// As it is printed: `K7QM-2PXR-T4VD`.
    pub(crate) fn printed(&self) -> String {
        let groups = [
            &self.0[..GROUP],
            &self.0[GROUP..2 * GROUP],
            &self.0[2 * GROUP..],
        ];
        groups.join("-")
    }

    /// What is stored: bound to the person, so that one stored code says nothing about another.
    pub(crate) fn sha256(&self, person: PersonId) -> [u8; 32] {
        let bound = Zeroizing::new(format!("preau first-use code 1\n{person}\n{}", *self.0));
        sha256(bound.as_bytes())
    }
}

impl fmt::Debug for FirstUseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FirstUseCode(..)")
    }
}

/// A code about to be handed out.
pub(crate) struct NewCode {
    pub(crate) person: PersonId,
    pub(crate) sha256: [u8; 32],
    pub(crate) expires: Timestamp,
    /// Whether it takes the place of a password, which stops working, with all sessions.
    pub(crate) resets: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        let person = PersonId::new();
        let code = FirstUseCode(Zeroizing::new("K0QM1PXRT4VD".to_owned()));
        assert_eq!(code.printed(), "K0QM-1PXR-T4VD");
        for typed in ["K0QM-1PXR-T4VD", "k0qm 1pxr t4vd", " koqmlpxrt4vd "] {
            let parsed = FirstUseCode::parse(typed).map(|code| code.sha256(person));
            assert_eq!(parsed, Some(code.sha256(person)), "{typed:?}");
        }
        assert_ne!(code.sha256(person), code.sha256(PersonId::new()));
    }

    #[test]
    fn what_is_no_code_is_none() {
        for typed in [
            "",
            "K7QM-2PXR-T4V",
            "K7QM-2PXR-T4VDX",
            "K7QM-2PXR-T4VU",
            "K7QM-2PXR-T4Vé",
            &"-".repeat(65),
        ] {
            assert!(FirstUseCode::parse(typed).is_none(), "{typed:?}");
        }
    }

    #[test]
    fn two_codes_differ_read_back_and_do_not_show_themselves() {
        let (one, other) = (FirstUseCode::generate(), FirstUseCode::generate());
        let person = PersonId::new();
        assert_ne!(one.sha256(person), other.sha256(person));
        let back = FirstUseCode::parse(&one.printed()).map(|code| code.sha256(person));
        assert_eq!(back, Some(one.sha256(person)));
        assert!(!format!("{one:?}").contains(one.0.as_str()));
    }
}
