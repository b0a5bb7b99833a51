//! The number of a French school: Unité administrative immatriculée.

use std::fmt;
use std::str::FromStr;

/// Seven digits and the letter that checks them, as in `0951099D`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uai(String);

/// Check letters in order of the number modulo 23: the alphabet without I, O and Q.
const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";

/// A text that is no UAI.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidUai {
    /// Not seven digits and a letter.
    #[error("not a UAI: expected seven digits and a letter, as in 0951099D")]
    Shape,
    /// A digit or the letter was mistyped.
    #[error(
        "wrong check letter: the digits {digits} go with {expected}: check for a mistyped digit"
    )]
    CheckLetter {
        /// The seven digits.
        digits: String,
        /// The letter they go with.
        expected: char,
    },
}

impl FromStr for Uai {
    type Err = InvalidUai;

    /// Spaces around it and a lower-case letter are forgiven.
    fn from_str(text: &str) -> Result<Self, InvalidUai> {
        let text = text.trim().to_ascii_uppercase();
        let (digits, letter) = text.split_at_checked(7).ok_or(InvalidUai::Shape)?;
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits || letter.len() != 1 || !letter.as_bytes()[0].is_ascii_uppercase() {
            return Err(InvalidUai::Shape);
        }
        let number: usize = digits.parse().map_err(|_| InvalidUai::Shape)?;
        let expected = char::from(LETTERS[number % LETTERS.len()]);
        if letter.starts_with(expected) {
            Ok(Self(text))
        } else {
            Err(InvalidUai::CheckLetter {
                digits: digits.to_owned(),
                expected,
            })
        }
    }
}

impl Uai {
    /// The eight characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uai {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidUai, Uai};

    #[test]
    fn known_numbers_are_valid() {
        for uai in ["0951099D", "0870003F", "6200001G", "7200009X", " 0951099d "] {
            assert!(uai.parse::<Uai>().is_ok(), "{uai}");
        }
    }

    #[test]
    fn a_mistyped_digit_is_told_from_a_wrong_shape() {
        assert_eq!(
            "0951098D".parse::<Uai>(),
            Err(InvalidUai::CheckLetter {
                digits: "0951098".into(),
                expected: 'C'
            })
        );
        for shape in [
            "",
            "0951099",
            "095109D9",
            "0951099DD",
            "09510é9D",
            "é951099D",
        ] {
            assert_eq!(shape.parse::<Uai>(), Err(InvalidUai::Shape), "{shape}");
        }
    }
}
