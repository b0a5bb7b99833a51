//! The vault's errors in the caller's words.

use std::fmt::Write;
use std::time::Duration;

use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::NodeId;
use preau_storage_vault::VaultError;

use super::database;

/// Ranges of missing parts told in an error. Errors travel in headers, whose size is limited; GetUpload tells all.
const TOLD_RANGES: usize = 32;

pub(super) fn failure(node: Option<NodeId>, error: VaultError) -> Failure {
    match error {
        VaultError::NoSuchUpload => Failure::not_found("upload"),
        VaultError::NoSuchContent => Failure::not_found("file"),
        VaultError::Full => database::full().because(error),
        VaultError::Db(error) => database::failure(&error),
        VaultError::Corrupt { part, .. } => corrupt(node, part).because(error),
        VaultError::Site(_) | VaultError::Interrupted => Failure::new(
            Kind::Unavailable,
            "STORAGE_UNAVAILABLE",
            "the storage does not answer; what was acknowledged is safe: try again",
        )
        .retry_after(Duration::from_secs(1))
        .because(source_text(&error)),
        VaultError::UnknownSite { .. }
        | VaultError::Key { .. }
        | VaultError::Config(_)
        | VaultError::Inconsistent(_) => Failure::internal(source_text(&error)),
        callers => callers_fault(&callers),
    }
}

/// What the caller sent does not fit the upload, or the file.
fn callers_fault(error: &VaultError) -> Failure {
    let said = error.to_string();
    let precondition =
        |reason: &'static str| Failure::new(Kind::FailedPrecondition, reason, said.clone());
    let wrong = |reason: &'static str, field: &str| {
        Failure::new(Kind::InvalidArgument, reason, format!("{field}: {said}"))
            .field(field, said.clone())
    };
    match error {
        VaultError::WrongIndex { .. } => wrong("PART_INDEX_WRONG", "index"),
        VaultError::WrongLength { .. } => wrong("PART_LENGTH_WRONG", "data"),
        VaultError::WrongHash { .. } => wrong("PART_HASH_WRONG", "sha256"),
        VaultError::FileHashMismatch => wrong("FILE_HASH_WRONG", "blake3"),
        VaultError::TooLarge => wrong("FILE_TOO_LARGE", "size"),
        VaultError::OutOfRange => {
            Failure::new(Kind::OutOfRange, "RANGE_OUTSIDE", format!("offset: {said}"))
                .field("offset", said)
        }
        VaultError::PartConflict { .. } => precondition("PART_CONFLICT"),
        VaultError::PartsMissing { missing } => {
            precondition("PARTS_MISSING").meta("missing", ranges(missing))
        }
        VaultError::UploadClosed => precondition("UPLOAD_CLOSED"),
        VaultError::UploadExpired => precondition("UPLOAD_EXPIRED"),
        other => Failure::internal(source_text(other)),
    }
}

fn corrupt(node: Option<NodeId>, part: u32) -> Failure {
    let of = node.map_or_else(String::new, |node| format!(" of file {node}"));
    let text = format!(
        "part {part}{of} is damaged in the storage and was not given out: tell the operator"
    );
    let failure =
        Failure::new(Kind::DataLoss, "RECORD_CORRUPT", text).meta("part", part.to_string());
    match node {
        Some(node) => failure.meta("node_id", node.to_string()),
        None => failure,
    }
}

/// As in `3-7,9`; ends in `…` where more follow.
fn ranges(missing: &[(u32, u32)]) -> String {
    let mut text = String::new();
    for (place, &(first, count)) in missing.iter().take(TOLD_RANGES).enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let last = first.saturating_add(count.saturating_sub(1));
        // Writing to a String cannot fail.
        let _ = if last == first {
            write!(text, "{comma}{first}")
        } else {
            write!(text, "{comma}{first}-{last}")
        };
    }
    if missing.len() > TOLD_RANGES {
        text.push_str(",…");
    }
    text
}

/// An error and what caused it: for the operator.
fn source_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let _ = write!(text, ": {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_parts_are_told_as_ranges_and_never_too_many() {
        assert_eq!(ranges(&[(3, 5), (9, 1)]), "3-7,9");
        let many: Vec<_> = (0..4096).map(|index| (index * 2, 1)).collect();
        let text = ranges(&many);
        assert!(text.ends_with(",62,…") && text.len() < 256, "{text}");
    }

    #[test]
    fn a_corrupt_record_is_named_by_file_and_part_and_its_site_stays_inside() {
        let node = NodeId::new();
        let error = VaultError::Corrupt {
            content: "c".into(),
            part: 7,
            site: "gra".into(),
            reason: "tag".into(),
        };
        let failure = failure(Some(node), error);
        assert_eq!(
            (failure.kind, failure.reason),
            (Kind::DataLoss, "RECORD_CORRUPT")
        );
        assert!(
            failure.message.contains(&node.to_string()),
            "{}",
            failure.message
        );
        assert!(failure.message.contains("part 7"), "{}", failure.message);
        assert!(!failure.message.contains("gra"), "{}", failure.message);
        assert!(failure.internal.contains("gra"), "{}", failure.internal);
    }

    #[test]
    fn a_full_storage_reads_alike_wherever_it_is_full() {
        let site = failure(None, VaultError::Full);
        let place = "x".to_owned();
        let database = database::failure(&preau_storage_database::DbError::Full { place });
        assert_eq!(site.reason, "STORAGE_FULL");
        assert_eq!(
            (site.kind, &site.message),
            (database.kind, &database.message)
        );
    }
}
