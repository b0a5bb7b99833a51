//! The session token: 256 random bits that its holder keeps and we do not.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use zeroize::Zeroizing;

/// What proves a session. Only its SHA-256 is stored, so that who reads the database cannot act
/// for anybody; a fast hash is right because there is nothing to guess in 256 random bits.
#[derive(Clone)]
pub(crate) struct SessionToken(Zeroizing<[u8; 32]>);

impl SessionToken {
    /// A new one from the operating system's generator.
    pub(crate) fn generate() -> SessionToken {
        loop {
            let mut bits = Zeroizing::new([0u8; 32]);
            rand::rng().fill_bytes(bits.as_mut());
            if let Some(token) = SessionToken::of_a_person(bits) {
                return token;
            }
        }
    }

    /// One in 2²⁴ would read as a device's, and the gateway would ask `devices` for its person.
    fn of_a_person(bits: Zeroizing<[u8; 32]>) -> Option<SessionToken> {
        let token = SessionToken(bits);
        let reads_as_a_devices = token.text().starts_with(OF_DEVICES);
        (!reads_as_a_devices).then_some(token)
    }

    /// `None` for anything that we cannot have handed out.
    pub(crate) fn parse(text: &str) -> Option<SessionToken> {
        // Sized before it is decoded: the text comes from anybody.
        if text.len() != TEXT_LENGTH {
            return None;
        }
        let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let bits: [u8; 32] = decoded.as_slice().try_into().ok()?;
        Some(SessionToken(Zeroizing::new(bits)))
    }

    /// What the client sends back.
    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_ref())
    }

    /// What is stored and looked up.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        sha256(self.0.as_ref())
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

const TEXT_LENGTH: usize = 43;

/// What session tokens of devices begin with, which `devices` gives out.
const OF_DEVICES: &str = "dev_";

/// Of whatever needs one.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut hash = [0u8; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text() {
        let token = SessionToken::generate();
        let text = token.text();
        assert_eq!(text.len(), TEXT_LENGTH);
        assert_eq!(
            SessionToken::parse(&text).map(|parsed| parsed.sha256()),
            Some(token.sha256())
        );
    }

    #[test]
    fn what_is_not_a_token_is_none() {
        for text in ["", "abc", &"!".repeat(43), &"A".repeat(44), &"é".repeat(21)] {
            assert!(SessionToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn bits_that_would_read_as_a_devices_token_are_drawn_again() {
        let text = format!("dev_{}", "A".repeat(39));
        let bits = SessionToken::parse(&text).expect("43 characters").0;
        assert!(SessionToken::of_a_person(bits).is_none());
        let text = format!("dev-{}", "A".repeat(39));
        let bits = SessionToken::parse(&text).expect("43 characters").0;
        assert!(SessionToken::of_a_person(bits).is_some());
    }

    #[test]
    fn two_tokens_differ_and_neither_shows_itself() {
        let (one, other) = (SessionToken::generate(), SessionToken::generate());
        assert_ne!(one.sha256(), other.sha256());
        assert!(!format!("{one:?}").contains(&one.text()));
    }
}
