//! The edge: everything from outside passes here, and nothing here knows what it carries.
//!
//! A generic byte proxy by `:path`: the contract says which methods are public, the mesh carries
//! the bytes, and the only thing added is the caller's principal. Native gRPC (HTTP/2) and
//! gRPC-web (HTTP/1.1 and 2) share one port.
//!
//! Three types to know: [`Config`] (limits and allow-lists), [`BindError`] (why the port cannot be
//! had) and [`Drained`] (how the end went). `principals` turns session tokens into principal
//! tokens, `proxy` forwards, `accept` owns the connections.
//!
//! It must not know any message of a domain service, nor decode a body it forwards.

mod accept;
mod body;
mod config;
mod door;
mod edge;
mod headers;
mod local;
mod page;
mod principals;
mod proxy;
mod refusal;
mod sniff;
mod source;
#[cfg(test)]
mod tests;
mod trace;

pub use accept::{BindError, Drained, bind, serve};
pub use config::Config;
