//! What a handler knows about the call it serves, and how it calls on.

use std::sync::Arc;

use http::HeaderValue;
use preau_mesh_identity::SpiffeId;
use preau_mesh_identity::principal::Claims;
use preau_mesh_layers::{Admission, Deadline, Fault, Inherited, PRINCIPAL_HEADER, TraceContext};
use tonic::{Code, Request, Status};

/// One call, as the server stack admitted it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Call {
    admission: Arc<Admission>,
}

impl Call {
    /// What the server stack left in the request.
    ///
    /// # Errors
    /// INTERNAL if the request did not come through it: a handler is never served outside.
    pub fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        let admission = request.extensions().get::<Arc<Admission>>().cloned();
        admission
            .map(|admission| Self { admission })
            .ok_or_else(outside)
    }

    /// What was decided about it; the use case discharges its relation here.
    #[must_use]
    pub fn admission(&self) -> &Arc<Admission> {
        &self.admission
    }

    /// The user on whose behalf it is made.
    #[must_use]
    pub fn claims(&self) -> Option<&Claims> {
        self.admission.principal.as_deref()
    }

    /// When it must be over.
    #[must_use]
    pub fn deadline(&self) -> Option<Deadline> {
        self.admission.deadline
    }

    /// Where in a trace it stands.
    #[must_use]
    pub fn trace(&self) -> &TraceContext {
        &self.admission.trace
    }

    /// The workload that calls; none while it joins.
    #[must_use]
    pub fn peer(&self) -> Option<&SpiffeId> {
        self.admission.peer.as_ref()
    }

    /// A failure as this call's answer, naming the role and the endpoint that answers.
    #[must_use]
    pub fn status(&self, fault: Fault) -> Status {
        fault.into_status(&self.admission.role, &self.admission.endpoint)
    }

    /// An outbound call on behalf of the same user: principal, trace and what is left of the deadline go with it.
    #[must_use]
    pub fn request<M>(&self, message: M) -> Request<M> {
        let mut request = self.detached_request(message);
        if let Some(token) = &self.admission.token {
            set_principal(&mut request, token.clone());
        }
        request
    }

    /// An outbound call of this workload's own, made because of this call: trace and deadline, no user.
    #[must_use]
    pub fn detached_request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        let inherited = Inherited {
            trace: Some(self.trace().clone()),
            deadline: self.deadline(),
        };
        request.extensions_mut().insert(inherited);
        request
    }
}

/// An outbound call that nobody asked for: a trace of its own, no user, the method's whole deadline.
#[must_use]
pub fn own_request<M>(message: M) -> Request<M> {
    Request::new(message)
}

/// Makes `request` in the name of the user whose principal token this is.
///
/// A token that no header can hold is no token; it is left out, and the peer answers UNAUTHENTICATED.
pub fn with_principal<M>(request: &mut Request<M>, token: &str) {
    if let Ok(token) = HeaderValue::from_str(token) {
        set_principal(request, token);
    }
}

/// Deliberately not marked as sensitive: HTTP/2 then remembers it, and a user's next calls over the connection send
/// a byte instead of half a kilobyte, coded and decoded. Remembering is safe here: only whole values are compared,
/// this one cannot be guessed, lives a minute, and callers from outside cannot set this header.
fn set_principal<M>(request: &mut Request<M>, mut token: HeaderValue) {
    token.set_sensitive(false);
    request
        .metadata_mut()
        .as_mut()
        .insert(PRINCIPAL_HEADER, token);
}

fn outside() -> Status {
    let message = "the request did not come through the mesh's server stack";
    Fault::new(Code::Internal, "OUTSIDE_THE_MESH", message).into_status("unknown", "unknown")
}
