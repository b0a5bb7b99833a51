//! Taking an import over.

use preau_kernel::clock::Timestamp;
use preau_storage_database::{Scope, Tx, Value, params};

use super::{Import, Store, StoreError, forget_staged, statements};

/// Rows that did not come to stand as staged: somebody was faster than the check.
const NOT_TAKEN_OVER: &str = "SELECT COUNT(*) FROM import_people s
    LEFT JOIN people p ON p.id = s.target AND p.school_id = $2
    LEFT JOIN accounts a ON a.person_id = s.target AND a.login_key = s.login_key
    WHERE s.import_id = $1 AND (p.id IS NULL OR a.person_id IS NULL)";

/// Accounts of the import that have no password and may be used.
const WITHOUT_PASSWORD: &str = "SELECT COUNT(*) FROM import_people s
    JOIN accounts a ON a.person_id = s.target JOIN people p ON p.id = s.target
    WHERE s.import_id = $1 AND a.password_hash = '' AND p.disabled_at IS NULL";

impl Store {
    /// Everything that was staged, in one transaction; answers how many accounts have no password. An import that was
    /// committed meanwhile answers what it answered then.
    ///
    /// For an import without [`refusals`](Store::refusals). Whatever changed since they were read makes it
    /// [`StoreError::ImportChanged`]: nothing is stored.
    pub(crate) async fn commit_import(
        &self,
        import: &Import,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let school = import.school.to_string();
        let mut tx = self.db.begin_bulk(Scope::Tenant(&school)).await?;
        if let Some(without) = take_over(&mut tx, import).await? {
            // Whoever committed it may still wait to be durable; committing nothing waits for the same.
            tx.commit().await?;
            return Ok(without);
        }
        let values = import.values(now, (0, 0));
        for sql in statements::COMMIT {
            run(&mut tx, sql, &values).await?;
        }
        tx.execute(statements::END_GRANTS_OF_ABSENT, &values[..4])
            .await?;
        let missed = count(&mut tx, NOT_TAKEN_OVER, &values[..2]).await?;
        if missed > 0 {
            return Err(StoreError::ImportChanged);
        }
        let without = count(&mut tx, WITHOUT_PASSWORD, &values[..1]).await?;
        forget_staged(&mut tx, &import.id.to_string()).await?;
        let sql =
            "UPDATE people_imports SET committed_at = $2, without_password = $3 WHERE id = $1";
        tx.execute(sql, params![&values[0], now.0, without]).await?;
        tx.commit().await?;
        Ok(u32::try_from(without).unwrap_or(u32::MAX))
    }
}

// Imports of one school take turns; of one import, whoever comes second is answered what the first was.
async fn take_over(tx: &mut Tx, import: &Import) -> Result<Option<u32>, StoreError> {
    let sql = "UPDATE schools SET created_at = created_at WHERE id = $1";
    tx.execute(sql, params![import.school.to_string()]).await?;
    let sql = "UPDATE people_imports SET changes = changes + 1
               WHERE id = $1 AND changes = $2 AND committed_at IS NULL";
    let values = params![import.id.to_string(), import.changes];
    if tx.execute(sql, values).await? > 0 {
        return Ok(None);
    }
    let sql = "SELECT without_password FROM people_imports
               WHERE id = $1 AND committed_at IS NOT NULL";
    let values = params![import.id.to_string()];
    let row = tx.fetch_optional(sql, values).await?;
    let row = row.ok_or(StoreError::ImportChanged)?;
    Ok(Some(u32::try_from(row.int(0)?).unwrap_or(u32::MAX)))
}

async fn run(tx: &mut Tx, sql: &'static str, values: &[Value]) -> Result<(), StoreError> {
    // A statement takes the parameters up to the last that it names.
    let named = (1..=values.len())
        .rev()
        .find(|n| sql.contains(&format!("${n}")));
    let values = &values[..named.unwrap_or(0)];
    match tx.execute(sql, values).await {
        Ok(_) => Ok(()),
        // A login that somebody took after the check.
        Err(error) if error.is_unique() => Err(StoreError::ImportChanged),
        Err(error) => Err(error.into()),
    }
}

async fn count(tx: &mut Tx, sql: &'static str, values: &[Value]) -> Result<i64, StoreError> {
    Ok(tx.fetch_one(sql, values).await?.int(0)?)
}
