//! `SPACE:/path`: a place in a space.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::failure::{Exit, Failure};

/// A parsed remote name. Components are in NFC, as the server keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteName {
    /// A space's name or id.
    pub(crate) space: String,
    components: Vec<String>,
    /// Written with a slash at its end: meant as a folder.
    pub(crate) folder: bool,
}

impl RemoteName {
    /// Reads `SPACE:/path`. The space ends at the first `:/`, so its name may hold colons.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = |what: &str| {
            Failure::new(
                what,
                text,
                "write SPACE:/path, such as '2de A:/devoirs/plan.pdf'",
            )
            .exit(Exit::Usage)
        };
        let (space, path) = text
            .split_once(":/")
            .ok_or_else(|| wrong("no remote name"))?;
        if space.is_empty() {
            return Err(wrong("no space in the remote name"));
        }
        let mut components = Vec::new();
        for component in path.split('/') {
            match component {
                "" => {}
                "." | ".." => return Err(wrong("`.` and `..` have no meaning in a remote name")),
                name if name.chars().any(char::is_control) => {
                    return Err(wrong("control characters in the remote name"));
                }
                name => components.push(name.nfc().collect()),
            }
        }
        if path.trim_end_matches('/').contains("//") || path.starts_with('/') {
            return Err(wrong("an empty name between two slashes"));
        }
        Ok(Self {
            space: space.nfc().collect(),
            folder: components.is_empty() || path.ends_with('/'),
            components,
        })
    }

    /// Whether this is the space itself.
    pub(crate) fn is_root(&self) -> bool {
        self.components.is_empty()
    }

    /// `/a/b`, as the contract wants it.
    pub(crate) fn path(&self) -> String {
        format!("/{}", self.components.join("/"))
    }

    /// The last component; nothing for the root.
    pub(crate) fn name(&self) -> Option<&str> {
        self.components.last().map(String::as_str)
    }

    /// The folder that holds this; nothing for the root.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (_, parents) = self.components.split_last()?;
        Some(Self {
            space: self.space.clone(),
            components: parents.to_vec(),
            folder: true,
        })
    }

    /// A child of this folder.
    pub(crate) fn join(&self, name: &str) -> Self {
        let mut child = self.clone();
        child.components.push(name.nfc().collect());
        child.folder = false;
        child
    }
}

impl fmt::Display for RemoteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.space, self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> RemoteName {
        RemoteName::parse(text).expect("a remote name")
    }

    #[test]
    fn space_and_path_are_told_apart() {
        let name = parsed("2de A:/devoirs/plan de classe.pdf");
        assert_eq!(name.space, "2de A");
        assert_eq!(name.path(), "/devoirs/plan de classe.pdf");
        assert_eq!(name.name(), Some("plan de classe.pdf"));
        assert!(!name.folder);
        assert_eq!(name.to_string(), "2de A:/devoirs/plan de classe.pdf");
    }

    #[test]
    fn the_root_is_a_folder_without_name_or_parent() {
        let root = parsed("2de A:/");
        assert!(root.is_root() && root.folder);
        assert_eq!(root.path(), "/");
        assert_eq!(root.name(), None);
        assert_eq!(root.parent(), None);
        assert_eq!(root.join("a").path(), "/a");
    }

    #[test]
    fn a_slash_at_the_end_means_a_folder() {
        assert!(parsed("S:/a/").folder);
        assert_eq!(
            parsed("S:/a/"),
            RemoteName {
                folder: true,
                ..parsed("S:/a")
            }
        );
        assert_eq!(parsed("S:/a/b").parent(), Some(parsed("S:/a/")));
    }

    #[test]
    fn a_space_may_have_a_colon_in_its_name() {
        assert_eq!(parsed("Club: échecs:/a").space, "Club: échecs");
    }

    #[test]
    fn decomposed_letters_are_composed() {
        assert_eq!(parsed("S:/e\u{301}te\u{301}").path(), "/été");
    }

    #[test]
    fn what_is_no_remote_name_is_refused_with_an_example() {
        for text in [
            "",
            "plain",
            "S:",
            "S:a",
            ":/a",
            "S:/a/../b",
            "S:/./a",
            "S:/a//b",
            "S://a",
            "S:/a\nb",
        ] {
            let failure = RemoteName::parse(text).expect_err(text);
            assert_eq!(failure.code(), Exit::Usage, "{text}");
            assert!(failure.to_string().contains("SPACE:/path"), "{text}");
        }
    }
}
