//! The audit trail: who did what to what, by ids alone.
//!
//! Names, logins and tokens never appear here; whoever may read the directory can resolve the ids.

use std::fmt::Display;

use preau_kernel::access::Caller;

/// Something a signed-in person did.
pub(crate) fn done(action: &'static str, caller: &Caller, object: impl Display) {
    let principal = caller.principal();
    tracing::info!(
        target: "preau::audit",
        action,
        person = %principal.person,
        session = %principal.session,
        %object,
        "done"
    );
}

/// Something that happened to a person without a session of theirs: sign-in, and what the platform does itself.
pub(crate) fn happened(action: &'static str, outcome: &'static str, person: Option<impl Display>) {
    let person = person.map(|person| person.to_string()).unwrap_or_default();
    tracing::info!(target: "preau::audit", action, outcome, %person, "happened");
}

/// Something that the platform finished under the name of whoever had asked for it.
pub(crate) fn applied(
    action: &'static str,
    outcome: &'static str,
    person: impl Display,
    object: impl Display,
) {
    tracing::info!(target: "preau::audit", action, outcome, %person, %object, "applied");
}
