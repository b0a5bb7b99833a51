//! The fleet through its own services, with real mutual TLS, and an identity that knows what a test told it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod admin;
mod assertions;
mod commands;
mod credentials;
mod desired;
mod directory;
mod enrolling;
mod listing;
mod rights;
mod tablet;
mod watching;
mod world;
