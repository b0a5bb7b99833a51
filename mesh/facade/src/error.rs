//! Why a mesh cannot serve.

/// A process's roles do not fit the contract. Always the fault of whoever built this binary.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeshError {
    /// The method's author forgot the policy.
    #[error(
        "method {method} is registered but has no policy: declare `option (preau.policy.v1.policy)` beside it"
    )]
    NoPolicy {
        /// Its HTTP/2 path.
        method: String,
    },
    /// A service that no part of the contract describes.
    #[error(
        "service {service} of role {role} is not in the contract: add its .proto, or do not register it"
    )]
    UnknownService {
        /// The role it was registered under.
        role: String,
        /// Its full name.
        service: String,
    },
    /// A service of another area: the connection's role would never match.
    #[error(
        "service {service} belongs to area {area} and cannot be served by role {role}: register it there"
    )]
    WrongRole {
        /// The role it was registered under.
        role: String,
        /// Its full name.
        service: String,
        /// Where it belongs.
        area: String,
    },
    /// The same role twice.
    #[error("role {role} is served twice by this process: give all its services to one RoleServer")]
    DuplicateRole {
        /// The role.
        role: String,
    },
}
