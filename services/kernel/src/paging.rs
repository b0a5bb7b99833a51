//! Lists page by keyset: a token is the key of the last row seen, so pages stay right while rows come and go.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::failure::Failure;

/// Rows of a page when the caller does not say.
pub const DEFAULT_PAGE: u32 = 50;
/// Rows of a page at most.
pub const MAX_PAGE: u32 = 200;

/// The key of the last row a caller has seen: one or more texts, in the order of the sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyset(pub Vec<String>);

impl Keyset {
    /// The opaque token of a page that starts after this key.
    #[must_use]
    pub fn token(&self) -> String {
        let mut bytes = vec![1u8]; // the version of the form
        for part in &self.0 {
            // A key part is a name or an id: far below 64 KiB.
            bytes.extend(u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token of exactly `parts` parts; an empty token is the first page.
    ///
    /// # Errors
    /// A token that this server did not make.
    pub fn parse(token: &str, parts: usize) -> Result<Option<Self>, Failure> {
        if token.is_empty() {
            return Ok(None);
        }
        let invalid = || {
            Failure::invalid(
                "page_token",
                "not a token of this list: start from the first page",
            )
        };
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
        let mut rest = bytes.strip_prefix(&[1]).ok_or_else(invalid)?;
        let mut key = Vec::with_capacity(parts);
        while let Some((length, tail)) = rest.split_first_chunk::<2>() {
            let (part, tail) = tail
                .split_at_checked(u16::from_be_bytes(*length).into())
                .ok_or_else(invalid)?;
            let part = String::from_utf8(part.to_vec()).map_err(|_| invalid())?;
            // No key of ours holds NUL, and PostgreSQL takes no text that does.
            if part.contains('\0') {
                return Err(invalid());
            }
            key.push(part);
            rest = tail;
        }
        if rest.is_empty() && key.len() == parts {
            Ok(Some(Self(key)))
        } else {
            Err(invalid())
        }
    }
}

/// How many rows the caller wants: 0 means [`DEFAULT_PAGE`].
///
/// # Errors
/// More than [`MAX_PAGE`].
pub fn page_size(asked: u32) -> Result<u32, Failure> {
    match asked {
        0 => Ok(DEFAULT_PAGE),
        1..=MAX_PAGE => Ok(asked),
        _ => Err(Failure::invalid(
            "page_size",
            format!("{asked} is too many: ask for 1 to {MAX_PAGE}"),
        )),
    }
}

/// Cuts `size + 1` fetched rows to a page, and says the token of the next one (empty on the last).
pub fn cut<T>(mut rows: Vec<T>, size: u32, key: impl Fn(&T) -> Keyset) -> (Vec<T>, String) {
    let size = size as usize;
    if rows.len() <= size {
        return (rows, String::new());
    }
    rows.truncate(size);
    let token = rows
        .last()
        .map(|last| key(last).token())
        .unwrap_or_default();
    (rows, token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::{Keyset, cut, page_size};

    proptest! {
        #[test]
        fn a_token_reads_back(parts in proptest::collection::vec("[^\0]{0,64}", 1..4)) {
            let key = Keyset(parts.clone());
            assert_eq!(Keyset::parse(&key.token(), parts.len()).expect("own token"), Some(key));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,64}") {
            let _ = Keyset::parse(&text, 2);
        }
    }

    #[test]
    fn a_token_of_another_list_is_refused() {
        assert!(Keyset::parse(&Keyset(vec!["a".into()]).token(), 2).is_err());
        assert!(Keyset::parse("%%%", 1).is_err());
        assert!(Keyset::parse(&Keyset(vec!["a\0b".into()]).token(), 1).is_err());
        assert_eq!(Keyset::parse("", 1).expect("first page"), None);
    }

    #[test]
    fn pages_have_a_size_between_one_and_the_most() {
        assert_eq!(page_size(0).ok(), Some(50));
        assert_eq!(page_size(200).ok(), Some(200));
        assert!(page_size(201).is_err());
    }

    #[test]
    fn only_a_page_with_rows_after_it_has_a_next_token() {
        let key = |row: &u32| Keyset(vec![row.to_string()]);
        assert_eq!(cut(vec![1, 2], 2, key), (vec![1, 2], String::new()));
        let (page, token) = cut(vec![1, 2, 3], 2, key);
        assert_eq!(
            (page, token),
            (vec![1, 2], Keyset(vec!["2".into()]).token())
        );
    }
}
