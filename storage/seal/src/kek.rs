//! The key-encryption key: the one secret an operator keeps.

use std::fmt;

use zeroize::Zeroizing;

use crate::{KeyError, random_bytes};

/// Wraps tenant keys and does nothing else. Wiped from memory when dropped.
#[derive(Clone)]
pub struct Kek(Zeroizing<[u8; 32]>);

impl Kek {
    /// A key the caller has.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Kek {
        Kek(Zeroizing::new(bytes))
    }

    /// A new random key.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate() -> Result<Kek, KeyError> {
        random_bytes().map(Kek::from_bytes)
    }

    /// Reads a key file's content: 64 hexadecimal digits, white space around them allowed.
    ///
    /// # Errors
    /// [`KeyError::NotAKek`].
    pub fn from_hex(content: &str) -> Result<Kek, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(content.trim(), bytes.as_mut_slice())
            .map_err(|_| KeyError::NotAKek)?;
        Ok(Kek(bytes))
    }

    /// A key file's content, ending in a line feed. A secret: wiped when dropped.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()) + "\n")
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kek(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_reads_back_as_the_same_key() {
        let kek = Kek::generate().expect("randomness");
        let again = Kek::from_hex(&kek.to_hex()).expect("its own file");
        assert_eq!(kek.bytes(), again.bytes());
    }

    #[test]
    fn what_is_not_a_key_file_is_refused() {
        let short = "ab".repeat(31);
        let long = "ab".repeat(33);
        for content in ["", "hello", &short, &long, &"zz".repeat(32)] {
            assert_eq!(Kek::from_hex(content).err(), Some(KeyError::NotAKek));
        }
    }

    #[test]
    fn debugging_shows_no_secret() {
        assert_eq!(format!("{:?}", Kek::from_bytes([7; 32])), "Kek(secret)");
    }
}
