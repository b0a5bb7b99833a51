//! Devices, what they enrol with, what they are told: types and rules, no I/O.

mod assertion;
mod command;
mod device;
mod renewal;
mod session_token;
mod text;
mod token;

pub(crate) use assertion::{Assertion, AssertionError};
pub(crate) use command::{ACCEPTED_GRACE, Action, Command, MAX_OPEN, Order, State, Step, Told};
pub(crate) use device::{Description, Device, School, as_caller, of_caller};
pub(crate) use renewal::is_proof;
pub(crate) use session_token::SessionToken;
pub(crate) use text::{Line, Text};
pub(crate) use token::{EnrolmentToken, KEPT as TOKENS_KEPT, Secret};

use std::time::Duration;

use preau_kernel::clock::Timestamp;

/// Why a rule of the fleet says no: the request is not wrong in itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Nobody was given it, or it ended long ago.
    #[error("no such enrolment token: type it as it was printed, or ask for another one")]
    TokenUnknown,
    /// As many devices as it was for have enrolled with it.
    #[error(
        "the enrolment token has been used by as many devices as it was for: ask for another one"
    )]
    TokenUsedUp,
    /// Its time is over.
    #[error("the enrolment token has expired: ask for another one")]
    TokenExpired,
    /// An administrator ended it.
    #[error("the enrolment token was revoked: ask for another one")]
    TokenRevoked,
    /// The device was prepared for a school that the token is not for.
    #[error(
        "the enrolment token is for another school than this device was prepared for: ask that school's administrator for one"
    )]
    TokenOfAnotherSchool,
    /// No longer a device of the school.
    #[error("the device was retired: it can enrol anew, as another device")]
    DeviceRetired,
    /// Its time had passed before it was accepted.
    #[error("the command has expired: do not do it")]
    CommandExpired,
    /// Back, or on from a final state.
    #[error("the command is not in a state from which it comes there: look at its present state")]
    OutOfOrder {
        /// The present one.
        state: State,
    },
    /// To and fro without an end.
    #[error("the command has changed its state too often: say that it is done or that it failed")]
    TooManyChanges,
    /// A device has one; some more may not have been seen to end yet.
    #[error(
        "the device has many Watches open already: end them, or wait until they are seen to have ended"
    )]
    TooManyWatches,
    /// The device does not come to do them.
    #[error(
        "{} commands wait for the device already, the most there can be: let it do them, or let them expire",
        MAX_OPEN
    )]
    TooManyCommands,
    /// The same key for two commands.
    #[error(
        "something else was issued under this idempotency key: choose a new one for each command"
    )]
    KeyReused,
}

/// This much earlier.
pub(crate) fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp(time.0.saturating_sub(micros))
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut hash = [0u8; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}
