//! Guesses at passwords and codes: how many may be wrong from one part of the network.
//!
//! Counted are failures, not attempts: at eight a whole school signs in from one address. How often one *account* may
//! be guessed at is `identity`'s to limit; this limit is for whoever tries many accounts.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response};
use http_body::{Frame, SizeHint};
use preau_kernel::clock::Timestamp;
use preau_kernel::throttle::{Allowance, Throttle};
use preau_mesh::WallClock;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::refusal::Refusal;
use crate::visitor::Visitor;

/// A school of 1,500 where every tenth person mistypes may do so within ten minutes; a guesser gets 300 guesses at
/// once and 600 an hour. A burst also bounds the attempts under way at once, which count until they went well.
pub(crate) const ALLOWANCE: Allowance = Allowance {
    burst: 300,
    every: Duration::from_secs(6),
};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Subnets remembered: some 5 MB.
const CAPACITY: usize = 100_000;

/// What one party can be expected to command: a /24 of IPv4, the smallest block routed on its own; a /48 of IPv6, what
/// one site is assigned (RFC 6177), within which addresses are free for the taking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subnet {
    V4([u8; 3]),
    V6([u8; 6]),
}

impl Subnet {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, ..] = address.octets();
                Self::V6([a, b, c, d, e, f])
            }
        }
    }
}

/// Failures by subnet, of every way to sign in.
pub(crate) struct Attempts {
    failures: Throttle<Subnet>,
    clock: WallClock,
}

impl Attempts {
    pub(crate) fn new(allowance: Allowance, clock: WallClock) -> Self {
        Self {
            failures: Throttle::new(allowance, CAPACITY),
            clock,
        }
    }

    /// One more attempt, counted as a failure until it is known to be none.
    pub(crate) fn begin(self: &Arc<Self>, visitor: Visitor) -> Result<Attempt, Refusal> {
        let subnet = Subnet::of(visitor.address);
        let now = Timestamp::from_system((self.clock)());
        self.failures
            .check(&subnet, now)
            .map_err(|wait| Refusal::TooManyAttempts { wait })?;
        self.failures.failed(&subnet, now);
        Ok(Attempt {
            attempts: Arc::clone(self),
            subnet,
        })
    }
}

/// An attempt under way. Whoever hangs up before the answer has failed: otherwise nothing would ever count.
pub(crate) struct Attempt {
    attempts: Arc<Attempts>,
    subnet: Subnet,
}

impl Attempt {
    /// How it ended. Only a wrong guess is a failure: a service that is away locks nobody out.
    pub(crate) fn ended(self, code: Code) {
        if code != Code::Unauthenticated {
            self.attempts.failures.forgive(&self.subnet);
        }
    }

    /// Learns from an answer that is passed on how the attempt ended.
    pub(crate) fn watch(
        self,
        answer: Result<Response<Body>, Status>,
    ) -> Result<Response<Body>, Status> {
        let response = match answer {
            Ok(response) => response,
            Err(status) => {
                self.ended(status.code());
                return Err(status);
            }
        };
        match code(response.headers()) {
            Some(code) => {
                self.ended(code);
                Ok(response)
            }
            None => Ok(response.map(|inner| {
                let attempt = Some(self);
                Body::new(Watched { inner, attempt })
            })),
        }
    }
}

fn code(headers: &HeaderMap) -> Option<Code> {
    let status = headers.get(GRPC_STATUS)?;
    Some(Code::from_bytes(status.as_bytes()))
}

/// An answer whose trailers say how the attempt ended.
struct Watched {
    inner: Body,
    attempt: Option<Attempt>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        let ended = match &frame {
            Some(Ok(frame)) => frame.trailers_ref().and_then(code),
            Some(Err(status)) => Some(status.code()),
            None => None,
        };
        if let Some(code) = ended
            && let Some(attempt) = self.attempt.take()
        {
            attempt.ended(code);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt, Full};
    use std::time::SystemTime;

    const TWO: Allowance = Allowance {
        burst: 2,
        every: Duration::from_secs(60),
    };

    fn attempts() -> Arc<Attempts> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        Arc::new(Attempts::new(TWO, Arc::new(move || now)))
    }

    fn from(address: &str) -> Visitor {
        Visitor {
            address: address.parse().expect("an address"),
            secure: false,
        }
    }

    #[test]
    fn neighbours_share_an_allowance_and_others_have_their_own() {
        for (first, second, third, other) in [
            ("192.0.2.1", "192.0.2.200", "::ffff:192.0.2.3", "192.0.3.1"),
            (
                "2001:db8:1::1",
                "2001:db8:1:ffff::1",
                "2001:db8:1:2::",
                "2001:db8:2::1",
            ),
        ] {
            let attempts = attempts();
            for address in [first, second] {
                attempts
                    .begin(from(address))
                    .expect("allowed")
                    .ended(Code::Unauthenticated);
            }
            let wait = Duration::from_secs(60);
            assert_eq!(
                attempts.begin(from(third)).err(),
                Some(Refusal::TooManyAttempts { wait })
            );
            assert!(attempts.begin(from(other)).is_ok());
        }
    }

    #[test]
    fn only_wrong_guesses_and_hang_ups_count() {
        let attempts = attempts();
        let visitor = from("192.0.2.1");
        for code in [Code::Ok, Code::Unavailable, Code::ResourceExhausted] {
            for _ in 0..10 {
                attempts.begin(visitor).expect("allowed").ended(code);
            }
        }
        drop(attempts.begin(visitor).expect("allowed"));
        drop(attempts.begin(visitor).expect("allowed"));
        assert!(attempts.begin(visitor).is_err());
    }

    #[tokio::test]
    async fn an_answer_tells_in_its_trailers_or_its_headers() {
        let attempts = attempts();
        let visitor = from("192.0.2.1");
        let answer = |trailers: Option<&'static str>| {
            let body = Full::new(Bytes::from_static(b"frame")).map_err(|never| match never {});
            let trailers = trailers.map(|status| {
                let mut map = HeaderMap::new();
                map.insert(GRPC_STATUS, http::HeaderValue::from_static(status));
                Ok::<_, Status>(map)
            });
            Response::new(Body::new(body.with_trailers(std::future::ready(trailers))))
        };
        for _ in 0..10 {
            let attempt = attempts.begin(visitor).expect("allowed");
            let watched = attempt.watch(Ok(answer(Some("0")))).expect("passed on");
            watched.into_body().collect().await.expect("a whole body");
        }
        let attempt = attempts.begin(visitor).expect("allowed");
        let watched = attempt.watch(Ok(answer(Some("16")))).expect("passed on");
        watched.into_body().collect().await.expect("a whole body");

        let refused: Response<Body> = Status::unauthenticated("wrong").into_http();
        let attempt = attempts.begin(visitor).expect("allowed");
        attempt.watch(Ok(refused)).expect("passed on");
        assert!(attempts.begin(visitor).is_err(), "two were wrong");
    }
}
