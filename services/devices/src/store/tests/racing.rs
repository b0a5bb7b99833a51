//! Changes that come at the same time.

use futures::future::{join, join_all};
use preau_storage_database::events::Cursor;

use super::{HOUR, NOW, both, device, issue, order, proof, school, sent};
use crate::domain::{Action, Line, Refusal, State, Told};
use crate::error::Error;

#[tokio::test]
async fn of_two_ends_of_one_command_one_comes_about() {
    both(async |_, store| {
        let device = device(&store, school()).await;
        for n in 0..20 {
            let command = sent(&store, &device, &n.to_string(), Action::Unlock).await;
            let proof = proof(command.clone());
            let failed = Told::Failed(Line::default());
            let (done, failed) = join(
                store.acknowledge(&proof, &Told::Done, NOW),
                store.acknowledge(&proof, &failed, NOW),
            )
            .await;
            let known = store.command(command.id).await.unwrap().unwrap();
            let (won, lost) = match known.state {
                State::Done => (done, failed),
                _ => (failed, done),
            };
            assert!(won.unwrap());
            let state = known.state;
            assert!(matches!(lost, Err(Error::Refused(Refusal::OutOfOrder { state: now })) if now == state));
        }
    })
    .await;
}

#[tokio::test]
async fn a_command_is_accepted_or_it_expires() {
    both(async |_, store| {
        let device = device(&store, school()).await;
        let mut expired = 0;
        for n in 0..20 {
            let command = sent(&store, &device, &n.to_string(), Action::Unlock).await;
            // The device's word came in time; the sweep of another process comes a moment later.
            let proof = proof(command.clone());
            let (accepted, swept) = join(
                store.acknowledge(&proof, &Told::Accepted, NOW),
                store.expire(NOW.plus(HOUR)),
            )
            .await;
            expired += swept.unwrap();
            let known = store.command(command.id).await.unwrap().unwrap();
            match accepted {
                Ok(true) => assert_eq!(known.state, State::Accepted),
                Err(Error::Refused(Refusal::CommandExpired)) => {
                    assert_eq!(known.state, State::Expired);
                }
                other => panic!("{other:?}"),
            }
            store.acknowledge(&proof, &Told::Done, NOW).await.ok();
        }
        assert_eq!(store.expire(NOW.plus(HOUR)).await.unwrap(), 0);
        assert!(expired <= 20);
    })
    .await;
}

#[tokio::test]
async fn retiring_amid_orders_and_words_leaves_nothing_to_do() {
    both(async |_, store| {
        let device = device(&store, school()).await;
        let mut commands = Vec::new();
        for n in 0..10 {
            let lock = Action::Lock(Line::default());
            commands.push(sent(&store, &device, &n.to_string(), lock).await);
        }
        let words = commands.iter().map(async |command| {
            let proof = proof(command.clone());
            store.acknowledge(&proof, &Told::Done, NOW).await
        });
        let retired = proof(device.clone());
        let orders = (10..20).map(async |n: i32| {
            let (proof, order) = (proof(device.clone()), order(&n.to_string(), Action::Unlock));
            store
                .issue(&proof, &order, preau_kernel::ids::PersonId::new(), NOW)
                .await
        });
        let ((words, orders), retired) = join(
            join(join_all(words), join_all(orders)),
            store.retire(&retired, NOW),
        )
        .await;
        assert!(retired.unwrap());
        for word in words {
            let is_fine = matches!(
                word,
                Ok(true) | Err(Error::Refused(Refusal::CommandExpired))
            );
            assert!(is_fine, "{word:?}");
        }
        for order in orders {
            let is_fine = matches!(order, Ok(_) | Err(Error::Refused(Refusal::DeviceRetired)));
            assert!(is_fine, "{order:?}");
        }
        let left = store
            .give_out(&device, Cursor::START, Cursor(100), NOW)
            .await;
        assert_eq!(left.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn what_two_watches_give_out_at_once_is_the_same() {
    both(async |_, store| {
        let device = device(&store, school()).await;
        let mut issued = Vec::new();
        for n in 0..10 {
            issued.push(
                issue(&store, &device, &n.to_string(), Action::Unlock)
                    .await
                    .id,
            );
        }
        let tries = (0..4).map(|_| store.give_out(&device, Cursor::START, Cursor(10), NOW));
        for given in join_all(tries).await {
            let given = given.unwrap();
            assert!(given.iter().all(|one| one.state == State::Sent));
            assert_eq!(given.iter().map(|one| one.id).collect::<Vec<_>>(), issued);
        }
        // No further than asked for.
        let given = store
            .give_out(&device, Cursor(3), Cursor(5), NOW)
            .await
            .unwrap();
        assert_eq!(
            given.iter().map(|one| one.id).collect::<Vec<_>>(),
            issued[3..5]
        );
    })
    .await;
}
