//! Names that people give: to files, folders and classes.

use std::fmt;

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization;

/// Bytes of a name at most: what common file systems take.
pub const MAX_NAME: usize = 255;

/// What is wrong with a name. The person who typed it reads this.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidName {
    /// Nothing, or only spaces.
    #[error("a name cannot be empty: type at least one visible character")]
    Empty,
    /// Longer than [`MAX_NAME`] bytes in NFC.
    #[error("the name is {bytes} bytes long and the longest allowed is {MAX_NAME}: shorten it")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// `.` or `..`.
    #[error("\".\" and \"..\" name folders to a computer: choose another name")]
    Dots,
    /// A character that no name may hold.
    #[error("the name holds U+{code:04X} ({what}), which no name may: remove it")]
    Forbidden {
        /// The character.
        code: u32,
        /// What it is, in words.
        what: &'static str,
    },
    /// A space at either end, or a dot at the end: Windows drops them silently.
    #[error("the name starts or ends with a space, or ends with a dot: remove it")]
    Edges,
    /// A name that Windows gives to a device, whatever follows the first dot. Only [`Name::parse_for_disk`] refuses it.
    #[error(
        "Windows keeps the name {device} for a device, with or without an ending, and can store nothing under it: choose another name"
    )]
    Reserved {
        /// The device, as Windows writes it.
        device: String,
    },
}

/// A valid name in NFC. Two names are the same when their [`Name::folded`] are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(String);

impl Name {
    /// Checks and normalises.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let name: String = text.nfc().collect();
        if name.trim().is_empty() {
            return Err(InvalidName::Empty);
        }
        if name.len() > MAX_NAME {
            return Err(InvalidName::TooLong { bytes: name.len() });
        }
        if name == "." || name == ".." {
            return Err(InvalidName::Dots);
        }
        if let Some((code, what)) = name
            .chars()
            .find_map(|c| forbidden(c).map(|what| (u32::from(c), what)))
        {
            return Err(InvalidName::Forbidden { code, what });
        }
        if name.starts_with(char::is_whitespace)
            || name.ends_with(char::is_whitespace)
            || name.ends_with('.')
        {
            return Err(InvalidName::Edges);
        }
        Ok(Self(name))
    }

    /// For what may come to lie on somebody's disk: files, folders, releases. [`parse`](Self::parse) without the names
    /// that Windows keeps for devices, which people and classes may have (Con is a family name).
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse_for_disk(text: &str) -> Result<Self, InvalidName> {
        let name = Self::parse(text)?;
        match device(&name.0) {
            Some(device) => Err(InvalidName::Reserved { device }),
            None => Ok(name),
        }
    }

    /// As the person wrote it, in NFC.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// See [`fold`].
    #[must_use]
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// NFC(casefold(NFC(text))): the key under which names and logins are unique, so that a Windows or macOS disk
/// can hold whatever one folder holds. Full Unicode case folding.
#[must_use]
pub fn fold(text: &str) -> String {
    let normalised: String = text.nfc().collect();
    CaseMapper::new().fold_string(&normalised).nfc().collect()
}

/// The device that Windows takes the name for: what stands before the first dot, without spaces at its end and without
/// regard to case (learn.microsoft.com, "Naming Files, Paths, and Namespaces"). The superscript digits count as digits.
fn device(name: &str) -> Option<String> {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ').to_ascii_uppercase();
    let port = ["COM", "LPT"]
        .iter()
        .find_map(|port| stem.strip_prefix(port));
    let is_port = port.is_some_and(|number| {
        let mut digits = number.chars();
        matches!(digits.next(), Some('0'..='9' | '¹' | '²' | '³')) && digits.next().is_none()
    });
    let is_device = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
    (is_port || is_device.contains(&stem.as_str())).then_some(stem)
}

