//! Commands: issued once, told, acknowledged in order.

use std::time::Duration;

use preau_mesh::Reported;
use preau_proto::devices::v1 as wire;
use preau_proto::devices::v1::CommandState::{
    Accepted, Done, Expired, Failed, NotNow, Queued, Sent,
};
use tonic::Code;

use super::admin::{lock, message, order, seconds, unlock};
use super::tablet::ids;
use super::world::{DAY, World, both, fields, reason};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_command_goes_through_its_states() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let issued = admin
            .issue(order(&tablet.id, "one", message("Bonjour\nà tous")))
            .await
            .unwrap();
        let id = issued.command_id.clone();
        assert_eq!(
            (issued.state(), issued.issued_by),
            (Queued, admin.id.to_string())
        );
        assert_eq!(issued.expires_at.unwrap().seconds, world.unix() + 3600);
        let mut watching = tablet.watch(0).await.unwrap();
        let told = watching.answer().await.unwrap().unwrap();
        assert_eq!(ids(&told), [id.as_str()]);
        let text = message("Bonjour\nà tous");
        assert_eq!(told.commands[0].action.clone().unwrap().what.unwrap(), text);
        assert_eq!(told.commands[0].state(), Sent);
        assert_eq!(admin.sees(&tablet.id, &id).await.0, Sent);
        tablet.says(&id, Accepted).await.unwrap();
        assert_eq!(admin.sees(&tablet.id, &id).await.0, Accepted);
        tablet.says_why(&id, NotNow, "en examen").await.unwrap();
        assert_eq!(
            admin.sees(&tablet.id, &id).await,
            (NotNow, "en examen".into())
        );
        tablet.says(&id, Accepted).await.unwrap();
        assert_eq!(admin.sees(&tablet.id, &id).await, (Accepted, String::new()));
        tablet.says_why(&id, Failed, "plus de place").await.unwrap();
        assert_eq!(
            admin.sees(&tablet.id, &id).await,
            (Failed, "plus de place".into())
        );
    })
    .await;
}

#[tokio::test]
async fn saying_it_again_changes_nothing_and_going_back_is_refused() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let id = admin.tell(&tablet.id, "one", lock()).await;
        let refused = tablet.says(&id, Accepted).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        let reported = Reported::of(&refused);
        assert_eq!(reported.reason, "ACKNOWLEDGEMENT_OUT_OF_ORDER");
        let state = reported.metadata.iter().find(|(key, _)| *key == "state");
        assert_eq!(state.unwrap().1, "COMMAND_STATE_QUEUED");
        tablet.told_from(0).await;
        for _ in 0..2 {
            tablet.says(&id, Accepted).await.unwrap();
        }
        for _ in 0..2 {
            tablet.says(&id, Done).await.unwrap();
        }
        for back in [Accepted, NotNow, Failed] {
            assert_eq!(
                reason(tablet.says(&id, back).await),
                "ACKNOWLEDGEMENT_OUT_OF_ORDER"
            );
        }
        assert_eq!(admin.sees(&tablet.id, &id).await.0, Done);
    })
    .await;
}

#[tokio::test]
async fn nobody_acknowledges_the_command_of_another_device() {
    let world = World::new().await;
    let (admin, tablet, other) = (
        world.admin(),
        world.enrolled().await,
        world.enrolled().await,
    );
    let id = admin.tell(&tablet.id, "one", lock()).await;
    tablet.told_from(0).await;
    let hidden = other.says(&id, Done).await.unwrap_err();
    let never = preau_kernel::ids::CommandId::new().to_string();
    let unknown = other.says(&never, Done).await.unwrap_err();
    assert_eq!(
        (hidden.code(), hidden.message()),
        (Code::NotFound, unknown.message())
    );
    assert_eq!(admin.sees(&tablet.id, &id).await.0, Sent);
    assert_eq!(fields(tablet.says(&id, Sent).await), ["state"]);
    assert_eq!(
        fields(tablet.says_why(&id, Failed, &"x".repeat(201)).await),
        ["reason"]
    );
}

