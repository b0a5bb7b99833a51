use std::fmt;

/// An app, by its reverse domain name: `fr.example.geometrie`.
///
/// Devices use it as a name of a folder, so it never begins or ends with a dot and holds nothing but what is said here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AppId(String);

/// Characters of an app's id.
const APP_LENGTHS: std::ops::RangeInclusive<usize> = 3..=100;

/// A release's version: what its publisher calls it. Nothing is read into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version(String);

/// Characters of a version at most.
const MAX_VERSION: usize = 40;

/// What devices call the link to the version in use, which lies beside the versions.
const IN_USE: &str = "current";

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an app: expected a reverse domain name of 3 to 100 lower-case letters, digits, dots and hyphens, such as \
     fr.example.geometrie"
)]
pub(crate) struct InvalidApp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a version: expected 1 to {MAX_VERSION} letters, digits, dots, hyphens and plus signs, a letter or digit first, \
     and not {IN_USE:?}, which devices call the one in use"
)]
pub(crate) struct InvalidVersion;

impl AppId {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidApp> {
        let is_label = |label: &str| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            label.bytes().all(|byte| plain(byte) || byte == b'-')
                && label.bytes().next().is_some_and(plain)
                && label.bytes().next_back().is_some_and(plain)
        };
        let is_name = text.contains('.') && text.split('.').all(is_label);
        if APP_LENGTHS.contains(&text.len()) && is_name {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidApp)
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Version {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidVersion> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
        // Devices use it as a name of a folder too: never "." or "..", never an option of a command.
        let begins = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        if begins && text.len() <= MAX_VERSION && text.bytes().all(is_plain) && text != IN_USE {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidVersion)
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reverse_domain_name_is_an_app_and_nothing_else_is() {
        let longest = format!("fr.{}", "a".repeat(97));
        for text in ["fr.example.geometrie", "a.b", "org.1-2.x", &longest] {
            assert_eq!(
                AppId::parse(text).map(|app| app.to_string()),
                Ok(text.to_owned())
            );
        }
        let longer = format!("{longest}a");
        for text in [
            "",
            "ab",
            "geometrie",
            "fr..x",
            ".fr.x",
            "fr.x.",
            "..",
            "fr.-x",
            "fr.x-",
            "Fr.x",
            "fr.é",
            "fr.x/y",
            "fr.x\0",
            "fr.x y",
            &longer,
        ] {
            assert_eq!(AppId::parse(text), Err(InvalidApp), "{text:?}");
        }
    }

    #[test]
    fn a_version_is_what_a_folder_can_be_called() {
        let longest = "1".repeat(40);
        for text in ["1", "2.0.1-rc.1+build", "v3", &longest] {
            assert_eq!(
                Version::parse(text).map(|version| version.as_str().to_owned()),
                Ok(text.to_owned())
            );
        }
        let longer = "1".repeat(41);
        for text in [
            "", ".", "..", "-1", "+1", "1 0", "1/0", "1_0", "é", "current", &longer,
        ] {
            assert_eq!(Version::parse(text), Err(InvalidVersion), "{text:?}");
        }
    }
}
