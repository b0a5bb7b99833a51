//! The facade end to end: real mutual TLS on loopback, handlers that stand in for services.

mod authorization;
mod failures;
mod propagation;
mod serving;
mod stand_in;
