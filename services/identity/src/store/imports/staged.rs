//! What committing would do, as known now.

use std::collections::HashMap;

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::PersonId;
use preau_storage_database::{Dialect, Row, Scope, Value};

use super::{Columns, Import, Staging, Store, StoreError, refused_grant, statements};
use crate::domain::import::{Answered, MAX_BATCHES, Outcome, Reason, Refusal};

/// The answer to a staged batch.
pub(crate) struct StagedBatch {
    /// In the order of the batch.
    pub(crate) people: Vec<Answered>,
    /// How many of the batch's absent would be disabled.
    pub(crate) disabled: u32,
}

impl Store {
    pub(crate) async fn staged(
        &self,
        import: &Import,
        batch: u32,
        now: Timestamp,
    ) -> Result<StagedBatch, StoreError> {
        let values = import.values(now, (batch, batch));
        let mut refused = HashMap::new();
        let [refusals, outcomes, disabled] = self
            .read(
                [
                    statements::REFUSALS,
                    statements::OUTCOMES,
                    statements::DISABLED,
                ],
                &values,
            )
            .await?;
        for row in &refusals {
            // The first reason counts.
            refused.entry(row.int(1)?).or_insert(refusal(row)?.1);
        }
        let people = outcomes.iter().map(|row| {
            let asked = Columns::of(row, "import_people").parse(1, "person id")?;
            let refusal = refused.remove(&row.int(0)?);
            let becomes_administrator = refusal.is_none() && row.int(4)? != 0;
            let becomes_disabled = refusal.is_none() && row.int(5)? != 0;
            let outcome = match refusal {
                Some(refusal) => Outcome::Refused(refusal),
                None => outcome(row)?,
            };
            Ok(Answered {
                asked,
                outcome,
                becomes_administrator,
                becomes_disabled,
            })
        });
        let people = people.collect::<Result<_, StoreError>>()?;
        let disabled = match disabled.first() {
            Some(row) => u32::try_from(row.int(0)?).unwrap_or(u32::MAX),
            None => 0,
        };
        Ok(StagedBatch { people, disabled })
    }

    /// Why the import cannot be committed, person by person; empty when it can. What its stager may grant is asked
    /// again: they may have been dismissed since, or somebody whom the file leaves as they were.
    pub(crate) async fn refusals(
        &self,
        import: &Import,
        staging: &Staging<'_>,
    ) -> Result<Vec<(PersonId, Refusal)>, StoreError> {
        let values = import.values(staging.now, (0, MAX_BATCHES));
        let asked = [statements::REFUSALS, statements::GRANTS_WANTED];
        let [refusals, wanted] = self.read(asked, &values).await?;
        let grants = wanted
            .iter()
            .filter_map(|row| refused_grant(row, staging).transpose());
        refusals.iter().map(refusal).chain(grants).collect()
    }

    // On SQLite outside a transaction: there a transaction would keep writers waiting.
    async fn read<const N: usize>(
        &self,
        statements: [&'static str; N],
        values: &[Value],
    ) -> Result<[Vec<Row>; N], StoreError> {
        let mut answers = [const { Vec::new() }; N];
        let asked = answers.iter_mut().zip(statements);
        if self.db.dialect() == Dialect::Sqlite {
            for (answer, sql) in asked {
                *answer = self.db.fetch_all(Scope::Platform, sql, values).await?;
            }
            return Ok(answers);
        }
        let mut tx = self.db.begin_bulk(Scope::Platform).await?;
        for (answer, sql) in asked {
            *answer = tx.fetch_all(sql, values).await?;
        }
        tx.commit().await?;
        Ok(answers)
    }
}

fn refusal(row: &Row) -> Result<(PersonId, Refusal), StoreError> {
    let columns = Columns::of(row, "import_people");
    let reason = Reason::parse(row.str(3)?).ok_or_else(|| columns.damaged("reason"))?;
    Ok((
        columns.parse(2, "person id")?,
        Refusal::new(reason, row.str(4)?, row.str(5)?),
    ))
}

fn outcome(row: &Row) -> Result<Outcome, StoreError> {
    let columns = Columns::of(row, "import_people");
    let target = columns.parse(2, "person id")?;
    match row.str(3)? {
        "new" => Ok(Outcome::New(target)),
        "adopted" => Ok(Outcome::Adopted(target)),
        "changed" => Ok(Outcome::Changed(target)),
        "unchanged" => Ok(Outcome::Unchanged(target)),
        _ => Err(columns.damaged("outcome")),
    }
}
