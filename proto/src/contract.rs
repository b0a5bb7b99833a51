//! The policies of the contract, decoded from the descriptors once at start.

mod decode;
mod matrix;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use crate::policy::v1::{Criticality, Relation, Role};

/// Every method of the contract with its policy. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Contract {
    methods: Arc<BTreeMap<String, Method>>,
}

impl Contract {
    /// The contract this build was made from.
    ///
    /// # Errors
    /// A method without a policy, or with one that makes no sense, named.
    pub fn load() -> Result<Self, ContractError> {
        Self::decode(crate::FILE_DESCRIPTOR_SET)
    }

    /// A contract from an encoded `FileDescriptorSet` with its custom options.
    ///
    /// # Errors
    /// As [`Contract::load`].
    pub fn decode(descriptor_set: &[u8]) -> Result<Self, ContractError> {
        let methods = decode::methods(descriptor_set)?;
        let methods = methods
            .into_iter()
            .map(|method| (method.path.clone(), method))
            .collect();
        Ok(Self {
            methods: Arc::new(methods),
        })
    }

    /// The method at exactly this HTTP/2 path; no normalisation, so no variant of a path ever finds another's policy.
    #[must_use]
    pub fn method(&self, path: &str) -> Option<&Method> {
        self.methods.get(path)
    }

    /// Every method, by path.
    pub fn methods(&self) -> impl Iterator<Item = &Method> {
        self.methods.values()
    }

    /// Method × role × relation as text, one line a cell that allows: what `preau api matrix` prints.
    #[must_use]
    pub fn matrix(&self) -> String {
        matrix::print(self.methods())
    }
}

/// One RPC and its policy.
#[derive(Clone, Debug)]
pub struct Method {
    /// `/preau.files.v1.FileService/Read`.
    pub path: String,
    /// `preau.files.v1.FileService`.
    pub service: String,
    /// `Read`.
    pub name: String,
    /// The second segment of the package: the role that answers, or `mesh` for what every role answers.
    pub area: String,
    /// Full name of the request message.
    pub input: String,
    /// Full name of the response message.
    pub output: String,
    /// Whether the answer is a stream. Requests never are: browsers could not send them.
    pub server_streaming: bool,
    /// Ways for an end user to be allowed; any one is enough, none means workloads only.
    pub rules: Vec<Rule>,
    /// Mesh services that may make this call.
    pub workloads: Vec<Workload>,
    /// The longest the method may take, trailers included.
    pub deadline: Duration,
    /// Its place in the order of shedding.
    pub criticality: Criticality,
    /// Whether every call leaves an audit entry.
    pub audit: bool,
    /// Whether a repeated call does harm.
    pub idempotency: Idempotency,
}

impl Method {
    /// Whether it is reachable from outside, through the gateway.
    #[must_use]
    pub fn is_public(&self) -> bool {
        !self.is_workload_only() && self.workloads.contains(&Workload::Named("gateway".into()))
    }

    /// Whether no end user takes part: only workloads call, on their own behalf.
    #[must_use]
    pub fn is_workload_only(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether somebody who has not signed in may call.
    #[must_use]
    pub fn allows_anonymous(&self) -> bool {
        self.rules
            .iter()
            .any(|rule| rule.roles.contains(&Role::Anonymous))
    }

    /// Whether a verified principal is needed.
    #[must_use]
    pub fn needs_principal(&self) -> bool {
        !self.is_workload_only() && !self.allows_anonymous()
    }

    /// Whether this mesh service may call; `None` is a process without an identity.
    #[must_use]
    pub fn allows_workload(&self, service: Option<&str>) -> bool {
        self.workloads
            .iter()
            .any(|allowed| match (allowed, service) {
                (Workload::Unauthenticated, None) | (Workload::Any, Some(_)) => true,
                (Workload::Named(name), Some(service)) => name == service,
                _ => false,
            })
    }

    /// Whether a call that may have been processed may be sent again.
    #[must_use]
    pub fn is_retry_safe(&self) -> bool {
        self.idempotency != Idempotency::Unknown
    }
}

/// One way for an end user to be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The caller holds one of these.
    pub roles: Vec<Role>,
    /// And this holds between the caller and the object.
    pub relation: Relation,
    /// The request field that names the object; empty for SELF and PLATFORM on no object.
    pub object: String,
}

/// Who on the mesh may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Any workload with an identity of this trust domain.
    Any,
    /// Only a process that has none yet.
    Unauthenticated,
    /// The service of this name.
    Named(String),
}

/// Protobuf's own `idempotency_level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idempotency {
    /// Not said: a call that may have been processed is never sent again.
    Unknown,
    /// Changes nothing.
    NoSideEffects,
    /// Repeating changes nothing more.
    Idempotent,
}

/// The contract cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// The bytes are no descriptor set. The build's fault.
    #[error("the contract's descriptors cannot be decoded: {0}: run `make proto`")]
    Undecodable(String),
    /// The method's author forgot the policy.
    #[error("method {method} has no policy: declare `option (preau.policy.v1.policy)` beside it")]
    NoPolicy {
        /// Its HTTP/2 path.
        method: String,
    },
    /// The method's author wrote a policy that cannot be enforced.
    #[error("policy of method {method}: {problem}")]
    BadPolicy {
        /// Its HTTP/2 path.
        method: String,
        /// What is wrong and what to write instead.
        problem: String,
    },
}
