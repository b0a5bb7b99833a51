//! The token of a device's session: 256 random bits that the device keeps and we do not.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use zeroize::Zeroizing;

use super::sha256;

/// By which the gateway tells a device's token from a person's.
const PREFIX: &str = "dev_";

/// What follows the prefix.
const TEXT_LENGTH: usize = 43;

/// What proves a session. Only its SHA-256 is kept, so that who reads the database cannot act for any device; a fast
/// hash is right because there is nothing to guess in 256 random bits.
pub(crate) struct SessionToken(Zeroizing<[u8; 32]>);

impl SessionToken {
    /// A new one from the operating system's generator.
    pub(crate) fn generate() -> Self {
        let mut bits = Zeroizing::new([0u8; 32]);
        rand::rng().fill_bytes(bits.as_mut());
        Self(bits)
    }

    /// `None` for anything that we cannot have handed out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Sized before it is decoded: the text comes from anybody.
        let text = text
            .strip_prefix(PREFIX)
            .filter(|text| text.len() == TEXT_LENGTH)?;
        let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let bits: [u8; 32] = decoded.as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(bits)))
    }

    /// What the device sends back.
    pub(crate) fn text(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0.as_ref()))
    }

    /// What is kept and looked up.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        sha256(self.0.as_ref())
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_and_does_not_show_itself() {
        let token = SessionToken::generate();
        let text = token.text();
        let read = SessionToken::parse(&text).map(|read| read.sha256());
        assert_eq!(read, Some(token.sha256()));
        assert!(!format!("{token:?}").contains(&text[4..]));
        assert_ne!(token.sha256(), SessionToken::generate().sha256());
    }

    #[test]
    fn what_is_not_a_token_is_none() {
        let text = SessionToken::generate().text();
        for wrong in [
            "",
            "dev_",
            &text[4..],
            &text[..46],
            &format!("{text}A"),
            &format!("dev_{}", "!".repeat(43)),
        ] {
            assert!(SessionToken::parse(wrong).is_none());
        }
    }
}
