//! Commands over every kind of connection, and over none.

use preau_kernel::clock::Clock;
use preau_proto::devices::v1::CommandState as S;
use preau_proto::devices::v1::action::{Lock, Unlock, What};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tonic::{Code, Status};

use super::stand::{Stand, message};
use super::stub::{Door, TOKEN, refused};
use crate::link::Transport;
use crate::{AgentError, Fault, standing};

const DONE: [S; 4] = [S::Queued, S::Sent, S::Accepted, S::Done];

#[tokio::test]
async fn a_message_is_shown_and_acknowledged_over_every_connection() {
    use Transport as T;
    for (door, transport) in [
        (Door::Plain, T::Grpc),
        (Door::Plain, T::GrpcWeb),
        (Door::Plain, T::Auto),
        (Door::PlainHttp1, T::Auto),
        (Door::PlainHttp1, T::GrpcWeb),
        (Door::Tls, T::Grpc),
        (Door::Tls, T::GrpcWeb),
        (Door::Tls, T::Auto),
        (Door::TlsWebOnly, T::Auto),
        (Door::TlsWithoutCertificates, T::Grpc),
        (Door::TlsWithoutCertificates, T::GrpcWeb),
    ] {
        let (stand, device) = Stand::enrolled(door, transport).await;
        let _running = stand.run();
        let before = stand.world().issue(&device.device_id, message("avant"));
        stand.until_state(before, S::Done).await;
        let during = stand.world().issue(&device.device_id, message("pendant"));
        stand.until_state(during, S::Done).await;
        assert_eq!(
            stand.messages(),
            ["avant", "pendant"],
            "{door:?} {transport:?}"
        );
        assert_eq!(
            stand.world().history(during),
            DONE,
            "{door:?} {transport:?}"
        );
        // Where the certificate is seen nobody has to sign in.
        let sessions = stand.world().lock().sessions.len();
        let seen = matches!(door, Door::Tls | Door::TlsWebOnly);
        assert_eq!(sessions == 0, seen, "{door:?} {transport:?}");
    }
}

#[tokio::test]
async fn a_session_that_the_server_forgot_is_begun_anew() {
    let (stand, device) = Stand::enrolled(Door::Plain, Transport::Grpc).await;
    let _running = stand.run();
    let one = stand.world().issue(&device.device_id, message("one"));
    stand.until_state(one, S::Done).await;
    stand.world().lock().sessions.clear();
    let two = stand.world().issue(&device.device_id, message("two"));
    stand.until_state(two, S::Done).await;
    assert_eq!(stand.messages(), ["one", "two"]);
}

#[tokio::test]
async fn a_wrong_clock_follows_the_servers_and_stays_so_after_a_restart() {
    let mut stand = Stand::new(Door::Plain, Transport::Grpc).await;
    // As a board without a battery begins: in 1970, and then it runs.
    let began = SystemTime::now();
    stand.clock = Clock::from_fn(move || {
        UNIX_EPOCH + SystemTime::now().duration_since(began).unwrap_or_default()
    });
    let device = stand.enroll(TOKEN).await.expect("enrolled");
    let running = stand.run();
    let one = stand.world().issue(&device.device_id, message("one"));
    stand.until_state(one, S::Done).await;
    running.kill().await;
    let signed_in = stand.world().calls("SignIn");
    let _running = stand.run();
    let two = stand.world().issue(&device.device_id, message("two"));
    stand.until_state(two, S::Done).await;
    assert_eq!(
        stand.world().calls("SignIn"),
        signed_in + 1,
        "at the first try"
    );
}

#[tokio::test]
async fn what_was_issued_while_the_server_was_away_is_done_once_it_is_back() {
    let (mut stand, device) = Stand::enrolled(Door::Tls, Transport::Auto).await;
    let running = stand.run();
    stand
        .until("a stream", |inner| {
            inner.calls.iter().any(|call| call.0 == "Watch")
        })
        .await;
    stand.stub.stop().await;
    let missed = stand.world().issue(&device.device_id, message("missed"));
    stand.stub.start(Door::Tls).await;
    stand.until_state(missed, S::Done).await;
    // And the device, while the server was there.
    running.kill().await;
    let slept = stand.world().issue(&device.device_id, message("slept"));
    let _running = stand.run();
    stand.until_state(slept, S::Done).await;
    assert_eq!(stand.messages(), ["missed", "slept"]);
}

