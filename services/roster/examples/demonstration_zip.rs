//! Packs `tests/data/demonstration/` into `tests/data/demonstration-school.zip`, to be run after a change of the
//! sources: `cargo run -p preau-roster --example demonstration_zip`. Files stand in the order in which they refer to
//! each other, under one date, so that the same sources give the same zip.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

const FILES: [&str; 8] = [
    "manifest.csv",
    "orgs.csv",
    "academicSessions.csv",
    "courses.csv",
    "classes.csv",
    "users.csv",
    "roles.csv",
    "enrollments.csv",
];

fn main() -> Result<(), Box<dyn Error>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
    let mut zip = ZipWriter::new(fs::File::create(data.join("demonstration-school.zip"))?);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for name in FILES {
        zip.start_file(name, options)?;
        zip.write_all(&fs::read(data.join("demonstration").join(name))?)?;
    }
    zip.finish()?;
    Ok(())
}
