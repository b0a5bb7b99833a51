//! Values into and out of PostgreSQL.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgConnection, PgRow, PgTypeInfo, PgValueRef, Postgres,
};
use sqlx::{
    Arguments, AssertSqlSafe, Decode, Encode, Row as _, SqlSafeStr, SqlStr, Type, TypeInfo,
    ValueRef,
};

use crate::{Row, Value};

/// Runs a query; the statement is prepared once per connection.
pub(super) async fn fetch_all(
    connection: &mut PgConnection,
    sql: &'static str,
    params: &[Value],
) -> Result<Vec<Row>, sqlx::Error> {
    let rows = sqlx::query_with(distinct(sql, params), bind(params)?)
        .fetch_all(connection)
        .await?;
    rows.iter().map(read).collect()
}

/// Runs a statement; answers how many rows it changed.
pub(super) async fn execute(
    connection: &mut PgConnection,
    sql: &'static str,
    params: &[Value],
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query_with(distinct(sql, params), bind(params)?)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// The server infers the types of nulls when it prepares a statement, and the connection keeps statements by their text:
/// with other nulls it has to be another text, or its parameters would have the types of the first call's.
fn distinct(sql: &'static str, params: &[Value]) -> SqlStr {
    let nulls = params.iter().enumerate();
    let nulls = nulls.filter(|(_, value)| **value == Value::Null);
    let marks: Vec<String> = nulls.map(|(index, _)| (index + 1).to_string()).collect();
    if marks.is_empty() {
        return sql.into_sql_str();
    }
    AssertSqlSafe(format!("{sql} /* null: {} */", marks.join(","))).into_sql_str()
}

/// A null whose type the server infers from where it stands.
struct Untyped;

impl Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

fn bind(params: &[Value]) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    for value in params {
        let added = match value {
            Value::Int(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.as_str()),
            Value::Bytes(value) => arguments.add(value.as_slice()),
            Value::Null => arguments.add(Untyped),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

fn read(row: &PgRow) -> Result<Row, sqlx::Error> {
    let values = (0..row.len()).map(|index| {
        let value = row.try_get_raw(index)?;
        read_value(value).map_err(sqlx::Error::Decode)
    });
    values.collect::<Result<_, _>>().map(Row::new)
}

fn read_value(value: PgValueRef<'_>) -> Result<Value, BoxDynError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let kind = value.type_info().into_owned();
    Ok(match kind.name() {
        "INT8" => Value::Int(<i64 as Decode<'_, Postgres>>::decode(value)?),
        "INT4" => Value::Int(<i32 as Decode<'_, Postgres>>::decode(value)?.into()),
        "INT2" => Value::Int(<i16 as Decode<'_, Postgres>>::decode(value)?.into()),
        "BOOL" => Value::Int(<bool as Decode<'_, Postgres>>::decode(value)?.into()),
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "UNKNOWN" => {
            Value::Text(<String as Decode<'_, Postgres>>::decode(value)?)
        }
        "BYTEA" => Value::Bytes(<Vec<u8> as Decode<'_, Postgres>>::decode(value)?),
        "VOID" => Value::Null,
        other => return Err(format!("a column of type {other}: cast it to BIGINT or TEXT").into()),
    })
}
