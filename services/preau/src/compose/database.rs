//! Each role's own database: an SQLite file, or a schema of one PostgreSQL.

use preau_storage_database::{Db, DbError, Migrations, PostgresOptions, SqliteOptions};

use super::lock::lock;
use crate::config::Config;
use crate::failure::{Exit, Failure};

/// Opens a role's database, up to date.
pub(crate) async fn open(
    config: &Config,
    role: &str,
    migrations: &Migrations,
) -> Result<Db, Failure> {
    let db = connect(config, role).await?;
    let current = if config.database.migrate_at_start {
        db.migrate(migrations).await
    } else {
        db.verify(migrations).await
    };
    current.map_err(|error| failed(config, role, &error))?;
    Ok(db)
}

/// `preau migrate`.
pub(crate) async fn migrate(config: &Config, roles: &[&str]) -> Result<(), Failure> {
    let _locks = lock(config, roles)?;
    for (role, migrations) in super::roles::migrations() {
        if roles.contains(&role) {
            let db = connect(config, role).await?;
            let migrated = db.migrate(&migrations).await;
            db.close().await;
            migrated.map_err(|error| failed(config, role, &error))?;
            tracing::info!(role, "the database is up to date");
        }
    }
    Ok(())
}

async fn connect(config: &Config, role: &str) -> Result<Db, Failure> {
    let opened = match &config.database.url {
        Some(url) => Db::open_postgres(url, role, PostgresOptions::default()).await,
        None => {
            let path = config.role_dir(role).join(format!("{role}.db"));
            let options = SqliteOptions {
                max_pages: config.database.sqlite_max_pages,
                ..SqliteOptions::default()
            };
            Db::open_sqlite(&path, options).await
        }
    };
    opened.map_err(|error| failed(config, role, &error))
}

fn failed(config: &Config, role: &str, error: &DbError) -> Failure {
    // The URL holds a password: the role and the key say enough.
    let place = match config.database.url {
        Some(_) => format!("schema {role} at database.url"),
        None => config
            .role_dir(role)
            .join(format!("{role}.db"))
            .display()
            .to_string(),
    };
    // Not the error's own text: it names the place and the remedy too, in its middle.
    let (exit, what, remedy) = match error {
        DbError::Full { .. } => (
            Exit::Failed,
            "there is no space left for it".to_owned(),
            "make room, or raise database.sqlite_max_pages",
        ),
        DbError::Busy { detail } => (
            Exit::InUse,
            format!("it is busy ({detail})"),
            "stop whoever else uses it",
        ),
        DbError::Corrupt { detail, .. } => (
            Exit::Failed,
            format!("it is damaged ({detail})"),
            "restore it from a backup",
        ),
        DbError::Migration { .. } => (
            Exit::Failed,
            error.to_string(),
            "run `preau migrate` of the version that fits the data",
        ),
        DbError::Unavailable { detail, .. } => (
            Exit::Failed,
            detail.clone(),
            "check that it is there and may be used",
        ),
        error => (
            Exit::Failed,
            error.to_string(),
            "check that it is there and may be used",
        ),
    };
    Failure::new(
        format_args!("cannot open the database: {what}"),
        place,
        remedy,
    )
    .exit(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_database_is_named_once_with_one_remedy() {
        let config = Config::default();
        let error = DbError::Corrupt {
            place: "/data/files/files.db".into(),
            detail: "file is not a database".into(),
        };
        let place = config.role_dir("files").join("files.db");
        assert_eq!(
            failed(&config, "files", &error).to_string(),
            format!(
                "cannot open the database: it is damaged (file is not a database): {}: \
                 restore it from a backup",
                place.display()
            )
        );
    }
}