#[tokio::test]
async fn a_key_means_one_command() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let wanted = || order(&tablet.id, "one", message("Bonjour"));
        let tries = (0..5).map(|_| admin.issue(wanted()));
        let answers = futures::future::join_all(tries).await;
        let issued: Vec<_> = answers
            .into_iter()
            .map(|answer| answer.unwrap().command_id)
            .collect();
        assert!(issued.iter().all(|id| *id == issued[0]));
        assert_eq!(admin.get(&tablet.id).await.unwrap().1.len(), 1);
        let another = order(&tablet.id, "one", message("Bonsoir"));
        let refused = admin.issue(another).await.unwrap_err();
        assert_eq!(refused.code(), Code::AlreadyExists);
        assert_eq!(reason(Err::<(), _>(refused)), "IDEMPOTENCY_KEY_REUSED");
        let longer = wire::IssueCommandRequest {
            time_to_live: Some(seconds(60)),
            ..wanted()
        };
        assert_eq!(reason(admin.issue(longer).await), "IDEMPOTENCY_KEY_REUSED");
        // Of another device it means another.
        let other = world.enrolled().await;
        let id = admin.tell(&other.id, "one", message("Bonsoir")).await;
        assert_ne!(id, issued[0]);
        // It is the same one when it is done, too.
        tablet.told_from(0).await;
        tablet.says(&issued[0], Done).await.unwrap();
        let again = admin.issue(wanted()).await.unwrap();
        assert_eq!(
            (again.command_id, again.state),
            (issued[0].clone(), Done.into())
        );
    })
    .await;
}

#[tokio::test]
async fn an_expired_command_is_never_told_and_cannot_be_accepted() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let queued = admin.tell(&tablet.id, "queued", lock()).await;
        world.pass(HOUR);
        // Not written down yet, and not told all the same.
        assert_eq!(tablet.told_from(0).await, (vec![], 1));
        // Nor beside another that is.
        let sent = admin.tell(&tablet.id, "sent", lock()).await;
        assert_eq!(tablet.told_from(0).await, (vec![sent.clone()], 2));
        assert_eq!(admin.sees(&tablet.id, &queued).await.0, Queued);
        assert_eq!(world.sweep().await.expired, 1);
        assert_eq!(admin.sees(&tablet.id, &queued).await.0, Expired);
        world.pass(HOUR);
        for swept in [0, 1] {
            if swept == 1 {
                assert_eq!(world.sweep().await.expired, 1);
            }
            assert_eq!(tablet.told_from(0).await.0, Vec::<String>::new());
            for state in [Accepted, Done] {
                let refused = tablet.says(&sent, state).await.unwrap_err();
                assert_eq!(refused.code(), Code::FailedPrecondition);
                assert_eq!(reason(Err::<(), _>(refused)), "COMMAND_EXPIRED");
            }
        }
        assert_eq!(admin.sees(&tablet.id, &sent).await.0, Expired);
        assert_eq!(world.sweep().await.expired, 0);
    })
    .await;
}

#[tokio::test]
async fn an_accepted_command_is_waited_for_a_day_longer() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let [late, never] = ["late", "never"].map(|key| order(&tablet.id, key, lock()));
        let late = admin.issue(late).await.unwrap().command_id;
        let never = admin.issue(never).await.unwrap().command_id;
        tablet.told_from(0).await;
        tablet.says(&late, Accepted).await.unwrap();
        tablet.says(&never, Accepted).await.unwrap();
        world.pass(HOUR + DAY - Duration::from_secs(1));
        assert_eq!(world.sweep().await.expired, 0);
        // A device that forgot what it took is told again.
        assert_eq!(tablet.told_from(0).await.0.len(), 2);
        tablet.says(&late, Done).await.unwrap();
        world.pass(Duration::from_secs(1));
        assert_eq!(world.sweep().await.expired, 1);
        assert_eq!(admin.sees(&tablet.id, &late).await.0, Done);
        assert_eq!(admin.sees(&tablet.id, &never).await.0, Expired);
    })
    .await;
}

