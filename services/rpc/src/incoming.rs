//! A call as a handler receives it.

use std::sync::Arc;

use preau_kernel::access::Caller;
use preau_kernel::failure::{Failure, Kind};
use preau_mesh::{Call, Fault};
use tonic::{Request, Response, Status};

use crate::convert;

/// One call: who makes it, and how its answer goes back.
pub struct Incoming {
    call: Call,
}

impl Incoming {
    /// From a request that came through the mesh's server stack.
    ///
    /// # Errors
    /// INTERNAL when it did not: a handler is never served outside the stack.
    pub fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        Call::of(request).map(|call| Self { call })
    }

    /// The mesh's view of it: deadline, trace, peer; and the way to call others on the same caller's behalf.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The person behind it, with the rules of this method that the person's roles fit.
    ///
    /// # Errors
    /// UNAUTHENTICATED where nobody has signed in: a workload's own call, or a method open to anonymous callers.
    pub fn caller(&self) -> Result<Caller, Failure> {
        let admission = Arc::clone(self.call.admission());
        let claims = admission.principal.as_deref().ok_or_else(|| {
            Failure::new(
                Kind::Unauthenticated,
                "PRINCIPAL_MISSING",
                "nobody has signed in: sign in and call again",
            )
        })?;
        let principal = convert::principal(claims)?;
        let rules = admission.rules.iter().filter_map(convert::rule).collect();
        Ok(Caller::new(principal, rules, move || admission.discharge()))
    }

    /// The answer, or the failure as a status that names the role and the endpoint that answered.
    ///
    /// # Errors
    /// The failure, as a status with its details. What only the operator should read goes to the log here.
    pub fn answer<T, E: Into<Failure>>(&self, result: Result<T, E>) -> Result<Response<T>, Status> {
        result
            .map(Response::new)
            .map_err(|error| self.status(error))
    }

    /// A failure as a status, logged once: what the caller must not read stays in the log.
    pub fn status<E: Into<Failure>>(&self, error: E) -> Status {
        let failure = error.into();
        let method = &self.call.admission().method;
        if failure.kind == Kind::Internal || failure.kind == Kind::DataLoss {
            tracing::error!(rpc = %method.path, reason = failure.reason, cause = %failure.internal, "call failed");
        } else if !failure.internal.is_empty() {
            tracing::warn!(rpc = %method.path, reason = failure.reason, cause = %failure.internal, "call refused");
        }
        self.call.status(fault(failure))
    }
}

/// A message without wrong fields ends with what to do; `remedy` marks that end, so that a client
/// need not guess which colon stands before it.
fn fault(failure: Failure) -> Fault {
    let mut metadata = failure.metadata;
    if failure.fields.is_empty()
        && let Some((_, remedy)) = failure.message.rsplit_once(": ")
    {
        metadata.push(("remedy".to_owned(), remedy.to_owned()));
    }
    Fault {
        code: failure.kind.grpc_code(),
        reason: failure.reason,
        message: failure.message.into(),
        fields: failure.fields,
        retry_after: failure.retry_after,
        metadata,
    }
}
