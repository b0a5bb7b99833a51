//! The text that lets one process join once.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use zeroize::Zeroizing;

/// `preau-join:<secret, base64url>:<SHA-256 of the anchor, hex>`.
///
/// The hash goes the other way round than the secret: with it the joiner checks that it speaks
/// to the control plane that made the token, before it shows the secret.
#[derive(Clone)]
pub struct JoinToken {
    secret: JoinSecret,
    anchor_sha256: [u8; 32],
}

/// The secret half: 256 random bits.
#[derive(Clone)]
pub struct JoinSecret(Zeroizing<[u8; 32]>);

/// Why a text is no join token. Whoever typed it can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinTokenError {
    /// It does not begin like one.
    #[error("a join token begins with {PREFIX}: copy the whole line that `preau` printed")]
    Prefix,
    /// It was cut or altered.
    #[error("the join token is damaged or incomplete: copy the whole line that `preau` printed")]
    Damaged,
}

const PREFIX: &str = "preau-join:";

impl JoinToken {
    pub(crate) fn new(secret: JoinSecret, anchor_sha256: [u8; 32]) -> JoinToken {
        JoinToken {
            secret,
            anchor_sha256,
        }
    }

    /// What is shown to the control plane, and only to it.
    pub fn secret(&self) -> &JoinSecret {
        &self.secret
    }

    /// SHA-256 of the anchor that the control plane's certificate must end in.
    pub fn anchor_sha256(&self) -> [u8; 32] {
        self.anchor_sha256
    }

    /// The text that is handed to the joiner. Deliberately not `Display`: it must not end in a log.
    pub fn text(&self) -> String {
        format!(
            "{PREFIX}{}:{}",
            self.secret.text(),
            hex::encode(self.anchor_sha256)
        )
    }
}

impl FromStr for JoinToken {
    type Err = JoinTokenError;

    fn from_str(text: &str) -> Result<JoinToken, JoinTokenError> {
        let rest = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(JoinTokenError::Prefix)?;
        let (secret, anchor) = rest.split_once(':').ok_or(JoinTokenError::Damaged)?;
        let secret = JoinSecret::parse(secret).ok_or(JoinTokenError::Damaged)?;
        let mut anchor_sha256 = [0u8; 32];
        hex::decode_to_slice(anchor, &mut anchor_sha256).map_err(|_| JoinTokenError::Damaged)?;
        Ok(JoinToken {
            secret,
            anchor_sha256,
        })
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinToken")
            .field("anchor_sha256", &hex::encode(self.anchor_sha256))
            .finish_non_exhaustive()
    }
}

impl JoinSecret {
    pub(crate) fn generate() -> JoinSecret {
        let mut bits = Zeroizing::new([0u8; 32]);
        rand::rng().fill_bytes(bits.as_mut());
        JoinSecret(bits)
    }

    /// `None` for anything that we cannot have handed out.
    pub(crate) fn parse(text: &str) -> Option<JoinSecret> {
        // Sized before it is decoded: the text comes from anybody.
        if text.len() != SECRET_TEXT_LENGTH {
            return None;
        }
        let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let bits: [u8; 32] = decoded.as_slice().try_into().ok()?;
        Some(JoinSecret(Zeroizing::new(bits)))
    }

    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_ref())
    }

    /// What is stored and looked up. A fast hash is right: nobody guesses 256 random bits.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.0.as_ref());
        let mut hash = [0u8; 32];
        hash.copy_from_slice(digest.as_ref());
        hash
    }
}

impl fmt::Debug for JoinSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinSecret(..)")
    }
}

const SECRET_TEXT_LENGTH: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text() {
        let token = JoinToken::new(JoinSecret::generate(), [0xAB; 32]);
        let parsed: JoinToken = format!("  {}\n", token.text())
            .parse()
            .expect("its own text");
        assert_eq!(parsed.secret().sha256(), token.secret().sha256());
        assert_eq!(parsed.anchor_sha256(), [0xAB; 32]);
    }

    #[test]
    fn damaged_texts_are_refused_with_what_to_do() {
        let whole = JoinToken::new(JoinSecret::generate(), [1; 32]).text();
        let cut = whole.get(..whole.len() - 1).expect("ascii");
        for text in [cut, "preau-join:", "preau-join::", "preau-join:abc:def"] {
            assert_eq!(
                text.parse::<JoinToken>().err(),
                Some(JoinTokenError::Damaged),
                "{text}"
            );
        }
        assert_eq!("".parse::<JoinToken>().err(), Some(JoinTokenError::Prefix));
        assert_eq!(
            "token".parse::<JoinToken>().err(),
            Some(JoinTokenError::Prefix)
        );
    }

    #[test]
    fn a_token_does_not_show_its_secret() {
        let token = JoinToken::new(JoinSecret::generate(), [1; 32]);
        assert!(!format!("{token:?}").contains(&token.secret().text()));
    }
}
