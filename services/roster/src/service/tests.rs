//! Stories over the service's own surface: real mutual TLS, a real database, and a directory made up for tests.
#![expect(clippy::unwrap_used, reason = "tests")]

mod classes;
mod directory;
mod enrolments;
mod importer;
mod imports;
mod interrupted;
mod registry;
mod reimports;
mod replaced;
mod world;
