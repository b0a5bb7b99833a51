//! Sightings and leases.

use futures::future::join;
use preau_kernel::ids::{DeviceId, LeaseId, SchoolId};
use preau_storage_database::{Scope, params};

use super::{NOW, at, both, device, school};

#[tokio::test]
async fn a_device_is_watched_while_the_lease_lives_that_it_was_last_written_with() {
    both(async |_, store| {
        let device = device(&store, school()).await;
        let row = [(device.id, device.school.id)];
        let (old, new) = (LeaseId::new(), LeaseId::new());
        store.take_lease(old, at(30), NOW).await.unwrap();
        store.take_lease(new, at(60), NOW).await.unwrap();
        let seen = async |now| {
            let device = store.device(device.id, now).await.unwrap().unwrap();
            (device.is_watching, device.last_seen)
        };
        assert_eq!(seen(NOW).await, (false, None));
        store.see(&row, Some(old), at(1)).await.unwrap();
        assert_eq!(seen(at(29)).await, (true, Some(at(1))));
        assert_eq!(seen(at(30)).await, (false, Some(at(1))));
        // It came to another process before the first noticed that it had gone.
        store.see(&row, Some(new), at(2)).await.unwrap();
        store.lose_sight(&row, Some(old), at(3)).await.unwrap();
        assert_eq!(seen(at(4)).await, (true, Some(at(3))));
        store.lose_sight(&row, Some(new), at(5)).await.unwrap();
        assert_eq!(seen(at(6)).await, (false, Some(at(5))));
    })
    .await;
}

#[tokio::test]
async fn a_device_that_came_and_went_between_two_sweeps_was_seen_and_is_not_there() {
    both(async |_, store| {
        let device = device(&store, school()).await;
        let lease = LeaseId::new();
        store.take_lease(lease, at(30), NOW).await.unwrap();
        let row = [(device.id, device.school.id)];
        store.lose_sight(&row, Some(lease), at(1)).await.unwrap();
        let device = store.device(device.id, at(2)).await.unwrap().unwrap();
        assert_eq!((device.is_watching, device.last_seen), (false, Some(at(1))));
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_ran_out_is_gone_with_the_next_that_is_taken() {
    both(async |_, store| {
        let [killed, slow, next] = [(); 3].map(|()| LeaseId::new());
        store.take_lease(killed, at(30), NOW).await.unwrap();
        store.take_lease(slow, at(30), NOW).await.unwrap();
        assert!(store.renew_lease(slow, at(50)).await.unwrap());
        store.take_lease(next, at(70), at(40)).await.unwrap();
        assert!(!store.renew_lease(killed, at(80)).await.unwrap());
        assert!(store.renew_lease(slow, at(80)).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn thousands_are_written_at_once_by_two_processes_that_name_the_same() {
    both(async |db, store| {
        let school = SchoolId::new();
        let devices: Vec<_> = (0..2_500).map(|_| (DeviceId::new(), school)).collect();
        let backwards: Vec<_> = devices
            .iter()
            .rev()
            .chain(&devices[..10])
            .copied()
            .collect();
        let (one, other) = (LeaseId::new(), LeaseId::new());
        let (first, second) = join(
            store.see(&devices, Some(one), at(1)),
            store.see(&backwards, Some(other), at(1)),
        )
        .await;
        first.unwrap();
        second.unwrap();
        let count = "SELECT COUNT(*) FROM sightings WHERE seen_at = $1";
        let row = db.fetch_one(Scope::Platform, count, params![at(1).0]).await;
        assert_eq!(row.unwrap().int(0).unwrap(), 2_500);
    })
    .await;
}
