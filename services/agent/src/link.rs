//! How a server is reached: native gRPC over HTTP/2, or gRPC-web where something in between speaks HTTP/1.1 only; by
//! TLS anywhere, in the clear on this machine only.
//!
//! [`Dialer`] opens connections, for the command line too. A device's `Link` makes calls: with its certificate where
//! the server sees it, and else with a session that its key signs in for.

mod address;
mod caller;
mod clock;
mod dial;
mod idle;
mod reach;
mod tls;
mod trust;
mod wire;

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

pub use address::Address;
pub(crate) use caller::{Credential, Link, within};
pub(crate) use clock::DeviceClock;
pub use dial::{Dialer, Stream};
pub use reach::Reach;
pub use trust::{Trust, Trusted};
pub use wire::Transport;

/// A refusal of this side's own, worded like a server's: it is final, and the remedy comes last.
#[must_use]
pub fn refusal(reason: &str, message: impl Into<String>, remedy: &str) -> Status {
    let metadata = HashMap::from([("remedy".to_owned(), remedy.to_owned())]);
    let details = ErrorDetails::with_error_info(reason, "preau", metadata);
    Status::with_error_details(Code::FailedPrecondition, message, details)
}

/// The machine-readable reason, when the server gave one.
pub(crate) fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

/// What the server says beside the reason.
pub(crate) fn detail(status: &Status, key: &str) -> Option<String> {
    status
        .get_details_error_info()
        .and_then(|mut info| info.metadata.remove(key))
}
