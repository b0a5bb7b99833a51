//! The roles a process may take on the mesh.

/// Roles that join from another process. `control` is not among them: it holds the certificate
/// authority, and who bears its name could admit anybody.
pub(crate) const JOINABLE: [&str; 4] = ["files", "gateway", "identity", "roster"];

/// A non-empty set of joinable roles, each once, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleSet(Vec<String>);

/// Why a list of roles is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RolesRefusal {
    #[error("name at least one role: {}", JOINABLE.join(", "))]
    None,
    #[error(
        "control holds the certificate authority and cannot be joined: run it where its data is"
    )]
    Control,
    #[error("there is no such role: use {}", JOINABLE.join(", "))]
    Unknown,
    #[error("the role {0} is named twice")]
    Twice(&'static str),
}

impl RoleSet {
    pub(crate) fn parse<'a>(
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<RoleSet, RolesRefusal> {
        let mut roles: Vec<&'static str> = Vec::new();
        for name in names {
            if name == "control" {
                return Err(RolesRefusal::Control);
            }
            let Some(role) = JOINABLE.into_iter().find(|role| *role == name) else {
                return Err(RolesRefusal::Unknown);
            };
            if roles.contains(&role) {
                return Err(RolesRefusal::Twice(role));
            }
            roles.push(role);
        }
        if roles.is_empty() {
            return Err(RolesRefusal::None);
        }
        roles.sort_unstable();
        Ok(RoleSet(roles.into_iter().map(str::to_owned).collect()))
    }

    /// From the database's text. A role of another release is kept: it is only compared.
    pub(crate) fn from_stored(text: &str) -> RoleSet {
        RoleSet(
            text.split(' ')
                .filter(|role| !role.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    pub(crate) fn stored(&self) -> String {
        self.0.join(" ")
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The first of these roles that `allowed` lacks.
    pub(crate) fn beyond<'a>(&'a self, allowed: &RoleSet) -> Option<&'a str> {
        self.iter()
            .find(|role| !allowed.0.iter().any(|other| other == role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_sorted_and_survives_the_database() {
        let set = RoleSet::parse(["roster", "files"]).expect("two roles");
        assert_eq!(set.stored(), "files roster");
        assert_eq!(RoleSet::from_stored(&set.stored()), set);
    }

    #[test]
    fn what_cannot_be_joined_is_refused_with_its_reason() {
        assert_eq!(RoleSet::parse([]), Err(RolesRefusal::None));
        assert_eq!(RoleSet::parse(["control"]), Err(RolesRefusal::Control));
        assert_eq!(RoleSet::parse(["Files"]), Err(RolesRefusal::Unknown));
        assert_eq!(
            RoleSet::parse(["files", "files"]),
            Err(RolesRefusal::Twice("files"))
        );
    }

    #[test]
    fn a_role_beyond_the_allowed_ones_is_found() {
        let allowed = RoleSet::parse(["files", "roster"]).expect("two roles");
        let asked = RoleSet::parse(["files", "gateway"]).expect("two roles");
        assert_eq!(asked.beyond(&allowed), Some("gateway"));
        assert_eq!(allowed.beyond(&allowed), None);
    }
}
