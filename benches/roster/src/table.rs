//! One CSV file of the archive.

/// A file's name, header and rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// `users`, without its ending.
    pub name: &'static str,
    /// The columns, in the specification's order.
    pub columns: Vec<&'static str>,
    /// As many values each as there are columns.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// No rows yet; `columns` as the specification has its header line.
    pub(crate) fn new(name: &'static str, columns: &'static str) -> Self {
        Self {
            name,
            columns: columns.split(',').collect(),
            rows: Vec::new(),
        }
    }

    /// A row from the values of some columns; the others stay empty.
    pub(crate) fn push<const N: usize>(&mut self, values: [(&str, &str); N]) {
        let mut row = vec![String::new(); self.columns.len()];
        for (column, value) in values {
            let place = self.columns.iter().position(|known| *known == column);
            row[place.expect("the column is in the header above")] = value.to_owned();
        }
        self.rows.push(row);
    }

    /// RFC 4180: commas, CRLF, quotes where they must be.
    ///
    /// # Errors
    /// None that a buffer in memory has.
    pub(crate) fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        writer
            .into_inner()
            .map_err(|error| error.into_error().into())
    }
}
