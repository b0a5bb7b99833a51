//! What the mesh found out about a call it let through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderValue;
use preau_mesh_identity::SpiffeId;
use preau_mesh_identity::principal::Claims;
use preau_proto::contract::{Method, Rule};

use crate::expiring::Deadline;
use crate::trace_context::TraceContext;

/// A call that workload, principal and role allow. In request extensions as `Arc<Admission>`.
#[derive(Debug)]
pub struct Admission {
    /// The calling workload; none on a joining connection.
    pub peer: Option<SpiffeId>,
    /// The role that answers, from the connection.
    pub role: String,
    /// The address that answers, for errors.
    pub endpoint: Arc<str>,
    /// What is called.
    pub method: Arc<Method>,
    /// The user on whose behalf; none for workload-only methods and for those who have not signed in.
    pub principal: Option<Arc<Claims>>,
    /// The user's token, to be sent on with calls made on the user's behalf.
    pub token: Option<HeaderValue>,
    /// The rules whose roles the user has. Any one relation among them allows; the use case finds it.
    pub rules: Arc<[Rule]>,
    /// When the call must be over.
    pub deadline: Option<Deadline>,
    /// Where in a trace it stands.
    pub trace: TraceContext,
    pub(super) discharged: AtomicBool,
}

impl Admission {
    /// Declares that the use case has checked the relation of one of [`Admission::rules`].
    ///
    /// Without it a method that needs a principal cannot answer successfully.
    pub fn discharge(&self) {
        self.discharged.store(true, Ordering::Release);
    }

    /// Whether [`Admission::discharge`] was called.
    #[must_use]
    pub fn is_discharged(&self) -> bool {
        self.discharged.load(Ordering::Acquire)
    }

    /// The user's token as text.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_ref().and_then(|token| token.to_str().ok())
    }
}