#[tokio::test]
async fn a_device_is_locked_by_the_last_lock_or_unlock_that_is_done() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let first = admin.tell(&tablet.id, "1", lock()).await;
        let second = admin.tell(&tablet.id, "2", unlock()).await;
        let third = admin.tell(&tablet.id, "3", lock()).await;
        let hello = admin.tell(&tablet.id, "4", message("Bonjour")).await;
        tablet.told_from(0).await;
        let is_locked = async || admin.get(&tablet.id).await.unwrap().0.locked;
        tablet.says(&second, Done).await.unwrap();
        assert!(!is_locked().await);
        // Done later, but issued earlier.
        tablet.says(&first, Done).await.unwrap();
        assert!(!is_locked().await);
        tablet.says(&third, Accepted).await.unwrap();
        assert!(!is_locked().await);
        tablet.says(&third, Done).await.unwrap();
        assert!(is_locked().await);
        tablet.says(&hello, Done).await.unwrap();
        assert!(is_locked().await);
    })
    .await;
}

#[tokio::test]
async fn a_device_that_does_nothing_is_not_told_without_end() {
    let world = World::new().await;
    let (admin, tablet) = (world.admin(), world.enrolled().await);
    for n in 0..100 {
        admin.tell(&tablet.id, &n.to_string(), unlock()).await;
    }
    let refused = admin.issue(order(&tablet.id, "more", unlock())).await;
    assert_eq!(reason(refused), "TOO_MANY_COMMANDS");
    assert_eq!(tablet.told_from(0).await.0.len(), 100);
    assert_eq!(admin.get(&tablet.id).await.unwrap().1.len(), 50);
    world.pass(HOUR);
    world.sweep().await;
    assert!(
        admin
            .issue(order(&tablet.id, "more", unlock()))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn nonsense_is_no_command() {
    let world = World::new().await;
    let (admin, tablet) = (world.admin(), world.enrolled().await);
    let good = || order(&tablet.id, "one", unlock());
    for key in ["", "a b", "é", &"x".repeat(65)] {
        let wrong = order(&tablet.id, key, unlock());
        assert_eq!(fields(admin.issue(wrong).await), ["idempotency_key"]);
    }
    for text in ["", "\n", "a\0b", &"é".repeat(501)] {
        let wrong = order(&tablet.id, "one", message(text));
        assert_eq!(fields(admin.issue(wrong).await), ["action.message.text"]);
    }
    for life in [seconds(0), seconds(-1), seconds(30 * 24 * 3600 + 1)] {
        let wrong = wire::IssueCommandRequest {
            time_to_live: Some(life),
            ..good()
        };
        assert_eq!(fields(admin.issue(wrong).await), ["time_to_live"]);
    }
    let nothing = wire::IssueCommandRequest {
        action: None,
        ..good()
    };
    assert_eq!(fields(admin.issue(nothing).await), ["action"]);
    admin.retire(&tablet.id).await.unwrap();
    assert_eq!(reason(admin.issue(good()).await), "DEVICE_RETIRED");
}

#[tokio::test]
async fn finished_commands_are_forgotten_after_ninety_days() {
    both(async |world| {
        let (admin, tablet) = (world.admin(), world.enrolled().await);
        let done = admin.tell(&tablet.id, "1", unlock()).await;
        tablet.told_from(0).await;
        tablet.says(&done, Done).await.unwrap();
        world.pass(DAY * 90 - Duration::from_secs(1));
        world.devices.purge().await.unwrap();
        let open = admin.tell(&tablet.id, "2", unlock()).await;
        assert_eq!(admin.get(&tablet.id).await.unwrap().1.len(), 2);
        world.pass(Duration::from_secs(1));
        world.devices.purge().await.unwrap();
        let (_, left) = admin.get(&tablet.id).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].command_id, open);
    })
    .await;
}
