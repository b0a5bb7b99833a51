//! Watches and leases.

use preau_kernel::ids::{LeaseId, PersonId};

use super::{NOW, at, attend, both, class, on, pupil, start, told};
use crate::domain::{Happening, Presence};

#[tokio::test]
async fn the_last_watch_closed_is_what_counts() {
    both(async |db, store| {
        let lesson = start(&store, &class(), PersonId::new(), NOW).await;
        let (lease, ada) = (LeaseId::new(), pupil());
        store.take_lease(lease, at(1_000)).await.unwrap();
        let one = attend(&store, &lesson, ada, lease).await;
        let other = attend(&store, &lesson, ada, lease).await;
        store.leave(&[(one, at(5))]).await.unwrap();
        assert_eq!(store.sweep(at(5)).await.unwrap().offline, 0);
        store
            .leave(&[(other, at(10)), (one, at(10))])
            .await
            .unwrap();
        assert_eq!(store.sweep(at(9)).await.unwrap().offline, 0);
        assert_eq!(store.sweep(at(10)).await.unwrap().offline, 1);
        assert_eq!(store.sweep(at(11)).await.unwrap().offline, 0);
        let expected =
            [Presence::Here, Presence::Offline].map(|seen| Happening::Presence(ada, seen));
        assert_eq!(told(&db, &lesson).await, expected);
        let known = store.participants(&on(&lesson)).await.unwrap();
        assert_eq!(known[&ada.person], (Presence::Offline, None));
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_ran_out_is_dead_for_good() {
    both(async |db, store| {
        let lesson = start(&store, &class(), PersonId::new(), NOW).await;
        let (killed, alive) = (LeaseId::new(), LeaseId::new());
        store.take_lease(killed, at(30)).await.unwrap();
        store.take_lease(alive, at(30)).await.unwrap();
        let (ada, ben) = (pupil(), pupil());
        attend(&store, &lesson, ada, killed).await;
        attend(&store, &lesson, ben, killed).await;
        attend(&store, &lesson, ben, alive).await;
        assert!(store.renew_lease(alive, at(60)).await.unwrap());
        assert_eq!(store.sweep(at(29)).await.unwrap().offline, 0);
        assert_eq!(store.sweep(at(30)).await.unwrap().offline, 1);
        assert!(!store.renew_lease(killed, at(60)).await.unwrap());
        let told = told(&db, &lesson).await;
        assert_eq!(told[2..], [Happening::Presence(ada, Presence::Offline)]);
        // It is gone altogether when nothing refers to it.
        store.sweep(at(31)).await.unwrap();
        let attendance = super::Attendance {
            id: super::AttendanceId::new(),
            member: ada,
            lease: killed,
        };
        assert!(
            store
                .attend(&on(&lesson), attendance, at(31))
                .await
                .is_err()
        );
    })
    .await;
}

#[tokio::test]
async fn people_who_come_and_go_while_others_sweep_end_as_they_are() {
    both(async |db, store| {
        let lesson = start(&store, &class(), PersonId::new(), NOW).await;
        let lease = LeaseId::new();
        store.take_lease(lease, at(1_000)).await.unwrap();
        let pupils: Vec<_> = (0..6).map(|_| pupil()).collect();
        let coming_and_going = pupils.iter().map(async |pupil| {
            for _ in 0..5 {
                let watch = attend(&store, &lesson, *pupil, lease).await;
                store.leave(&[(watch, NOW)]).await.unwrap();
            }
            attend(&store, &lesson, *pupil, lease).await;
        });
        let sweeping = async {
            for _ in 0..20 {
                store.sweep(NOW).await.unwrap();
            }
        };
        futures::future::join(futures::future::join_all(coming_and_going), sweeping).await;
        store.sweep(NOW).await.unwrap();
        let known = store.participants(&on(&lesson)).await.unwrap();
        for pupil in &pupils {
            assert_eq!(known[&pupil.person].0, Presence::Here);
            // The log says the same, and never the same twice in a row.
            let told = told(&db, &lesson).await;
            let own: Vec<_> = told
                .iter()
                .filter(|what| matches!(what, Happening::Presence(one, _) if one == pupil))
                .collect();
            assert!(own.windows(2).all(|pair| pair[0] != pair[1]), "{own:?}");
            assert_eq!(
                own.last(),
                Some(&&Happening::Presence(*pupil, Presence::Here))
            );
        }
    })
    .await;
}
