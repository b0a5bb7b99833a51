//! Starts the real binary and drives it through its public surfaces, so that
//! tests over the whole platform read like stories.
//!
//! Three types to know: [`Platform`] (a running binary on its own data
//! directory and its own ports), [`Person`] (somebody signed in through the
//! gateway, with typed clients) and [`Space`] (a class's space: upload, read,
//! list, delete).
//!
//! What it must not know: how anything works inside. It sees the command line,
//! the ready line, the gateway and the data directory as a folder of bytes.

mod account;
mod binary;
mod command;
mod device;
mod failure;
mod people;
mod person;
mod platform;
mod prepared;
mod process;
mod relay;
mod roster;
mod space;
mod upload;

pub use account::{Account, AccountRole};
pub use binary::{binary, workspace_root};
pub use command::{Finished, preau};
pub use device::{Device, Invitation, certificate_request};
pub use failure::Failure;
pub use person::{Bearer, Caller, Person, connect};
pub use platform::{Platform, PlatformBuilder};
pub use process::{Process, Ready};
pub use relay::Relay;
pub use roster::{Roster, RosterFiles};
pub use space::Space;
pub use upload::{Upload, sha256};

/// Bytes that no other call answers and that no compression shortens: a stream
/// drawn from `seed` by BLAKE3's extendable output.
#[must_use]
pub fn bytes(seed: &str, length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    blake3::Hasher::new_derive_key("preau test bytes")
        .update(seed.as_bytes())
        .finalize_xof()
        .fill(&mut out);
    out
}
