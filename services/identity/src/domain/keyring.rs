//! When a signing key signs, when it is published, when it is succeeded. Times are unix microseconds.
//!
//! A key is published [`LEAD`] before it signs, so that every service has fetched it by then, and
//! stays published [`GRACE`] after its successor took over, so that tokens it signed die of age
//! and not of rotation.

/// One key's dates and public half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyDates {
    pub(crate) key_id: String,
    pub(crate) public_key: [u8; 32],
    pub(crate) signs_from: i64,
}

/// All keys, in the order in which they sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keyring(Vec<KeyDates>);

const MINUTE: i64 = 60_000_000;
/// From publication to the first signature.
pub(crate) const LEAD: i64 = 10 * MINUTE;
/// From the successor's first signature to the end of publication: far more than a token's 60 s.
pub(crate) const GRACE: i64 = 10 * MINUTE;
/// How long a key signs.
pub(crate) const LIFE: i64 = 30 * 24 * 60 * MINUTE;

impl Keyring {
    pub(crate) fn new(mut keys: Vec<KeyDates>) -> Keyring {
        keys.sort_by(|a, b| (a.signs_from, &a.key_id).cmp(&(b.signs_from, &b.key_id)));
        Keyring(keys)
    }

    /// The key that signs now; before the first one's turn, the first one.
    pub(crate) fn signing(&self, now: i64) -> Option<&KeyDates> {
        self.0
            .iter()
            .rev()
            .find(|key| key.signs_from <= now)
            .or_else(|| self.0.first())
    }

    /// The keys that tokens may be verified against now: the next, the current, the previous.
    pub(crate) fn published(&self, now: i64) -> impl Iterator<Item = &KeyDates> {
        self.0
            .iter()
            .enumerate()
            .filter(move |(at, _)| !self.is_retired(*at, now))
            .map(|(_, key)| key)
    }

    /// The keys that sign no more and are published no more: their private halves may go.
    pub(crate) fn retired(&self, now: i64) -> impl Iterator<Item = &KeyDates> {
        self.0
            .iter()
            .enumerate()
            .filter(move |(at, _)| self.is_retired(*at, now))
            .map(|(_, key)| key)
    }

    /// When the next key should sign, if it is time to make it; at once where there is none yet.
    pub(crate) fn next_signs_from(&self, now: i64) -> Option<i64> {
        match self.0.last() {
            None => Some(now),
            Some(last) if last.signs_from + LIFE <= now + LEAD => Some(now + LEAD),
            Some(_) => None,
        }
    }

    /// Whether a successor waits for its turn already.
    pub(crate) fn has_successor(&self, now: i64) -> bool {
        self.0.last().is_some_and(|last| last.signs_from > now)
    }

    fn is_retired(&self, at: usize, now: i64) -> bool {
        self.0
            .get(at + 1)
            .is_some_and(|successor| successor.signs_from + GRACE <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, signs_from: i64) -> KeyDates {
        KeyDates {
            key_id: id.to_owned(),
            public_key: [0; 32],
            signs_from,
        }
    }

    fn ids<'a>(keys: impl Iterator<Item = &'a KeyDates>) -> Vec<&'a str> {
        keys.map(|key| key.key_id.as_str()).collect()
    }

    #[test]
    fn the_first_key_is_due_at_once_and_signs_at_once() {
        assert_eq!(Keyring::default().next_signs_from(7), Some(7));
        let ring = Keyring::new(vec![key("a", 7)]);
        assert_eq!(ring.signing(7).map(|key| key.key_id.as_str()), Some("a"));
        assert_eq!(ring.next_signs_from(8), None);
    }

    #[test]
    fn a_successor_is_published_before_it_signs_and_its_predecessor_after() {
        let takes_over = LIFE;
        let ring = Keyring::new(vec![key("b", takes_over), key("a", 0)]);
        let before = takes_over - 1;
        assert_eq!(
            ring.signing(before).map(|key| key.key_id.as_str()),
            Some("a")
        );
        assert_eq!(ids(ring.published(before)), ["a", "b"]);
        assert!(ring.has_successor(before));
        assert_eq!(
            ring.signing(takes_over).map(|key| key.key_id.as_str()),
            Some("b")
        );
        assert_eq!(ids(ring.published(takes_over + GRACE - 1)), ["a", "b"]);
        assert_eq!(ids(ring.published(takes_over + GRACE)), ["b"]);
        assert_eq!(ids(ring.retired(takes_over + GRACE)), ["a"]);
    }

    #[test]
    fn a_successor_is_due_a_lead_before_the_end_of_a_life() {
        let ring = Keyring::new(vec![key("a", 0)]);
        assert_eq!(ring.next_signs_from(LIFE - LEAD - 1), None);
        assert_eq!(ring.next_signs_from(LIFE - LEAD), Some(LIFE));
    }
}
