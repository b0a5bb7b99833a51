//! What is checked of a statement before either database sees it.

use crate::{DbError, Value};

/// Refuses parameters that do not fit the statement. SQLite would read a missing one as null and ignore one too many;
/// PostgreSQL has no text with a NUL character.
pub(crate) fn check(sql: &str, params: &[Value]) -> Result<(), DbError> {
    let wanted = highest_parameter(sql);
    if wanted != params.len() {
        return Err(DbError::Mismatch {
            detail: format!(
                "{wanted} parameters are named, {} given: {sql}",
                params.len()
            ),
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

/// The largest n of `$n`, outside quotes.
fn highest_parameter(sql: &str) -> usize {
    let mut highest = 0;
    let mut quoted = false;
    let mut bytes = sql.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\'' => quoted = !quoted,
            b'$' if !quoted => {
                let mut number = 0_usize;
                while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
                    number = number * 10 + usize::from(digit - b'0');
                }
                highest = highest.max(number);
            }
            _ => {}
        }
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::{check, highest_parameter};
    use crate::{Value, params};

    #[test]
    fn parameters_are_counted_outside_quotes() {
        assert_eq!(highest_parameter("SELECT 1"), 0);
        assert_eq!(highest_parameter("SELECT $2, $1, '$9 it''s $8', $12"), 12);
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
