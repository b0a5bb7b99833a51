//! Stories over the service's own surface: real mutual TLS, a real vault and database, and a roster made up for tests.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bad_input;
mod folders;
mod membership;
mod person;
mod roster;
mod sharing;
mod storage;
mod uploads;
mod world;
