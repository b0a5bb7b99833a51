//! The manifest: which version, and which files are there.

use std::collections::HashMap;

use super::archive::{self, Archive};
use super::header;
use super::problems::{Place, Problems, Reason};
use super::records::{Record, Records};
use super::schema::{DEMOGRAPHICS, FILES, IGNORED, MANIFEST, MANIFEST_COLUMNS};

/// The version of manifests.
const MANIFEST_VERSION: &str = "1.0";

/// One property: the line it stands on, and its value.
type Properties = HashMap<String, (u32, String)>;

/// Checks the manifest and that the zip is what it says. Every problem here is of a whole file.
pub(super) fn check(archive: &mut Archive<'_>, problems: &mut Problems) {
    if !archive.holds(MANIFEST) {
        let text = "the zip has no manifest.csv: export a OneRoster 1.2 CSV zip in bulk, with its manifest";
        problems.add(Place::file(MANIFEST), Reason::ManifestMissing, text);
        return;
    }
    let Some(properties) = read(archive, problems) else {
        return;
    };
    check_versions(&properties, problems);
    if problems.is_empty() {
        check_required(archive, &properties, problems);
        check_others(archive, &properties, problems);
        check_entries(archive, problems);
    }
}

fn read(archive: &mut Archive<'_>, problems: &mut Problems) -> Option<Properties> {
    let mut records = Records::new(archive.read(MANIFEST, problems)?);
    let mut properties = Properties::new();
    let mut record = Record::default();
    let mut width = None;
    loop {
        match records.next(&mut record) {
            Err(error) => {
                let (reason, text) = archive::reading_failed(&error);
                problems.add(Place::file(MANIFEST), reason, text);
                return None;
            }
            Ok(false) => break,
            Ok(true) => {}
        }
        match width {
            None => {
                width = Some(header::check(
                    MANIFEST,
                    MANIFEST_COLUMNS,
                    &record,
                    problems,
                )?)
            }
            Some(width) => property(&record, width, &mut properties, problems),
        }
    }
    if width.is_none() {
        let text = "the manifest is empty: export it again";
        problems.add(Place::file(MANIFEST), Reason::EmptyFile, text);
        return None;
    }
    Some(properties)
}

fn property(record: &Record, width: usize, properties: &mut Properties, problems: &mut Problems) {
    let place = Place::file(MANIFEST).line(record.line);
    let text = |index| std::str::from_utf8(record.field(index));
    let (Ok(name), Ok(value)) = (text(0), text(1)) else {
        problems.add(place, Reason::InvalidUtf8, super::rows::NOT_UTF8);
        return;
    };
    if record.fault.is_some() || record.len() != width {
        let text = "not a property and its value: write the two with one comma between them";
        problems.add(place, Reason::FieldCount, text);
        return;
    }
    let entry = (record.line, value.to_owned());
    if properties.insert(name.to_owned(), entry).is_some() {
        let text = "the property stands there twice: keep one";
        problems.add(
            place.column("propertyName", name),
            Reason::DuplicateProperty,
            text,
        );
    }
}

fn check_versions(properties: &Properties, problems: &mut Problems) {
    let is_manifest = |version: &str| version == MANIFEST_VERSION;
    let is_roster = |version: &str| version == "1.2" || version.starts_with("1.2.");
    check_version(
        "manifest.version",
        MANIFEST_VERSION,
        is_manifest,
        properties,
        problems,
    );
    check_version("oneroster.version", "1.2", is_roster, properties, problems);
}

fn check_version(
    name: &str,
    wanted: &str,
    fits: impl Fn(&str) -> bool,
    properties: &Properties,
    problems: &mut Problems,
) {
    match properties.get(name) {
        None => {
            let text = format!("the manifest does not say {name}: add it, with the value {wanted}");
            let place = Place::file(MANIFEST).column("propertyName", name);
            problems.add(place, Reason::MissingProperty, text);
        }
        Some((line, value)) if !fits(value) => {
            let text = format!("{name} must be {wanted}: export the roster as OneRoster 1.2 CSV");
            let place = Place::file(MANIFEST).line(*line).column("value", value);
            problems.add(place, Reason::UnsupportedVersion, text);
        }
        Some(_) => {}
    }
}