#[tokio::test]
async fn a_lock_waits_while_somebody_is_busy_and_holds_up_nothing_else() {
    let (stand, device) = Stand::enrolled(Door::Plain, Transport::Grpc).await;
    std::fs::create_dir_all(stand.prefix("")).expect("made");
    std::fs::write(stand.prefix("busy"), b"").expect("written");
    let _running = stand.run();
    let notice = "Examen".to_owned();
    let lock = stand
        .world()
        .issue(&device.device_id, What::Lock(Lock { notice }));
    stand.until_state(lock, S::NotNow).await;
    let reason = stand.world().lock().commands[0].command.reason.clone();
    assert_eq!(reason, "busy");
    let told = stand
        .world()
        .issue(&device.device_id, message("still told"));
    stand.until_state(told, S::Done).await;
    std::fs::remove_file(stand.prefix("busy")).expect("removed");
    stand.until_state(lock, S::Done).await;
    let locked = std::fs::read_to_string(stand.prefix("locked")).expect("locked");
    assert_eq!(locked, "Examen");
    let expected = [
        S::Queued,
        S::Sent,
        S::Accepted,
        S::NotNow,
        S::Accepted,
        S::Done,
    ];
    assert_eq!(
        stand.world().history(lock),
        expected,
        "asked for once, and not at every look"
    );
}

#[tokio::test]
async fn an_unlock_passes_a_lock_that_waits_and_the_lock_is_never_done() {
    let (stand, device) = Stand::enrolled(Door::Plain, Transport::Grpc).await;
    std::fs::create_dir_all(stand.prefix("")).expect("made");
    std::fs::write(stand.prefix("busy"), b"").expect("written");
    let _running = stand.run();
    let lock = stand
        .world()
        .issue(&device.device_id, What::Lock(Lock::default()));
    stand.until_state(lock, S::NotNow).await;
    let unlock = stand
        .world()
        .issue(&device.device_id, What::Unlock(Unlock {}));
    stand.until_state(unlock, S::Done).await;
    std::fs::remove_file(stand.prefix("busy")).expect("removed");
    stand.until_state(lock, S::Failed).await;
    assert!(!stand.prefix("locked").exists());
}

#[tokio::test]
async fn a_command_whose_time_has_passed_is_not_done() {
    let (stand, device) = Stand::enrolled(Door::Plain, Transport::Grpc).await;
    std::fs::create_dir_all(stand.prefix("")).expect("made");
    std::fs::write(stand.prefix("busy"), b"").expect("written");
    let _running = stand.run();
    // Known to the device in time, possible only afterwards.
    let lock = What::Lock(Lock::default());
    let lock = stand.world().issue_until(&device.device_id, lock, 1000);
    stand.until_state(lock, S::NotNow).await;
    stand.world().lock().ahead = 2000;
    std::fs::remove_file(stand.prefix("busy")).expect("removed");
    stand.until_state(lock, S::Expired).await;
    // Told, and dead before it was accepted.
    let details = refused(Code::FailedPrecondition, "COMMAND_EXPIRED", &[]);
    stand.world().fail("Acknowledge", details);
    stand.world().issue(&device.device_id, message("too late"));
    stand
        .until("an answer", |inner| inner.faults.is_empty())
        .await;
    let after = stand.world().issue(&device.device_id, message("in time"));
    stand.until_state(after, S::Done).await;
    assert_eq!(stand.messages(), ["in time"]);
    assert!(!stand.prefix("locked").exists());
}

