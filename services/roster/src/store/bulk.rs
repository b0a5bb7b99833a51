//! Many rows in one statement: a roster has a hundred thousand, and each statement is a round trip.

use preau_storage_database::{DbError, Tx, Value};

/// Rows of one statement: with at most eight columns far below what both databases take (32,766 on SQLite).
const ROWS: usize = 250;

/// An INSERT of any number of rows.
pub(super) struct BulkInsert {
    /// Of [`ROWS`] rows.
    many: &'static str,
    /// Of one.
    one: &'static str,
    columns: usize,
}

impl BulkInsert {
    /// `head` goes up to `VALUES`, `tail` follows the rows. Made once for the life of the process (in a `LazyLock`):
    /// statements live that long, so that the databases can keep them prepared.
    pub(super) fn new(head: &str, columns: usize, tail: &str) -> Self {
        let of = |rows| format!("{head} {} {tail}", values(rows, columns)).leak();
        Self {
            many: of(ROWS),
            one: of(1),
            columns,
        }
    }

    /// Inserts the rows, whose values stand one after the other.
    pub(super) async fn run(
        &self,
        tx: &mut Tx,
        rows: impl Iterator<Item = Vec<Value>>,
    ) -> Result<(), DbError> {
        let mut values = Vec::with_capacity(ROWS * self.columns);
        for row in rows {
            values.extend(row);
            if values.len() == ROWS * self.columns {
                tx.execute(self.many, &values).await?;
                values.clear();
            }
        }
        for row in values.chunks(self.columns) {
            tx.execute(self.one, row).await?;
        }
        Ok(())
    }
}

/// `($1, $2), ($3, $4)`.
fn values(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let numbers: Vec<String> = (1..=columns)
            .map(|column| format!("${}", row * columns + column))
            .collect();
        format!("({})", numbers.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::values;

    #[test]
    fn parameters_are_numbered_row_by_row() {
        assert_eq!(values(1, 3), "($1, $2, $3)");
        assert_eq!(values(2, 2), "($1, $2), ($3, $4)");
    }
}
