//! Trying again what may be tried again, no sooner than the server asks and never in step with others.

use std::future::Future;
use std::time::Duration;

use rand::Rng;
use tonic::{Code, Status};
use tonic_types::StatusExt;

const BASE: Duration = Duration::from_millis(100);
const CAP: Duration = Duration::from_secs(5);
/// When somebody waits at a terminal: about half a second in all.
const BRISK: u32 = 4;
/// In the middle of a transfer: a server may restart meanwhile.
const PATIENT: u32 = 12;

/// Calls until it works, fails for good, or four tries are used up.
pub(crate) async fn retry<T, F, C>(call: C) -> Result<T, Status>
where
    C: FnMut() -> F,
    F: Future<Output = Result<T, Status>>,
{
    repeat(call, BRISK).await
}

/// The same with patience, for calls of a transfer that has begun.
pub(crate) async fn retry_patiently<T, F, C>(call: C) -> Result<T, Status>
where
    C: FnMut() -> F,
    F: Future<Output = Result<T, Status>>,
{
    repeat(call, PATIENT).await
}

async fn repeat<T, F, C>(mut call: C, tries: u32) -> Result<T, Status>
where
    C: FnMut() -> F,
    F: Future<Output = Result<T, Status>>,
{
    let mut attempts = Attempts { failed: 0, tries };
    loop {
        match call().await {
            Ok(value) => return Ok(value),
            Err(status) => attempts.wait_after(status).await?,
        }
    }
}

/// How often something failed in a row.
pub(crate) struct Attempts {
    failed: u32,
    tries: u32,
}

impl Attempts {
    /// None yet, of a transfer.
    pub(crate) fn patient() -> Self {
        Self {
            failed: 0,
            tries: PATIENT,
        }
    }

    /// Something went well: counting begins anew.
    pub(crate) fn reset(&mut self) {
        self.failed = 0;
    }

    /// Waits for the next try, or gives the status back when there is none.
    pub(crate) async fn wait_after(&mut self, status: Status) -> Result<(), Status> {
        self.failed += 1;
        let asked = status
            .get_details_retry_info()
            .and_then(|info| info.retry_delay);
        if self.failed >= self.tries || !(asked.is_some() || is_transient(&status)) {
            return Err(status);
        }
        // Full jitter over a doubling ceiling; what the server asks for is a floor, capped like
        // everything a server says.
        let ceiling = (BASE * 2u32.pow(self.failed - 1)).min(CAP);
        let jitter = ceiling.mul_f64(rand::rng().random::<f64>());
        tokio::time::sleep(asked.unwrap_or_default().min(CAP * 6) + jitter).await;
        Ok(())
    }
}

fn is_transient(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::Aborted | Code::DeadlineExceeded)
        // A stream cut in its middle: what comes from the wire as a status has no source.
        || std::error::Error::source(status).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::time::Instant;
    use tonic_types::ErrorDetails;

    #[tokio::test(start_paused = true)]
    async fn a_transient_failure_is_tried_again_until_it_works() {
        let calls = Cell::new(0);
        let answer = retry(|| {
            calls.set(calls.get() + 1);
            std::future::ready(if calls.get() < 4 {
                Err(Status::unavailable("not yet"))
            } else {
                Ok(7)
            })
        })
        .await;
        assert_eq!(answer.expect("works in the end"), 7);
        assert_eq!(calls.get(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn tries_are_used_up() {
        let calls = Cell::new(0);
        let answer: Result<(), Status> = retry(|| {
            calls.set(calls.get() + 1);
            std::future::ready(Err(Status::unavailable("never")))
        })
        .await;
        assert_eq!(answer.expect_err("fails").code(), Code::Unavailable);
        assert_eq!(calls.get(), BRISK);
    }

    #[tokio::test(start_paused = true)]
    async fn a_final_failure_is_not_tried_again() {
        let calls = Cell::new(0);
        let answer: Result<(), Status> = retry(|| {
            calls.set(calls.get() + 1);
            std::future::ready(Err(Status::not_found("no")))
        })
        .await;
        assert_eq!(answer.expect_err("fails").code(), Code::NotFound);
        assert_eq!(calls.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_servers_delay_is_honoured_whatever_the_code() {
        let began = Instant::now();
        let first = Cell::new(true);
        retry(|| {
            let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(7)));
            let busy = Status::with_error_details(Code::ResourceExhausted, "busy", details);
            std::future::ready(if first.replace(false) {
                Err(busy)
            } else {
                Ok(())
            })
        })
        .await
        .expect("works");
        assert!(began.elapsed() >= Duration::from_secs(7));
    }
}
