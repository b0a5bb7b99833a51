//! Values into and out of SQLite.

use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow, SqliteValueRef};
use sqlx::{Arguments, Decode, Row as _, Sqlite, TypeInfo, ValueRef};

use crate::{Row, Value};

/// Runs a query; the statement is prepared once per connection.
pub(super) async fn fetch_all(
    connection: &mut SqliteConnection,
    sql: &'static str,
    params: &[Value],
) -> Result<Vec<Row>, sqlx::Error> {
    let rows = sqlx::query_with(sql, bind(params)?)
        .fetch_all(connection)
        .await?;
    rows.iter().map(read).collect()
}

/// Runs a statement; answers how many rows it changed.
pub(super) async fn execute(
    connection: &mut SqliteConnection,
    sql: &'static str,
    params: &[Value],
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query_with(sql, bind(params)?)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

fn bind(params: &[Value]) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    for value in params {
        let added = match value {
            Value::Int(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.clone()),
            Value::Bytes(value) => arguments.add(value.clone()),
            Value::Null => arguments.add(None::<i64>),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn read(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    let values = (0..row.len()).map(|index| {
        let value = row.try_get_raw(index)?;
        read_value(value).map_err(sqlx::Error::Decode)
    });
    values.collect::<Result<_, _>>().map(Row::new)
}

fn read_value(value: SqliteValueRef<'_>) -> Result<Value, BoxDynError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let kind = value.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" => Value::Int(<i64 as Decode<'_, Sqlite>>::decode(value)?),
        "TEXT" => Value::Text(<String as Decode<'_, Sqlite>>::decode(value)?),
        "BLOB" => Value::Bytes(<Vec<u8> as Decode<'_, Sqlite>>::decode(value)?),
        other => return Err(format!("a column of type {other}: cast it to BIGINT or TEXT").into()),
    })
}
