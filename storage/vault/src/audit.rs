//! Checks the invariants that rows and objects can show. For tests, simulation and an operator in doubt: it reads every row
//! of the vault and asks the sites for every object, so it is not for a busy hour.

use std::fmt;

use preau_storage_database::{Row, Scope, params};
use preau_storage_seal::Layout;

use crate::tree::Joiner;
use crate::upload::part_len;
use crate::vault::Inner;
use crate::{Vault, VaultError};

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its id, such as `V-2`.
    pub invariant: &'static str,
    /// Which row or object breaks it, by id.
    pub subject: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.subject)
    }
}

/// Queries whose every row is a violation, with its subject first.
const FORBIDDEN: [(&str, &str); 7] = [
    (
        "V-2",
        "SELECT c.id FROM vault_chunk c WHERE NOT EXISTS (SELECT 1 FROM vault_placement l WHERE l.chunk = c.id)",
    ),
    (
        "V-6",
        "SELECT c.id FROM vault_chunk c WHERE NOT EXISTS (SELECT 1 FROM vault_part p WHERE p.chunk = c.id)",
    ),
    (
        "V-6",
        "SELECT p.content FROM vault_part p
         WHERE NOT EXISTS (SELECT 1 FROM vault_content c WHERE c.id = p.content)
         AND NOT EXISTS (SELECT 1 FROM vault_upload u WHERE u.content = p.content AND u.state = 0)",
    ),
    (
        "V-7",
        "SELECT d.object FROM vault_doomed d
         JOIN vault_placement l ON l.site = d.site AND l.object = d.object",
    ),
    (
        "V-8",
        "SELECT p.content FROM vault_part p JOIN vault_chunk c ON c.id = p.chunk WHERE p.tenant <> c.tenant",
    ),
    (
        "V-8",
        "SELECT c.id FROM vault_placement l JOIN vault_chunk c ON c.id = l.chunk WHERE l.tenant <> c.tenant",
    ),
    (
        "V-9",
        "SELECT u.id FROM vault_upload u WHERE u.state = 0 AND u.received <>
         (SELECT COUNT(*) FROM vault_part p WHERE p.content = u.content)",
    ),
];

impl Vault {
    /// Every violation found; none in a vault that is well.
    ///
    /// # Errors
    /// The database's, or a site's that cannot be asked.
    pub async fn audit(&self) -> Result<Vec<Violation>, VaultError> {
        let inner = &*self.inner;
        let mut found = Vec::new();
        for (invariant, sql) in FORBIDDEN {
            for row in inner.db.fetch_all(Scope::Platform, sql, &[]).await? {
                found.push(Violation {
                    invariant,
                    subject: row.text(0)?,
                });
            }
        }
        inner.audit_objects(&mut found).await?;
        inner.audit_contents(&mut found).await?;
        Ok(found)
    }
}

impl Inner {
    /// V-1 and V-2: what rows refer to is on the sites.
    async fn audit_objects(&self, found: &mut Vec<Violation>) -> Result<(), VaultError> {
        let sql = "SELECT l.site, l.object, c.len FROM vault_placement l
            JOIN vault_chunk c ON c.id = l.chunk ORDER BY l.site, l.object";
        for row in self.db.fetch_all(Scope::Platform, sql, &[]).await? {
            let (site, object) = (row.str(0)?, row.str(1)?);
            let layout = u64::try_from(row.int(2)?).ok().and_then(Layout::of);
            let length = match self.site(site) {
                Some(site) => site.head(object).await.ok(),
                None => None,
            };
            if length.is_none() || length != layout.map(|layout| layout.record_len()) {
                found.push(Violation {
                    invariant: if length.is_none() { "V-1" } else { "V-2" },
                    subject: format!("{site}/{object}"),
                });
            }
        }
        Ok(())
    }

    /// V-4: contents are whole.
    async fn audit_contents(&self, found: &mut Vec<Violation>) -> Result<(), VaultError> {
        let sql = "SELECT id, size, part_size, part_count, blake3 FROM vault_content ORDER BY id";
        for content in self.db.fetch_all(Scope::Platform, sql, &[]).await? {
            let parts = "SELECT idx, len, cv FROM vault_part WHERE content = $1 ORDER BY idx";
            let params = params![content.str(0)?];
            let parts = self.db.fetch_all(Scope::Platform, parts, params).await?;
            if !is_whole(&content, &parts)? {
                found.push(Violation {
                    invariant: "V-4",
                    subject: content.text(0)?,
                });
            }
        }
        Ok(())
    }
}

fn is_whole(content: &Row, parts: &[Row]) -> Result<bool, VaultError> {
    let size = content.int(1)?.unsigned_abs();
    let part_size = u32::try_from(content.int(2)?).unwrap_or(0);
    let mut joiner = Joiner::default();
    for (index, part) in (0_u32..).zip(parts) {
        let length = part_len(size, part_size, index);
        if part.int(0)? != i64::from(index) || part.int(1)?.unsigned_abs() != length {
            return Ok(false);
        }
        joiner.push(part.array(2)?);
    }
    let total: u64 = (0_u32..)
        .zip(parts)
        .map(|(index, _)| part_len(size, part_size, index))
        .sum();
    Ok(total == size
        && i64::try_from(parts.len()) == Ok(content.int(3)?)
        && joiner.finish() == content.array::<32>(4)?)
}
