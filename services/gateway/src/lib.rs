//! The edge: everything from outside passes here, browsers and programs alike.
//!
//! For calls it is a generic byte proxy by `:path`: the contract says which methods are public, the mesh carries the
//! bytes, and the only thing added is the caller's principal. Native gRPC (HTTP/2) and gRPC-web (HTTP/1.1 and 2) share
//! one port, with or without TLS. For browsers it is the application's origin besides: it serves the web interface
//! (`ui`), keeps sessions in a cookie (`session`, `cookie`), turns links into downloads (`download`) and refuses what a
//! page of another origin sends (`site`).
//!
//! Three types to know: [`Config`] (limits and allow-lists), [`BindError`] (why the port cannot be
//! had) and [`Drained`] (how the end went). `door` decides what a request is, `edge` where a call goes, `principals`
//! turns credentials into principal tokens, `proxy` forwards, `accept` and `connection` own the connections. Devices
//! show certificates, by authorities that `authorities` learns.
//!
//! It must not decode a body it forwards, nor know any message but these, which it sends itself: `SignIn`, `Activate`,
//! `SignOut`, `SignOutEverywhere` and `MintPrincipal` of identity's sessions, `MintPrincipal` and `ListAuthorities` of
//! devices' credentials, and `Open` of files' downloads.

mod accept;
mod attempts;
mod authorities;
mod body;
mod config;
mod connection;
mod cookie;
mod credential;
mod door;
mod download;
mod edge;
mod headers;
mod local;
mod outward;
mod page;
mod principals;
mod proxy;
mod refusal;
mod security;
mod session;
mod site;
mod sniff;
mod socket;
#[cfg(test)]
mod tests;
mod tls;
mod trace;
mod ui;
mod visitor;

pub use accept::{BindError, Drained, bind, serve};
pub use config::Config;
pub use tls::{Tls, TlsError};
pub use visitor::{Network, NotANetwork};
