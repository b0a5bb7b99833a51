//! No school sees another's rows, whatever a statement forgets.

use preau_kernel::ids::{LeaseId, NodeId, PersonId, PushId};
use preau_storage_database::{Scope, params, testing};

use super::{MIGRATIONS, NOW, Store, at, attend, class, on, pupil, start};
use crate::domain::{Given, Line, Push, Receipt, What};

#[tokio::test]
async fn row_level_security_shows_a_school_its_own_rows_alone() {
    let db = testing::postgres(&MIGRATIONS).await;
    let store = Store::new(db.clone());
    let lesson = start(&store, &class(), PersonId::new(), NOW).await;
    let (proof, lease) = (on(&lesson), LeaseId::new());
    store.take_lease(lease, at(30)).await.unwrap();
    attend(&store, &lesson, pupil(), lease).await;
    let push = Push {
        id: PushId::new(),
        what: What::Node(NodeId::new()),
        title: Line::default(),
        at: NOW,
    };
    store.push(&proof, &push).await.unwrap();
    let receipt = Receipt {
        person: PersonId::new(),
        given: Given::Opened,
        at: NOW,
    };
    store
        .acknowledge(&proof, push.id, receipt, NOW)
        .await
        .unwrap();

    let (own, other) = (lesson.school.to_string(), class().school.to_string());
    for (sql, in_own) in [
        ("SELECT COUNT(*) FROM lessons", 1),
        ("SELECT COUNT(*) FROM participants", 1),
        ("SELECT COUNT(*) FROM attendances", 1),
        ("SELECT COUNT(*) FROM pushes", 1),
        ("SELECT COUNT(*) FROM receipts", 1),
        // Of processes, not of schools.
        ("SELECT COUNT(*) FROM leases", 0),
    ] {
        for (tenant, expected) in [(&own, in_own), (&other, 0)] {
            let row = db.fetch_one(Scope::Tenant(tenant), sql, params![]).await;
            assert_eq!(row.unwrap().int(0).unwrap(), expected, "{sql}");
        }
        let row = db.fetch_one(Scope::Platform, sql, params![]).await;
        assert_eq!(row.unwrap().int(0).unwrap(), 1, "{sql}");
    }
    db.close().await;
}
