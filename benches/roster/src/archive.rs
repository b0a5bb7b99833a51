//! Tables in a zip, without sub-folders.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::table::Table;

/// The archive's bytes. Every entry has the same date, so that the same tables give the same bytes.
///
/// # Errors
/// None that a buffer in memory has.
pub(crate) fn zip(tables: &[Table]) -> anyhow::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for table in tables {
        archive.start_file(format!("{}.csv", table.name), options)?;
        archive.write_all(&table.csv()?)?;
    }
    Ok(archive.finish()?.into_inner())
}
