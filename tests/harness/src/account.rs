//! The accounts that `preau up --demo` writes.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// One line of `demo-accounts.json`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What the account may do.
    pub role: AccountRole,
    /// Name of the school.
    pub school: String,
    /// The pupil's class or the teacher's main class; `None` for the administrator.
    pub class: Option<String>,
    /// The person's full name.
    pub name: String,
    /// What to sign in with.
    pub login: String,
    /// And its password.
    pub password: String,
}

impl Account {
    /// The accounts of a data directory.
    ///
    /// # Errors
    /// When there are none, or in another form.
    pub fn load(data_dir: &Path) -> anyhow::Result<Vec<Self>> {
        let path = data_dir.join(FILE);
        let text = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("decoding {}", path.display()))
    }

    /// Whether it has this role, and this class if one is given.
    #[must_use]
    pub fn is(&self, role: AccountRole, class: Option<&str>) -> bool {
        self.role == role && (class.is_none() || self.class.as_deref() == class)
    }
}

/// The roles of demonstration accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountRole {
    /// A pupil.
    Student,
    /// A teacher.
    Teacher,
    /// The administrator.
    Admin,
}

/// The file's name in the data directory.
pub(crate) const FILE: &str = "demo-accounts.json";