fn forbidden(c: char) -> Option<&'static str> {
    match c {
        '\0' => Some("NUL"),
        '/' => Some("slash, which separates folders"),
        '\\' => Some("backslash, which separates folders on Windows"),
        c if c.is_control() => Some("a control character"),
        // Unicode UAX 9: these reorder the text around them, so that "gpj.exe" can be shown as "exe.jpg".
        '\u{061C}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}' => Some("a control of the direction of text"),
        '\u{2028}' | '\u{2029}' => Some("a line separator"),
        '\u{FEFF}' | '\u{200B}' => Some("an invisible character"),
        '\u{FFFE}' | '\u{FFFF}' => Some("no character"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidName, MAX_NAME, Name, fold};

    #[test]
    fn ordinary_names_pass_unchanged() {
        for name in [
            "devoir.pdf",
            "Été 2026 – photos.zip",
            ".profile",
            "日本語",
            "a",
            "👩‍🏫.png",
            "l'île (1)",
        ] {
            assert_eq!(
                Name::parse(name).map(|parsed| parsed.as_str().to_owned()),
                Ok(name.to_owned())
            );
        }
    }

    #[test]
    fn what_no_name_may_hold_is_named() {
        for (name, code) in [
            ("a/b", 0x2F),
            ("a\0", 0),
            ("exe\u{202E}gpj", 0x202E),
            ("a\\b", 0x5C),
            ("a\nb", 0xA),
            ("\u{2066}a", 0x2066),
        ] {
            let error = Name::parse(name).expect_err(name);
            assert!(
                matches!(error, InvalidName::Forbidden { code: found, .. } if found == code),
                "{name:?}: {error}"
            );
        }
        assert_eq!(Name::parse(".."), Err(InvalidName::Dots));
        assert_eq!(Name::parse("."), Err(InvalidName::Dots));
        assert_eq!(Name::parse("  "), Err(InvalidName::Empty));
        assert_eq!(Name::parse(" a"), Err(InvalidName::Edges));
        assert_eq!(Name::parse("a."), Err(InvalidName::Edges));
        assert_eq!(
            Name::parse(&"a".repeat(300)),
            Err(InvalidName::TooLong { bytes: 300 })
        );
        assert!(Name::parse(&"é".repeat(MAX_NAME / 2)).is_ok());
    }

    #[test]
    fn what_windows_keeps_for_devices_is_no_name_for_a_disk() {
        for (name, device) in [
            ("CON", "CON"),
            ("nul", "NUL"),
            ("Aux.txt", "AUX"),
            ("prn.tar.gz", "PRN"),
            ("con .txt", "CON"),
            ("com1", "COM1"),
            ("Lpt9.pdf", "LPT9"),
            ("COM0", "COM0"),
            ("com².log", "COM²"),
            ("conin$", "CONIN$"),
        ] {
            let device = device.to_owned();
            assert_eq!(
                Name::parse_for_disk(name),
                Err(InvalidName::Reserved { device }),
                "{name:?}"
            );
            assert!(Name::parse(name).is_ok(), "a person may be called {name:?}");
        }
        for name in [
            "console",
            "COM",
            "COM10",
            "nul2.txt",
            ".con",
            "Condé.txt",
            "lpt1a",
            "mon aux.txt",
        ] {
            assert!(Name::parse_for_disk(name).is_ok(), "{name:?}");
        }
        assert_eq!(Name::parse_for_disk("con."), Err(InvalidName::Edges));
        assert_eq!(Name::parse_for_disk("con "), Err(InvalidName::Edges));
    }

    #[test]
    fn names_that_a_disk_would_confuse_fold_alike() {
        for (one, other) in [
            ("Été.TXT", "e\u{301}te\u{301}.txt"),
            ("STRASSE", "straße"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ] {
            assert_eq!(fold(one), fold(other));
        }
        assert_ne!(fold("a"), fold("b"));
    }

    #[test]
    fn folding_again_changes_nothing() {
        for name in ["Été", "ŉ", "ΐ", "ǰ", "İ", "ﬃ"] {
            assert_eq!(fold(&fold(name)), fold(name), "{name}");
        }
    }
}
