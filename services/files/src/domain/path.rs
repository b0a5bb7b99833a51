use preau_kernel::names::{InvalidName, Name};

use super::MAX_DEPTH;

/// Names from a space's root to a node: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodePath(Vec<Name>);

/// What is wrong with a path. The person who typed it reads this.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum InvalidPath {
    /// `a/b` instead of `/a/b`.
    #[error("a path starts at the root: put a slash in front")]
    Relative,
    /// `/` or nothing.
    #[error("the root is no node: list it with an empty folder id")]
    Root,
    /// More names than a path can have.
    #[error("a path has at most {MAX_DEPTH} names")]
    TooDeep,
    /// A name that no node can have.
    #[error("name {position} of the path: {problem}")]
    Name {
        /// Counted from 1.
        position: usize,
        /// What is wrong with it.
        problem: InvalidName,
    },
}

impl NodePath {
    /// Reads `/a/b`; one slash at the end is forgiven.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidPath> {
        if text.is_empty() || text == "/" {
            return Err(InvalidPath::Root);
        }
        let names = text.strip_prefix('/').ok_or(InvalidPath::Relative)?;
        let names = names.strip_suffix('/').unwrap_or(names);
        // Counted before anything is normalised: a long path costs nothing.
        if names.split('/').nth(MAX_DEPTH as usize).is_some() {
            return Err(InvalidPath::TooDeep);
        }
        let name = |(index, name)| {
            Name::parse(name).map_err(|problem| InvalidPath::Name {
                position: index + 1,
                problem,
            })
        };
        names
            .split('/')
            .enumerate()
            .map(name)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The names, the root's child first.
    pub(crate) fn names(&self) -> &[Name] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_its_names_from_the_root() {
        let names = |text: &str| {
            NodePath::parse(text).map(|path| {
                let names = path.names().iter();
                names
                    .map(|name| name.as_str().to_owned())
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(names("/a"), Ok(vec!["a".to_owned()]));
        assert_eq!(names("/a/é b/"), Ok(vec!["a".to_owned(), "é b".to_owned()]));
    }

    #[test]
    fn what_no_node_can_be_at_is_refused() {
        assert_eq!(NodePath::parse(""), Err(InvalidPath::Root));
        assert_eq!(NodePath::parse("/"), Err(InvalidPath::Root));
        assert_eq!(NodePath::parse("a/b"), Err(InvalidPath::Relative));
        let deep = "/a".repeat(MAX_DEPTH as usize + 1);
        assert_eq!(NodePath::parse(&deep), Err(InvalidPath::TooDeep));
        assert!(NodePath::parse(&"/a".repeat(MAX_DEPTH as usize)).is_ok());
        for (path, position) in [("//a", 1), ("/a//b", 2), ("/a/../b", 2), ("/a/b\0", 2)] {
            let error = NodePath::parse(path);
            assert!(
                matches!(error, Err(InvalidPath::Name { position: found, .. }) if found == position),
                "{path:?}: {error:?}"
            );
        }
    }
}