#[tokio::test]
async fn a_place_that_the_server_lost_costs_nothing_and_nothing_is_done_twice() {
    let (stand, device) = Stand::enrolled(Door::Plain, Transport::Grpc).await;
    let running = stand.run();
    let one = stand.world().issue(&device.device_id, message("one"));
    stand.until_state(one, S::Done).await;
    running.kill().await;
    // The server's database is of yesterday: it forgot that one was done, and knows no such cursor.
    {
        let mut inner = stand.world().lock();
        inner.commands[0].to(S::Sent, "");
        inner.oldest_cursor = 100;
    }
    let _running = stand.run();
    let two = stand.world().issue(&device.device_id, message("two"));
    stand.until_state(two, S::Done).await;
    assert_eq!(stand.messages(), ["one", "two"]);
}

#[tokio::test]
async fn enrolling_says_what_is_wrong_and_costs_one_use() {
    let stand = Stand::new(Door::Tls, Transport::Auto).await;
    let refused = stand
        .enroll("WXYZ-WXYZ-WXYZ-WXYZ-WXYZ")
        .await
        .expect_err("refused");
    assert_eq!(refused.to_string(), "cannot enrol: token_unknown");
    assert!(refused.remedy().contains("copy the token again"));
    // The answer of the second try is lost: the third becomes the same device.
    stand
        .world()
        .fail("ListPublishers", Status::unavailable("away"));
    let enrolled = stand.enroll(TOKEN).await.expect("enrolled");
    assert_eq!(enrolled.publishers, None);
    let keys = stand.world().lock().keys.len();
    std::fs::remove_file(stand.state().join("journal.json")).expect("lost");
    let again = stand.enroll(TOKEN).await.expect("enrolled again");
    assert_eq!(again.device_id, enrolled.device_id);
    assert_eq!(stand.world().lock().keys.len(), keys);
    let already = stand.enroll(TOKEN).await.expect_err("is one");
    assert!(
        matches!(already, AgentError::AlreadyEnrolled { .. }),
        "{already}"
    );
    let standing = standing(&stand.state()).expect("there");
    assert_eq!(standing.device_id, enrolled.device_id);
}

#[tokio::test]
async fn a_state_is_used_by_one_process_and_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (stand, _) = Stand::enrolled(Door::Plain, Transport::Grpc).await;
    let device = stand.device().expect("opened");
    let error = stand.device().err().expect("in use");
    assert_eq!(error.fault(), Fault::InUse, "{error}");
    drop(device);
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(stand.state(), open).expect("changed");
    let error = stand.device().err().expect("open to others");
    assert!(
        matches!(error, AgentError::OpenToOthers { mode: 0o755, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_nobody_known_vouches_for_is_not_told_the_token() {
    let (stand, other) = (
        Stand::new(Door::Tls, Transport::Auto).await,
        Stand::new(Door::Tls, Transport::Auto).await,
    );
    let enrolment = crate::Enrolment {
        server: other.stub.url(),
        token: TOKEN.into(),
        trust: stand.trust(),
        name: String::new(),
        model: String::new(),
        state: stand.state(),
        transport: Transport::Auto,
        clock: Clock::system(),
    };
    let error = crate::enroll(&enrolment)
        .await
        .expect_err("unknown authority");
    assert!(error.to_string().contains("from no authority"), "{error}");
    assert_eq!(other.world().calls("Enroll"), 0);
}

#[tokio::test]
async fn a_connection_that_died_in_silence_is_given_up_for_a_new_one() {
    for transport in [Transport::Grpc, Transport::GrpcWeb] {
        let (mut stand, device) = Stand::enrolled(Door::Tls, transport).await;
        stand.timing.silence = Duration::from_millis(300);
        let _running = stand.run();
        let one = stand.world().issue(&device.device_id, message("one"));
        stand.until_state(one, S::Done).await;
        stand.world().frozen.send_modify(|count| *count += 1);
        let two = stand.world().issue(&device.device_id, message("two"));
        stand.until_state(two, S::Done).await;
        assert_eq!(stand.messages(), ["one", "two"], "{transport:?}");
    }
}