/// The files that a roster consists of must be announced in bulk, and be there.
fn check_required(archive: &Archive<'_>, properties: &Properties, problems: &mut Problems) {
    for file in FILES {
        let property = format!("file.{}", file.name());
        let Some((line, value)) = properties.get(&property) else {
            let text = format!("the manifest does not say {property}: add it, with the value bulk");
            let place = Place::file(MANIFEST).column("propertyName", &property);
            problems.add(place, Reason::MissingProperty, text);
            continue;
        };
        let place = Place::file(MANIFEST).line(*line).column("value", value);
        match value.as_str() {
            "bulk" if archive.holds(file.entry()) => {}
            "bulk" => {
                let text = "the manifest announces this file and the zip has none: export it again";
                problems.add(Place::file(file.entry()), Reason::FileMissing, text);
            }
            "absent" => {
                let text = format!(
                    "an import needs {}: export the whole roster in bulk",
                    file.entry()
                );
                problems.add(place, Reason::FileMissing, text);
            }
            _ => unknown_mode(place, problems),
        }
    }
}

/// Of other files, those of OneRoster 1.2 may be announced, and are not read.
fn check_others(archive: &Archive<'_>, properties: &Properties, problems: &mut Problems) {
    let mut announced: Vec<_> = properties
        .iter()
        .filter_map(|(name, (line, value))| {
            Some((name.strip_prefix("file.")?, *line, value.as_str()))
        })
        .filter(|(name, ..)| !FILES.iter().any(|file| file.name() == *name))
        .collect();
    announced.sort_by_key(|(_, line, _)| *line);
    for (name, line, value) in announced {
        let place = Place::file(MANIFEST).line(line);
        let entry = format!("{name}.csv");
        if name == DEMOGRAPHICS {
            if value != "absent" {
                demographics(place.column("value", value), problems);
            }
        } else if !IGNORED.contains(&name) {
            let text = "no file of OneRoster 1.2: remove the line";
            problems.add(
                place.column("propertyName", name),
                Reason::UnknownFile,
                text,
            );
        } else if value == "bulk" && !archive.holds(&entry) {
            let text = "the manifest announces this file and the zip has none: export it again";
            problems.add(Place::file(&entry), Reason::FileMissing, text);
        } else if value == "absent" && archive.holds(&entry) {
            not_announced(&entry, problems);
        } else if value != "bulk" && value != "absent" {
            unknown_mode(place.column("value", value), problems);
        }
    }
    let unannounced = IGNORED
        .iter()
        .filter(|name| !properties.contains_key(&format!("file.{name}")));
    for name in unannounced {
        let entry = format!("{name}.csv");
        if archive.holds(&entry) {
            not_announced(&entry, problems);
        }
    }
}

fn check_entries(archive: &Archive<'_>, problems: &mut Problems) {
    for entry in archive.names() {
        let name = entry.strip_suffix(".csv").unwrap_or_default();
        if name == DEMOGRAPHICS {
            demographics(Place::file(entry), problems);
        } else if entry != MANIFEST
            && !IGNORED.contains(&name)
            && !FILES.iter().any(|file| file.entry() == entry)
        {
            let text = "no file of OneRoster 1.2: remove it from the zip";
            problems.add(Place::file(entry), Reason::UnknownFile, text);
        }
    }
}

fn not_announced(entry: &str, problems: &mut Problems) {
    let text = "the zip has this file and the manifest does not announce it: remove it, or write bulk in the manifest";
    problems.add(Place::file(entry), Reason::FileNotAnnounced, text);
}

fn demographics(place: Place<'_>, problems: &mut Problems) {
    let text = "demographics hold ethnic origin, which may not be kept in France (law of 6 January 1978, article 6): \
                export without this file";
    problems.add(place, Reason::DemographicsRefused, text);
}

fn unknown_mode(place: Place<'_>, problems: &mut Problems) {
    if place.value == "delta" {
        let text = "a delta holds changes only: export the whole roster in bulk";
        problems.add(place, Reason::DeltaUnsupported, text);
    } else {
        let text = "not one of the words allowed here: write absent or bulk";
        problems.add(place, Reason::UnknownEnumeration, text);
    }
}
