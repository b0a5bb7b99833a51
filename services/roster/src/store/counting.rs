//! What a plan comes to, beside what is there.

use preau_storage_database::{DbError, Tx, params};

use super::applying::removed;
use super::planning::Plan;
use crate::domain::{Import, KnownClass, Match, PlannedClass, Summary, is_unchanged};

/// Fills in what becomes of the classes of the file.
pub(super) fn count_classes(
    summary: Summary,
    known: &[KnownClass],
    planned: &[PlannedClass],
    matches: &[Match],
) -> Summary {
    let mut counted = summary;
    for (class, found) in planned.iter().zip(matches) {
        let known = match found {
            Match::Known(place) => known.get(*place),
            Match::New => None,
        };
        match known {
            None => counted.classes_new += 1,
            Some(known) if is_unchanged(known, class) => counted.classes_unchanged += 1,
            Some(_) => counted.classes_changed += 1,
        }
    }
    counted
}

/// Fills in what becomes of enrolments, once the plan is written.
pub(super) async fn count_enrolments(
    tx: &mut Tx,
    import: &Import,
    plan: &Plan,
    summary: Summary,
) -> Result<Summary, DbError> {
    let (id, school) = (import.id.to_string(), import.school.id.to_string());
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    let there = tx
        .fetch_one(
            "SELECT COUNT(*)
             FROM import_enrolments p
             JOIN import_classes c ON c.import_id = p.import_id AND c.sourced_id = p.class_sourced_id
             JOIN enrolments e ON e.class_id = c.class_id AND e.person_id = p.person_id
             WHERE p.import_id = $1 AND p.school_id = $2",
            params![id.as_str(), school.as_str()],
        )
        .await?;
    let there = count(there.int(0)?);
    let removed = tx
        .fetch_one(
            concat!("SELECT COUNT(*) FROM enrolments WHERE ", removed!()),
            params![school.as_str(), id.as_str()],
        )
        .await?;
    let emptied = tx
        .fetch_one(
            concat!(
                "SELECT COUNT(DISTINCT class_id) FROM enrolments WHERE ",
                removed!(),
                " AND NOT EXISTS (SELECT 1 FROM import_classes c
                                  WHERE c.import_id = $2 AND c.class_id = enrolments.class_id)"
            ),
            params![school.as_str(), id.as_str()],
        )
        .await?;
    Ok(Summary {
        classes_emptied: count(emptied.int(0)?),
        enrolments_added: u32::try_from(plan.members.len())
            .unwrap_or(u32::MAX)
            .saturating_sub(there),
        enrolments_removed: count(removed.int(0)?),
        enrolments_unchanged: there,
        ..summary
    })
}
