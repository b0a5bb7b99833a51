//! Stories over the service's own surface: real mutual TLS, a real vault and database, and a roster made up for tests.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bad_input;
mod everyday;
mod folders;
mod links;
mod membership;
mod moving;
mod objects;
mod person;
mod personal;
mod roster;
mod sharing;
mod storage;
mod trash;
mod uploads;
mod world;
