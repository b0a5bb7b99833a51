use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_kernel::clock::Timestamp;
use zeroize::Zeroizing;

use super::Link;

/// How long a key seals new links.
const SEALS_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a key is kept: longer than the last link it sealed lives, whatever clocks say.
const KEPT_FOR: Duration = Duration::from_secs(48 * 60 * 60);
/// How long any link lives: time to begin.
const BEGINS_WITHIN: Duration = Duration::from_secs(5 * 60);
/// What a school's slow line carries, in bytes a second (1 Mbit/s): a link also lives as long as its file takes there,
/// so that a download that broke off can be resumed.
const SLOW_LINE: u64 = 125_000;
/// How long a link lives at most.
pub(crate) const LONGEST_LINK: Duration = Duration::from_secs(12 * 60 * 60);

/// How long a link to a file of this many bytes lives.
pub(crate) fn link_lifetime(size: u64) -> Duration {
    let download = Duration::from_secs(size / SLOW_LINE);
    BEGINS_WITHIN.saturating_add(download).min(LONGEST_LINK)
}

const ID_LEN: usize = 16;
/// Longer than any token of ours.
const MAX_TOKEN: usize = 1024;
/// What a token is sealed as, so that it can be taken for nothing else.
const PURPOSE: &[u8] = b"preau.files.link.v1";

/// A key that seals what a link is for: nobody reads or changes it in between, and the gateway passes it on unread.
/// Its nonces are drawn at random, which is sound for the links of one day.
#[derive(Clone)]
pub(crate) struct LinkKey {
    id: [u8; ID_LEN],
    secret: Zeroizing<[u8; 32]>,
    created_at: Timestamp,
}

impl LinkKey {
    /// A new one.
    pub(crate) fn generate(now: Timestamp) -> Result<Self, Unspecified> {
        let mut id = [0; ID_LEN];
        let mut secret = Zeroizing::new([0; 32]);
        rand::fill(&mut id)?;
        rand::fill(&mut *secret)?;
        Ok(Self {
            id,
            secret,
            created_at: now,
        })
    }

    /// As it was stored; `None` when it was not by us.
    pub(crate) fn stored(id: &[u8], secret: &[u8], created_at: Timestamp) -> Option<Self> {
        Some(Self {
            id: id.try_into().ok()?,
            secret: Zeroizing::new(secret.try_into().ok()?),
            created_at,
        })
    }

    pub(crate) fn id(&self) -> [u8; ID_LEN] {
        self.id
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    pub(crate) fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Whether the key seals links that are made now.
    pub(crate) fn seals_at(&self, now: Timestamp) -> bool {
        self.created_at <= now && now.since(self.created_at) < SEALS_FOR
    }

    /// Keys made before this are needed no more.
    pub(crate) fn kept_since(now: Timestamp) -> Timestamp {
        let kept = i64::try_from(KEPT_FOR.as_micros()).unwrap_or(i64::MAX);
        Timestamp(now.0.saturating_sub(kept))
    }

    /// The token of a link.
    pub(crate) fn seal(&self, link: &Link) -> Result<String, Unspecified> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce)?;
        let mut sealed = link.to_bytes();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.cipher()?
            .seal_in_place_append_tag(unique, self.context(), &mut sealed)?;
        let token = [&self.id[..], &nonce, &sealed].concat();
        Ok(URL_SAFE_NO_PAD.encode(token))
    }

    /// What a token is for, whether or not its time is up; `None` when this key did not seal it.
    pub(crate) fn open(&self, token: &LinkToken) -> Option<Link> {
        if token.key != self.id {
            return None;
        }
        let mut sealed = token.sealed.clone();
        let nonce = Nonce::assume_unique_for_key(token.nonce);
        let cipher = self.cipher().ok()?;
        let link = cipher
            .open_in_place(nonce, self.context(), &mut sealed)
            .ok()?;
        Link::from_bytes(link)
    }

    fn cipher(&self) -> Result<LessSafeKey, Unspecified> {
        UnboundKey::new(&AES_256_GCM, &*self.secret).map(LessSafeKey::new)
    }

    fn context(&self) -> Aad<Vec<u8>> {
        Aad::from([PURPOSE, &self.id].concat())
    }
}

/// A token as it came, nothing of it believed yet.
pub(crate) struct LinkToken {
    key: [u8; ID_LEN],
    nonce: [u8; NONCE_LEN],
    sealed: Vec<u8>,
}

impl LinkToken {
    /// Takes a token's text apart; `None` for what cannot be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TOKEN {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (key, rest) = bytes.split_first_chunk()?;
        let (nonce, sealed) = rest.split_first_chunk()?;
        Some(Self {
            key: *key,
            nonce: *nonce,
            sealed: sealed.to_vec(),
        })
    }

    /// Of the key that sealed it, if any did.
    pub(crate) fn key(&self) -> [u8; ID_LEN] {
        self.key
    }
}

#[cfg(test)]
mod tests {
    use super::super::link::tests::link;
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    fn key() -> LinkKey {
        LinkKey::generate(NOW).expect("random bytes")
    }

    fn open(key: &LinkKey, token: &str) -> Option<Link> {
        key.open(&LinkToken::parse(token)?)
    }

    #[test]
    fn a_token_opens_under_the_key_that_sealed_it_and_tells_nothing_else() {
        let (key, other, link) = (key(), key(), link());
        let token = key.seal(&link).expect("sealed");
        assert_eq!(open(&key, &token), Some(link.clone()));
        assert_eq!(open(&other, &token), None);
        let stored = LinkKey::stored(&key.id(), key.secret(), key.created_at());
        assert_eq!(open(&stored.expect("a key"), &token), Some(link.clone()));
        assert_ne!(
            key.seal(&link).expect("sealed"),
            token,
            "a nonce is used once"
        );
    }

    #[test]
    fn a_token_that_was_changed_anywhere_opens_nothing() {
        let key = key();
        let token = key.seal(&link()).expect("sealed");
        let bytes = URL_SAFE_NO_PAD.decode(&token).expect("base64");
        for place in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[place] ^= 1;
            assert_eq!(open(&key, &URL_SAFE_NO_PAD.encode(forged)), None, "{place}");
        }
        for cut in 0..token.len() {
            assert_eq!(open(&key, &token[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn what_is_no_token_is_none() {
        for text in ["", "?", "AAAA", &"A".repeat(MAX_TOKEN + 1)] {
            assert!(LinkToken::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_key_seals_for_its_day_and_outlives_every_link_it_sealed() {
        let key = key();
        let last = Timestamp(NOW.plus(SEALS_FOR).0 - 1);
        assert!(key.seals_at(NOW) && key.seals_at(last));
        assert!(!key.seals_at(NOW.plus(SEALS_FOR)));
        assert!(!key.seals_at(Timestamp(NOW.0 - 1)));
        assert!(LinkKey::kept_since(last.plus(LONGEST_LINK)) < key.created_at());
    }

    #[test]
    fn a_link_lives_as_long_as_its_file_takes_on_a_slow_line() {
        let minutes = |size| link_lifetime(size).as_secs() / 60;
        assert_eq!(minutes(0), 5);
        assert_eq!(minutes(1_000_000), 5);
        assert_eq!(minutes(2_250_000_000), 305);
        assert_eq!(link_lifetime(u64::MAX), LONGEST_LINK);
    }
}
