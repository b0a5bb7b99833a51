use std::sync::Arc;

mod classify;

pub(crate) use classify::{from_postgres, from_sqlite, may_end_transaction};

/// Why the database did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbError {
    /// A row with this key exists. On PostgreSQL `constraint` is the constraint's name; SQLite names the columns
    /// (`thing.tenant, thing.name`) or, for an index over expressions, the index.
    #[error("the row exists already: {constraint} must be unique")]
    Unique {
        /// What must be unique.
        constraint: String,
    },
    /// A row refers to one that does not exist, or is still referred to.
    #[error("a reference would dangle: {constraint}")]
    ForeignKey {
        /// The constraint's name; SQLite does not give it.
        constraint: String,
    },
    /// A row breaks a CHECK or NOT NULL rule.
    #[error("the row breaks a rule of its table: {constraint}")]
    Check {
        /// The rule's name, or the column that must not be null.
        constraint: String,
    },
    /// There is no space left to write; what is stored stays readable.
    #[error(
        "no space left for {place}: free some or enlarge it, then try again; nothing was changed"
    )]
    Full {
        /// The file, or the server and schema.
        place: String,
    },
    /// Another process holds the database, or every connection is taken.
    #[error("the database is busy ({detail}): try again")]
    Busy {
        /// What was waited for.
        detail: String,
    },
    /// The transaction lost a race against another one, or its commit group failed through no fault of its own.
    #[error("the transaction could not be completed beside others ({detail}): run it again")]
    Serialization {
        /// What the database said.
        detail: String,
    },
    /// The transaction goes on after a statement that failed or was abandoned: the caller's fault.
    #[error(
        "an earlier statement of this transaction failed or was abandoned: drop it and begin anew"
    )]
    Spoiled,
    /// What is stored is damaged.
    #[error("{place} is damaged ({detail}): stop the service and restore it from a backup")]
    Corrupt {
        /// The file, or the server and schema.
        place: String,
        /// What the database said.
        detail: String,
    },
    /// The one row asked for does not exist.
    #[error("no such row")]
    NotFound,
    /// A statement and its parameters, or a row and its reader, do not fit: a defect of the service.
    #[error("statement and values do not fit: {detail}")]
    Mismatch {
        /// What does not fit.
        detail: String,
    },
    /// The schema is not the one this program knows.
    #[error("migration {name} of {service}: {detail}")]
    Migration {
        /// Whose schema.
        service: String,
        /// Which migration.
        name: String,
        /// What is wrong and what to do.
        detail: String,
    },
    /// The database is too old to be trusted with data.
    #[error("{product} {found} is too old: {needed} or later is needed")]
    Version {
        /// SQLite or PostgreSQL.
        product: &'static str,
        /// The version met.
        found: String,
        /// The oldest version accepted.
        needed: &'static str,
    },
    /// The server cannot be reached, or the connection was lost. If a commit was under way, its outcome is unknown.
    #[error(
        "cannot reach {place} ({detail}): check that it runs and that its address and credentials are right"
    )]
    Unavailable {
        /// The file, or the server and schema.
        place: String,
        /// What went wrong.
        detail: String,
    },
    /// [`Db::close`](crate::Db::close) was called.
    #[error("the database is closed")]
    Closed,
    /// Anything else.
    #[error("the database refused: {0}")]
    Other(#[source] Arc<sqlx::Error>),
}

impl DbError {
    /// Whether nothing was changed and running the whole transaction again may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Serialization { .. })
    }

    /// Whether a row with this key existed.
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Unique { .. })
    }

    /// Whether there was no space left.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }
}
