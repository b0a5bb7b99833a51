#![expect(clippy::unwrap_used, reason = "tests")]

use argon2::PasswordHasher;
use argon2::password_hash::SaltString;
use tokio::task::JoinSet;

use super::*;

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

fn pool(workers: usize, queue: usize) -> Passwords {
    Passwords::new(&PasswordConfig {
        workers,
        queue,
        ..PasswordConfig::default()
    })
    .unwrap()
}

/// A hash as an older release would have made it: half of today's memory.
pub(crate) fn older_hash(text: &str) -> String {
    foreign_hash(text, 9_728)
}

/// Made by the library in memory of its own, so that what is computed in lent memory is held
/// against something else.
fn foreign_hash(text: &str, memory_kib: u32) -> String {
    let params = Params::new(memory_kib, 2, 1, None).unwrap();
    let salt = SaltString::encode_b64(b"sixteen bytes...").unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password(text.as_bytes(), &salt)
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn a_hash_matches_its_password_and_no_other() {
    let pool = pool(1, 4);
    let stored = pool.hash(&password("correct horse")).await.unwrap();
    assert!(
        stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{stored}"
    );
    let right = pool
        .verify(&password("correct horse"), Some(&stored))
        .await
        .unwrap();
    assert_eq!(right, Verdict::Match { outdated: false });
    let wrong = pool
        .verify(&password("correct horsf"), Some(&stored))
        .await
        .unwrap();
    assert_eq!(wrong, Verdict::Mismatch);
}

#[tokio::test]
async fn nobodys_hash_is_verified_like_anybodys_and_never_matches() {
    let pool = pool(1, 4);
    assert_eq!(
        pool.verify(&password("anything at all"), None)
            .await
            .unwrap(),
        Verdict::Mismatch
    );
    assert_eq!(pool.verifications(), 1);
}

#[tokio::test]
async fn a_cheaper_hash_matches_and_is_called_outdated() {
    let pool = pool(1, 4);
    let stored = older_hash("correct horse");
    let verdict = pool
        .verify(&password("correct horse"), Some(&stored))
        .await
        .unwrap();
    assert_eq!(verdict, Verdict::Match { outdated: true });
}

#[tokio::test]
async fn fifty_at_once_are_verified_in_as_many_buffers_as_there_are_workers() {
    let pool = Arc::new(pool(2, 50));
    let stored = foreign_hash("correct horse", 19_456);
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let (pool, stored) = (Arc::clone(&pool), stored.clone());
        callers.spawn(async move { pool.verify(&password("correct horse"), Some(&stored)).await });
    }
    while let Some(verdict) = callers.join_next().await {
        assert_eq!(
            verdict.unwrap().unwrap(),
            Verdict::Match { outdated: false }
        );
    }
    assert_eq!(pool.verifications(), 50);
    assert!(pool.buffers() <= 2, "{} buffers", pool.buffers());
}

#[tokio::test]
async fn one_buffer_serves_cheap_and_dear_hashes_in_turn_and_is_its_old_size_after() {
    let pool = pool(1, 4);
    for (memory_kib, outdated) in [(38_912, false), (9_728, true), (19_456, false)] {
        let stored = foreign_hash("correct horse", memory_kib);
        let verdict = pool.verify(&password("correct horse"), Some(&stored)).await;
        assert_eq!(
            verdict.unwrap(),
            Verdict::Match { outdated },
            "{memory_kib}"
        );
        assert_eq!(
            pool.memory.idle_sizes(),
            [19_456],
            "after one of {memory_kib}"
        );
    }
    assert_eq!(pool.buffers(), 1);
}

#[tokio::test]
async fn a_job_that_panics_gives_its_buffer_and_its_worker_back() {
    let pool = pool(1, 4);
    let permit = pool.permit().await.unwrap();
    let job = |_: &mut Workplace| -> Result<(), PasswordError> { panic!("a defect") };
    let answer = pool.on_worker(permit, job).await;
    assert!(
        matches!(answer, Err(PasswordError::Failed(_))),
        "{answer:?}"
    );
    pool.verify(&password("correct horse"), None).await.unwrap();
    assert_eq!(pool.buffers(), 1);
}

#[tokio::test]
async fn a_damaged_hash_is_reported_not_matched() {
    let pool = pool(1, 4);
    for damaged in [
        "",
        "plain",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA",
        "$md5$abc$def",
    ] {
        let answer = pool.verify(&password("correct horse"), Some(damaged)).await;
        assert!(
            matches!(answer, Err(PasswordError::Corrupt)),
            "{damaged}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_full_line_refuses_at_once_and_says_when_to_come_back() {
    let pool = pool(1, 0);
    let busy = pool.occupy_for_test();
    let refused = pool.verify(&password("correct horse"), None).await;
    assert!(
        matches!(refused, Err(PasswordError::Overloaded { retry_after }) if !retry_after.is_zero())
    );
    assert_eq!(
        pool.verifications(),
        0,
        "no work was done for a refused call"
    );
    drop(busy);
    pool.verify(&password("correct horse"), None).await.unwrap();
}

#[tokio::test]
async fn a_caller_that_leaves_the_line_frees_its_place() {
    let pool = pool(1, 1);
    let busy = pool.occupy_for_test();
    let someone = password("correct horse");
    {
        let mut waiting = Box::pin(pool.verify(&someone, None));
        assert!(
            futures_poll(&mut waiting).await.is_none(),
            "waits behind the busy worker"
        );
        assert_eq!(pool.waiting.load(Ordering::Relaxed), 1);
    }
    assert_eq!(pool.waiting.load(Ordering::Relaxed), 0);
    drop(busy);
}

/// Polls once: `None` while pending.
async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            std::task::Poll::Ready(done) => Some(done),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[test]
fn parameters_below_the_floor_are_refused_by_name() {
    let weak = PasswordConfig {
        memory_kib: 1_024,
        ..PasswordConfig::default()
    };
    let error = Passwords::new(&weak).unwrap_err().to_string();
    assert!(
        error.contains("memory_kib") && error.contains("19456"),
        "{error}"
    );
    let idle = PasswordConfig {
        workers: 0,
        ..PasswordConfig::default()
    };
    assert!(
        Passwords::new(&idle)
            .unwrap_err()
            .to_string()
            .contains("workers")
    );
}
