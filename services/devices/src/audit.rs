//! The audit trail: who did what to which device, by ids alone.
//!
//! Names, texts, tokens and reasons never appear here; whoever may read the fleet can resolve the ids.

use std::fmt::Display;

use preau_kernel::access::Caller;

/// Something that a signed-in administrator did.
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

/// Something that a device did, to what.
pub(crate) fn by_device(action: &'static str, device: impl Display, object: impl Display) {
    tracing::info!(target: "preau::audit", action, %device, %object, "done");
}
