//! Stories over the service's own surface: real mutual TLS, a real database, and a roster made up for tests.
#![expect(clippy::unwrap_used, reason = "tests")]

mod focus;
mod hands;
mod lessons;
mod person;
mod presence;
mod pushes;
mod roster;
mod watching;
mod world;
