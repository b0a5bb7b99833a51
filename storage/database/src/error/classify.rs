//! From what the drivers report to what a caller can act on.

use std::sync::Arc;

use libsqlite3_sys as ffi;
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::postgres::PgDatabaseError;

use super::DbError;

/// Reads an error of SQLite; `place` is the file.
pub(crate) fn from_sqlite(error: sqlx::Error, place: &str) -> DbError {
    let Some(database) = error.as_database_error() else {
        return common(error, place);
    };
    let code = sqlite_code(database);
    let detail = database.message();
    match code & 0xff {
        ffi::SQLITE_CONSTRAINT => constraint_of_sqlite(database),
        ffi::SQLITE_FULL => full(place),
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => DbError::Busy {
            detail: format!("{place}: {detail}"),
        },
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => DbError::Corrupt {
            place: place.to_owned(),
            detail: detail.to_owned(),
        },
        ffi::SQLITE_CANTOPEN => DbError::Unavailable {
            place: place.to_owned(),
            detail: detail.to_owned(),
        },
        _ => DbError::Other(Arc::new(error)),
    }
}

/// Reads an error of PostgreSQL; `place` names the server and schema.
pub(crate) fn from_postgres(error: sqlx::Error, place: &str) -> DbError {
    let Some(database) = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
    else {
        return common(error, place);
    };
    let detail = || database.message().to_owned();
    match database.code() {
        "23505" => DbError::Unique {
            constraint: constraint_of_postgres(database),
        },
        "23503" => DbError::ForeignKey {
            constraint: constraint_of_postgres(database),
        },
        "23502" | "23514" => DbError::Check {
            constraint: constraint_of_postgres(database),
        },
        "40001" | "40P01" => DbError::Serialization { detail: detail() },
        "55P03" | "53300" => DbError::Busy { detail: detail() },
        "53100" => full(place),
        "25P02" => DbError::Spoiled,
        "XX001" | "XX002" => DbError::Corrupt {
            place: place.to_owned(),
            detail: detail(),
        },
        code if code.starts_with("08") || code.starts_with("28") || code.starts_with("57P") => {
            DbError::Unavailable {
                place: place.to_owned(),
                detail: detail(),
            }
        }
        "3D000" => DbError::Unavailable {
            place: place.to_owned(),
            detail: detail(),
        },
        _ => DbError::Other(Arc::new(error)),
    }
}

/// Whether SQLite may have rolled back more than the statement that met this error.
/// (sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction".)
pub(crate) fn may_end_transaction(error: &sqlx::Error) -> bool {
    match error.as_database_error() {
        Some(database) => matches!(
            sqlite_code(database) & 0xff,
            ffi::SQLITE_FULL
                | ffi::SQLITE_IOERR
                | ffi::SQLITE_NOMEM
                | ffi::SQLITE_BUSY
                | ffi::SQLITE_INTERRUPT
                | ffi::SQLITE_CORRUPT
        ),
        // Not an answer of the database: what state the connection is in cannot be told.
        None => true,
    }
}

fn common(error: sqlx::Error, place: &str) -> DbError {
    let unavailable = |detail: String| DbError::Unavailable {
        place: place.to_owned(),
        detail,
    };
    match error {
        sqlx::Error::PoolTimedOut => DbError::Busy {
            detail: format!("no connection to {place} in time: it is overloaded or down"),
        },
        sqlx::Error::PoolClosed => DbError::Closed,
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => full(place),
        sqlx::Error::Io(error) => unavailable(error.to_string()),
        sqlx::Error::Tls(error) => unavailable(error.to_string()),
        sqlx::Error::WorkerCrashed => unavailable("its worker thread ended".to_owned()),
        sqlx::Error::Encode(error) | sqlx::Error::Decode(error) => DbError::Mismatch {
            detail: error.to_string(),
        },
        other => DbError::Other(Arc::new(other)),
    }
}

fn full(place: &str) -> DbError {
    DbError::Full {
        place: place.to_owned(),
    }
}

fn sqlite_code(error: &dyn DatabaseError) -> i32 {
    error
        .code()
        .and_then(|code| code.parse().ok())
        .unwrap_or(ffi::SQLITE_ERROR)
}

fn constraint_of_sqlite(error: &dyn DatabaseError) -> DbError {
    // "UNIQUE constraint failed: thing.tenant, thing.name", "… failed: index 'thing_name'", "CHECK constraint failed: …"
    let message = error.message();
    let constraint = message
        .split_once("constraint failed: ")
        .map_or(message, |(_, named)| named)
        .to_owned();
    match error.kind() {
        ErrorKind::UniqueViolation => DbError::Unique { constraint },
        ErrorKind::ForeignKeyViolation => DbError::ForeignKey { constraint },
        _ => DbError::Check { constraint },
    }
}

fn constraint_of_postgres(error: &PgDatabaseError) -> String {
    match (error.constraint(), error.table(), error.column()) {
        (Some(name), ..) => name.to_owned(),
        (None, Some(table), Some(column)) => format!("{table}.{column}"),
        _ => error.message().to_owned(),
    }
}
