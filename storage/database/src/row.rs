use crate::{DbError, Value};

/// A row, read by position from 0. A value of another kind than asked for is [`DbError::Mismatch`], never a panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self { values }
    }

    /// The values in the order of the columns.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The number in column `index`.
    pub fn int(&self, index: usize) -> Result<i64, DbError> {
        self.opt_int(index)?
            .ok_or_else(|| mismatch(index, "a number", "null"))
    }

    /// The number in column `index` as a truth: anything but 0 is true.
    pub fn bool(&self, index: usize) -> Result<bool, DbError> {
        Ok(self.int(index)? != 0)
    }

    /// The text in column `index`.
    pub fn text(&self, index: usize) -> Result<String, DbError> {
        self.str(index).map(str::to_owned)
    }

    /// The text in column `index`, borrowed.
    pub fn str(&self, index: usize) -> Result<&str, DbError> {
        match self.value(index)? {
            Value::Text(value) => Ok(value),
            other => Err(mismatch(index, "text", kind(other))),
        }
    }

    /// The bytes in column `index`.
    pub fn bytes(&self, index: usize) -> Result<Vec<u8>, DbError> {
        match self.value(index)? {
            Value::Bytes(value) => Ok(value.clone()),
            other => Err(mismatch(index, "bytes", kind(other))),
        }
    }

    /// The bytes in column `index` where their number is fixed.
    pub fn array<const N: usize>(&self, index: usize) -> Result<[u8; N], DbError> {
        let bytes = self.bytes(index)?;
        bytes
            .try_into()
            .map_err(|bytes: Vec<u8>| DbError::Mismatch {
                detail: format!("column {index} holds {} bytes, not {N}", bytes.len()),
            })
    }

    /// The number in column `index`, or none if it is null.
    pub fn opt_int(&self, index: usize) -> Result<Option<i64>, DbError> {
        match self.value(index)? {
            Value::Int(value) => Ok(Some(*value)),
            Value::Null => Ok(None),
            other => Err(mismatch(index, "a number", kind(other))),
        }
    }

    /// The text in column `index`, or none if it is null.
    pub fn opt_text(&self, index: usize) -> Result<Option<String>, DbError> {
        match self.value(index)? {
            Value::Null => Ok(None),
            _ => self.text(index).map(Some),
        }
    }

    /// The bytes in column `index`, or none if it is null.
    pub fn opt_bytes(&self, index: usize) -> Result<Option<Vec<u8>>, DbError> {
        match self.value(index)? {
            Value::Null => Ok(None),
            _ => self.bytes(index).map(Some),
        }
    }

    fn value(&self, index: usize) -> Result<&Value, DbError> {
        self.values.get(index).ok_or_else(|| DbError::Mismatch {
            detail: format!("column {index} of a row that has {}", self.values.len()),
        })
    }
}

fn mismatch(index: usize, wanted: &str, held: &str) -> DbError {
    DbError::Mismatch {
        detail: format!("column {index} holds {held}, not {wanted}"),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Int(_) => "a number",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
        Value::Null => "null",
    }
}
