//! What is checked of a statement before either database sees it.

use crate::{DbError, Value};

/// Refuses parameters that do not fit the statement. SQLite would read a missing one as null and ignore one too many;
/// PostgreSQL has no text with a NUL character, and cannot tell the type of a null in `$1 IS NULL`.
pub(crate) fn check(sql: &str, params: &[Value]) -> Result<(), DbError> {
    let (wanted, untyped) = read_parameters(sql);
    if wanted != params.len() {
        return Err(DbError::Mismatch {
            detail: format!(
                "{wanted} parameters are named, {} given: {sql}",
                params.len()
            ),
        });
    }
    if let Some(number) = untyped {
        return Err(DbError::Mismatch {
            detail: format!("write CAST(${number} AS TEXT) IS NULL, or AS BIGINT or so: {sql}"),
        });
    }
    let has_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    match params.iter().position(has_nul) {
        Some(index) => Err(DbError::Mismatch {
            detail: format!("parameter {} is text with a NUL character", index + 1),
        }),
        None => Ok(()),
    }
}

/// The largest n of `$n` outside quotes, and the first n of a `$n IS`.
fn read_parameters(sql: &str) -> (usize, Option<usize>) {
    let (mut highest, mut untyped) = (0, None);
    let mut quoted = false;
    let mut bytes = sql.as_bytes();
    while let [byte, rest @ ..] = bytes {
        bytes = rest;
        match byte {
            b'\'' => quoted = !quoted,
            b'$' if !quoted => {
                let mut number = 0_usize;
                while let [digit @ b'0'..=b'9', rest @ ..] = bytes {
                    number = number * 10 + usize::from(digit - b'0');
                    bytes = rest;
                }
                highest = highest.max(number);
                if let [b' ', b'I' | b'i', b'S' | b's', b' ', ..] = bytes {
                    untyped.get_or_insert(number);
                }
            }
            _ => {}
        }
    }
    (highest, untyped)
}

#[cfg(test)]
mod tests {
    use super::{check, read_parameters};
    use crate::{Value, params};

    #[test]
    fn parameters_are_counted_outside_quotes() {
        assert_eq!(read_parameters("SELECT 1"), (0, None));
        let sql = "SELECT $2, $1, '$9 IS it''s $8', $12";
        assert_eq!(read_parameters(sql), (12, None));
    }

    #[test]
    fn a_parameter_whose_null_has_no_type_is_refused() {
        assert_eq!(read_parameters("SELECT 1 WHERE $1 IS NULL"), (1, Some(1)));
        assert!(check("SELECT 1 WHERE $1 is not null", params![1_i64]).is_err());
        assert!(check("SELECT 1 WHERE CAST($1 AS TEXT) IS NULL", params!["a"]).is_ok());
    }

    #[test]
    fn a_wrong_number_of_parameters_is_refused() {
        assert!(check("SELECT $1, $1", params![1_i64]).is_ok());
        assert!(check("SELECT $1", &[]).is_err());
        assert!(check("SELECT 1", params![1_i64]).is_err());
    }

    #[test]
    fn text_with_a_nul_character_is_refused() {
        assert!(check("SELECT $1", params!["a\0b"]).is_err());
        assert!(check("SELECT $1", &[Value::Bytes(vec![0])]).is_ok());
    }
}
