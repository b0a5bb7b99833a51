//! The device's side of the fleet, and a simulated fleet of the same code.
//!
//! Three types to know: [`Device`], which watches, does what it is told and installs what it is to have;
//! [`link::Dialer`], how a server is reached; [`simulate::Fleet`], many devices in one process. What a device knows
//! lies in its `journal`, written before anything is done about it: a device that is cut off or killed at any moment
//! goes on where it was, and does nothing twice. Must not know: any service, the mesh, who uses the command line.

mod act;
mod commands;
mod device;
mod enroll;
mod error;
mod install;
mod keys;
pub mod link;
mod private;
mod publishers;
pub mod release;
mod renew;
mod retry;
pub mod simulate;
mod state;
#[cfg(test)]
mod tests;
mod watch;

pub use device::{Device, Event, Settings, Timing};
pub use enroll::{Enrolled, Enrolment, enroll};
pub use error::{AgentError, Fault};
pub use publishers::{PublicKey, key_id, trust};
pub use state::{Standing, standing};
