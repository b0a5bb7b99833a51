//! The audit trail: who did what to what, by ids alone.

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
