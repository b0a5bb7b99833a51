//! Who signs for a process: the authority beside it, or the control plane over the mesh.

mod local;
mod remote;

pub use local::LocalIssuer;
pub use remote::RemoteIssuer;
