use std::collections::{HashMap, HashSet};

use crate::{DbError, Row};

/// One step of a schema, applied once, in its own transaction. Never edited after it was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Unique within the service: `0001_spaces`.
    pub name: &'static str,
    /// One or more statements.
    pub sql: &'static str,
}

/// The whole schema of a service, for both databases, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrations {
    /// Whose schema.
    pub service: &'static str,
    /// For SQLite.
    pub sqlite: &'static [Migration],
    /// For PostgreSQL.
    pub postgres: &'static [Migration],
}

/// A migration as the database remembers it.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) name: String,
    pub(crate) checksum: String,
}

impl Applied {
    /// From a row of name and checksum.
    pub(crate) fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            name: row.text(0)?,
            checksum: row.text(1)?,
        })
    }
}

impl Migration {
    pub(crate) fn checksum(&self) -> String {
        blake3::hash(self.sql.as_bytes()).to_hex().to_string()
    }
}

/// Those of `known` that are not applied yet, in their order.
pub(crate) fn pending(
    service: &str,
    known: &'static [Migration],
    applied: &[Applied],
) -> Result<Vec<&'static Migration>, DbError> {
    let wrong = |name: &str, detail: &str| DbError::Migration {
        service: service.to_owned(),
        name: name.to_owned(),
        detail: detail.to_owned(),
    };
    let mut names = HashSet::new();
    if let Some(twice) = known.iter().find(|known| !names.insert(known.name)) {
        return Err(wrong(twice.name, "two migrations have this name"));
    }
    if let Some(unknown) = applied.iter().find(|it| !names.contains(it.name.as_str())) {
        let detail =
            "it was applied by a newer version: run that version or restore an older backup";
        return Err(wrong(&unknown.name, detail));
    }
    let sums: HashMap<&str, &str> = applied
        .iter()
        .map(|it| (it.name.as_str(), it.checksum.as_str()))
        .collect();
    let mut pending = Vec::new();
    for migration in known {
        match sums.get(migration.name) {
            None => pending.push(migration),
            Some(sum) if *sum == migration.checksum() => {}
            Some(_) => {
                let detail =
                    "it was edited after it was applied: restore its text and add a new migration";
                return Err(wrong(migration.name, detail));
            }
        }
    }
    Ok(pending)
}

/// What [`Db::verify`](crate::Db::verify) answers.
pub(crate) fn verified(
    service: &str,
    known: &'static [Migration],
    applied: &[Applied],
) -> Result<(), DbError> {
    match pending(service, known, applied)?.first() {
        None => Ok(()),
        Some(missing) => Err(DbError::Migration {
            service: service.to_owned(),
            name: missing.name.to_owned(),
            detail: "it is not applied yet: run `preau migrate`".to_owned(),
        }),
    }
}

/// A statement of a migration failed.
pub(crate) fn failed(service: &str, migration: &Migration, error: &DbError) -> DbError {
    DbError::Migration {
        service: service.to_owned(),
        name: migration.name.to_owned(),
        detail: format!("nothing of it was applied: {error}"),
    }
}
