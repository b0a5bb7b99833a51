//! No school sees another's rows, whatever a statement forgets.

use preau_kernel::ids::LeaseId;
use preau_storage_database::{Scope, params, testing};

use super::{HOUR, MIGRATIONS, NOW, Store, at, device, school, sent};
use crate::domain::{Action, Assertion};
use crate::store::Desired;

#[tokio::test]
async fn row_level_security_shows_a_school_its_own_rows_alone() {
    let db = testing::postgres(&MIGRATIONS).await;
    let store = Store::new(db.clone());
    let device = device(&store, school()).await;
    sent(&store, &device, "one", Action::Unlock).await;
    let assertion = Assertion {
        device: device.id,
        jti: "0123456789abcdef".into(),
        expires: NOW.plus(HOUR),
    };
    let begun = store
        .begin_session(&device, &assertion, [1; 32], at(60), NOW)
        .await;
    assert!(begun.unwrap());
    let desired = Desired {
        school: device.school.id,
        hash: [2; 32],
        revision: 1,
    };
    store.announce(desired, NOW).await.unwrap();
    let lease = LeaseId::new();
    store.take_lease(lease, at(30), NOW).await.unwrap();
    let row = [(device.id, device.school.id)];
    store.see(&row, Some(lease), NOW).await.unwrap();

    let (own, other) = (device.school.id.to_string(), school().id.to_string());
    for (sql, in_own, in_other) in [
        ("SELECT COUNT(*) FROM enrolment_tokens", 1, 0),
        ("SELECT COUNT(*) FROM devices", 1, 0),
        ("SELECT COUNT(*) FROM certificates", 1, 0),
        ("SELECT COUNT(*) FROM device_sessions", 1, 0),
        ("SELECT COUNT(*) FROM assertions", 1, 0),
        ("SELECT COUNT(*) FROM commands", 1, 0),
        ("SELECT COUNT(*) FROM desired_states", 1, 0),
        ("SELECT COUNT(*) FROM sightings", 1, 0),
        ("SELECT COUNT(*) FROM events", 2, 0),
        // Of processes, not of schools: whether one lives is no secret.
        ("SELECT COUNT(*) FROM leases", 1, 1),
    ] {
        for (tenant, expected) in [(&own, in_own), (&other, in_other)] {
            let row = db.fetch_one(Scope::Tenant(tenant), sql, params![]).await;
            assert_eq!(row.unwrap().int(0).unwrap(), expected, "{sql}");
        }
    }
    // Seen by everybody, written by no school.
    let mut tx = db.begin(Scope::Tenant(&own)).await.unwrap();
    let written = tx.execute("UPDATE leases SET until = 0", params![]).await;
    assert_eq!(written.unwrap(), 0);
    drop(tx);
    db.close().await;
}
