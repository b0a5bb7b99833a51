//! Imports and the parts of their zips.

use std::time::Duration;

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::ImportId;
use preau_storage_database::{DbError, Scope, Tx, params};

use super::rows::{self, import_columns};
use super::{Store, retrying};
use crate::domain::oneroster::Problem;
use crate::domain::{Import, ImportRefusal, School};
use crate::error::Error;

/// How long the zip of an import that nobody applies is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);

impl Store {
    /// An import without its problems: what an authorization is decided from, so it asks for none.
    pub(crate) async fn import(&self, id: ImportId) -> Result<Option<Import>, Error> {
        let row = self
            .db
            .fetch_optional(
                Scope::Platform,
                concat!(
                    "SELECT ",
                    import_columns!(),
                    " FROM imports WHERE import_id = $1"
                ),
                params![id.to_string()],
            )
            .await?;
        row.as_ref().map(rows::import).transpose()
    }

    /// What is wrong with an import.
    pub(crate) async fn problems(
        &self,
        import: &Authorized<Import>,
    ) -> Result<Vec<Problem>, Error> {
        let import = import.get();
        let school = import.school.id.to_string();
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(&school),
                "SELECT file, line, in_column, value, reason, message
                 FROM import_problems
                 WHERE import_id = $1 AND school_id = $2
                 ORDER BY position",
                params![import.id.to_string(), school.as_str()],
            )
            .await?;
        rows.iter().map(rows::problem).collect()
    }

    /// Up to `limit` imports of a school that began before `before`, newest first.
    pub(crate) async fn imports_before(
        &self,
        school: &Authorized<School>,
        before: &str,
        limit: u32,
    ) -> Result<Vec<Import>, Error> {
        let school = school.get().id.to_string();
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(&school),
                concat!(
                    "SELECT ",
                    import_columns!(),
                    " FROM imports
                     WHERE school_id = $1 AND import_id < $2
                     ORDER BY import_id DESC
                     LIMIT $3"
                ),
                params![school.as_str(), before, limit],
            )
            .await?;
        rows.iter().map(rows::import).collect()
    }

    /// A new import of the authorized school. It replaces the school's earlier ones, whose zips are dropped, unless they
    /// are being applied: a school has one import under way.
    pub(crate) async fn begin_import(
        &self,
        school: &Authorized<School>,
        import: &Import,
    ) -> Result<(), Error> {
        debug_assert_eq!(
            school.get(),
            &import.school,
            "the proof is of another school"
        );
        Ok(retrying(|| self.insert_import(import)).await?)
    }

    async fn insert_import(&self, import: &Import) -> Result<(), DbError> {
        let school = import.school.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        super::planning::lock_school(&mut tx, &school, 1).await?;
        drop_open(&mut tx, &school, i64::MAX).await?;
        tx.execute(
            "INSERT INTO imports (import_id, school_id, authority_id, state, size, created_by, created_at)
             VALUES ($1, $2, $3, 1, $4, $5, $6)",
            params![
                import.id.to_string(),
                school.as_str(),
                import.school.authority.to_string(),
                i64::try_from(import.size).unwrap_or(i64::MAX),
                import.created_by.to_string(),
                import.created_at.0,
            ],
        )
        .await?;
        tx.execute(
            "UPDATE imports SET replaced_by = $2
             WHERE school_id = $1 AND import_id <> $2 AND state < 4 AND replaced_by IS NULL",
            params![school.as_str(), import.id.to_string()],
        )
        .await?;
        tx.commit().await
    }

    /// Keeps one part; the one that was there under its number goes. Answers how many are missing.
    ///
    /// # Errors
    /// [`ImportRefusal::Closed`].
    pub(crate) async fn put_part(
        &self,
        import: &Authorized<Import>,
        index: u32,
        data: &[u8],
    ) -> Result<u32, Error> {
        let import = import.get();
        if !retrying(|| self.upsert_part(import, index, data)).await? {
            return Err(ImportRefusal::Closed.into());
        }
        let missing = self.missing_parts(import).await?.len();
        Ok(u32::try_from(missing).unwrap_or(u32::MAX))
    }

    async fn upsert_part(&self, import: &Import, index: u32, data: &[u8]) -> Result<bool, DbError> {
        let school = import.school.id.to_string();
        let id = import.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&school)).await?;
        // Held until the end: no validation begins to read between this and the commit.
        let open = tx
            .execute(
                "UPDATE imports SET state = state
                 WHERE import_id = $1 AND school_id = $2 AND state = 1 AND replaced_by IS NULL",
                params![id.as_str(), school.as_str()],
            )
            .await?;
        if open == 0 {
            return Ok(false);
        }
        tx.execute(
            "INSERT INTO import_parts (import_id, part_index, school_id, data)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (import_id, part_index) DO UPDATE SET data = excluded.data",
            params![id.as_str(), index, school.as_str(), data],
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The numbers of the parts that are not here.
    pub(crate) async fn missing_parts(&self, import: &Import) -> Result<Vec<u32>, Error> {
        let school = import.school.id.to_string();
        let rows = self
            .db
            .fetch_all(
                Scope::Tenant(&school),
                "SELECT part_index FROM import_parts WHERE import_id = $1 AND school_id = $2",
                params![import.id.to_string(), school.as_str()],
            )
            .await?;
        let here = rows
            .iter()
            .map(|row| row.int(0))
            .collect::<Result<std::collections::HashSet<i64>, _>>()?;
        Ok((0..import.part_count())
            .filter(|index| !here.contains(&i64::from(*index)))
            .collect())
    }

    /// The zip, whose parts are all here. Costs its size in memory, and a part's.
    pub(crate) async fn zip(&self, import: &Authorized<Import>) -> Result<Vec<u8>, Error> {
        let import = import.get();
        let school = import.school.id.to_string();
        let mut zip = Vec::with_capacity(usize::try_from(import.size).unwrap_or_default());
        for index in 0..import.part_count() {
            let row = self
                .db
                .fetch_one(
                    Scope::Tenant(&school),
                    "SELECT data FROM import_parts WHERE import_id = $1 AND part_index = $2 AND school_id = $3",
                    params![import.id.to_string(), index, school.as_str()],
                )
                .await?;
            zip.extend(row.bytes(0)?);
        }
        Ok(zip)
    }

    /// Drops the zips of imports that began more than a day ago and that nobody applied.
    pub(crate) async fn drop_stale_zips(&self, now: Timestamp) -> Result<(), Error> {
        let before = now.0 - i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
        let rows = self
            .db
            .fetch_all(
                Scope::Platform,
                "SELECT DISTINCT i.school_id
                 FROM imports i JOIN import_parts p ON p.import_id = i.import_id
                 WHERE i.state < 4 AND i.created_at < $1",
                params![before],
            )
            .await?;
        for row in rows {
            let school = row.text(0)?;
            retrying(|| self.drop_zips_of(&school, before)).await?;
        }
        Ok(())
    }

    async fn drop_zips_of(&self, school: &str, before: i64) -> Result<(), DbError> {
        let mut tx = self.db.begin(Scope::Tenant(school)).await?;
        super::planning::lock_school(&mut tx, school, 1).await?;
        drop_open(&mut tx, school, before).await?;
        tx.commit().await
    }
}

/// Takes from a school's undecided imports, begun before `before`, what they would be applied from. One that was ready
/// is so no more; summaries and problems stay to be read.
async fn drop_open(tx: &mut Tx, school: &str, before: i64) -> Result<(), DbError> {
    macro_rules! undecided {
        ($table:literal) => {
            concat!(
                "DELETE FROM ",
                $table,
                " WHERE school_id = $1 AND import_id IN
                 (SELECT import_id FROM imports WHERE school_id = $1 AND state < 4 AND created_at < $2)"
            )
        };
    }
    for sql in [
        undecided!("import_parts"),
        undecided!("import_enrolments"),
        undecided!("import_classes"),
        undecided!("import_people"),
        "UPDATE imports SET state = 1 WHERE school_id = $1 AND state = 3 AND created_at < $2",
    ] {
        tx.execute(sql, params![school, before]).await?;
    }
    Ok(())
}
