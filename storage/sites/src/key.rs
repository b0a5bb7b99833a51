//! Names objects can have: safe as a path below a folder and as an S3 key, whoever chose them.

use crate::SiteError;

/// Longest key, in bytes.
pub const MAX_KEY_LEN: usize = 255;

/// Accepts `segment/segment/…`, each segment of `a-z 0-9 . _ -`, not empty and not starting with a dot.
///
/// So no key can climb out of a folder, collide with another by case, or name the folder's own temporary files.
///
/// # Errors
/// [`SiteError::InvalidKey`] naming the rule.
pub fn check_key(key: &str) -> Result<(), SiteError> {
    let reason = if key.is_empty() {
        "it is empty"
    } else if key.len() > MAX_KEY_LEN {
        "it is longer than 255 bytes"
    } else if key
        .bytes()
        .any(|b| !matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/'))
    {
        "only a-z, 0-9, dot, underscore, hyphen and slash are allowed"
    } else if key
        .split('/')
        .any(|segment| segment.is_empty() || segment.starts_with('.'))
    {
        "a segment is empty or starts with a dot"
    } else {
        return Ok(());
    };
    Err(SiteError::InvalidKey {
        key: key.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_accepted() {
        for key in [
            "a",
            "c/00/ff/0190d3c2-7b1e-4c3a-9f00-000000000000.ck",
            "x_y.z",
        ] {
            check_key(key).expect("an ordinary name");
        }
    }

    #[test]
    fn names_that_could_leave_the_folder_are_refused() {
        let long = "a".repeat(MAX_KEY_LEN + 1);
        for key in [
            "", "/a", "a/", "a//b", "..", "a/../b", "./a", ".tmp/a", "A", "a b", "a\0b", "é", &long,
        ] {
            assert!(
                matches!(check_key(key), Err(SiteError::InvalidKey { .. })),
                "{key:?} was accepted"
            );
        }
    }
}
