//! Dated grants, and the rule that nobody grants more than they hold.

use preau_kernel::access::{Facts, Grant, Role, Scope};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{AuthorityId, GrantId, PersonId};

/// Grants a person may have open at once: what fits into a principal token.
pub(crate) const MAX_OPEN: usize = 64;

/// A grant with its dates. It is never deleted: it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DatedGrant {
    pub(crate) id: GrantId,
    pub(crate) person: PersonId,
    pub(crate) role: Role,
    pub(crate) on: On,
    pub(crate) period: Period,
}

/// A scope, with what is needed to know who stands above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct On {
    pub(crate) scope: Scope,
    /// The authority itself, or that of the school; none for the platform.
    pub(crate) authority: Option<AuthorityId>,
}

/// From `begins` until just before `ends`; open without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) begins: Timestamp,
    pub(crate) ends: Option<Timestamp>,
}

/// Why a grant is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GrantRefusal {
    #[error(
        "this role is not on such a scope: student, teacher and school administrator are on a school, authority administrator on an authority, platform administrator on the platform"
    )]
    Mismatch,
    #[error(
        "nobody grants more than they hold: ask somebody who holds this role here, or administers above it"
    )]
    NotHeld,
    #[error(
        "nobody grants for longer than they hold: set ends_at no later than the end of your own grant"
    )]
    Outlasts,
    #[error("nobody takes back more than they hold: ask somebody who administers here, or above")]
    NotHeldToRevoke,
    #[error("the end must come after the beginning, and after now")]
    Backwards,
}

impl Period {
    /// Open from now.
    pub(crate) fn from(begins: Timestamp) -> Period {
        Period { begins, ends: None }
    }

    /// A grant already over when it is given would be a slip of the keyboard.
    pub(crate) fn parse(
        begins: Timestamp,
        ends: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Period, GrantRefusal> {
        if ends.is_some_and(|ends| ends <= begins || ends <= now) {
            return Err(GrantRefusal::Backwards);
        }
        Ok(Period { begins, ends })
    }

    pub(crate) fn is_in_force(self, now: Timestamp) -> bool {
        self.begins <= now && !self.is_over(now)
    }

    pub(crate) fn is_over(self, now: Timestamp) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }
}

impl DatedGrant {
    /// What relations to this grant go by. A grant on an authority or on the platform has no
    /// school, so that no school's administrator reaches it.
    pub(crate) fn facts(&self) -> Facts {
        let school = match self.on.scope {
            Scope::School(id) => Some(id),
            Scope::Authority(_) | Scope::Platform => None,
        };
        Facts {
            school,
            authority: self.on.authority,
            ..Facts::default()
        }
    }

    pub(crate) fn undated(&self) -> Grant {
        Grant {
            role: self.role,
            scope: self.on.scope,
        }
    }
}

/// Whether a role belongs on a scope of this kind.
pub(crate) fn check_shape(role: Role, scope: Scope) -> Result<(), GrantRefusal> {
    let fits = match role {
        Role::Student | Role::Teacher | Role::SchoolAdmin => matches!(scope, Scope::School(_)),
        Role::AuthorityAdmin => matches!(scope, Scope::Authority(_)),
        Role::PlatformAdmin => matches!(scope, Scope::Platform),
        // Nobody is given it: being an enrolled device is what it says.
        Role::Device => false,
    };
    if fits {
        Ok(())
    } else {
        Err(GrantRefusal::Mismatch)
    }
}

/// Whether a holder of `held` may grant `role` on `on` for `period`.
///
/// An administrator may not be named for longer than whoever names them: else a week's stand-in
/// could make themselves permanent. Pupils and teachers may: their grants outlive the secretary's.
pub(crate) fn may_grant(
    held: &[DatedGrant],
    role: Role,
    on: On,
    period: Period,
    now: Timestamp,
) -> Result<(), GrantRefusal> {
    check_shape(role, on.scope)?;
    let mut covering = covering(held, role, on, now).peekable();
    if covering.peek().is_none() {
        return Err(GrantRefusal::NotHeld);
    }
    let is_administrative = role >= Role::SchoolAdmin;
    if !is_administrative || covering.any(|own| lasts(own.period, period)) {
        Ok(())
    } else {
        Err(GrantRefusal::Outlasts)
    }
}

/// Whether a holder of `held` may end somebody's `role` on `on`, whatever its dates: a stand-in
/// must be able to dismiss whoever was named for good.
pub(crate) fn may_revoke(
    held: &[DatedGrant],
    role: Role,
    on: On,
    now: Timestamp,
) -> Result<(), GrantRefusal> {
    match covering(held, role, on, now).next() {
        Some(_) => Ok(()),
        None => Err(GrantRefusal::NotHeldToRevoke),
    }
}

fn covering(
    held: &[DatedGrant],
    role: Role,
    on: On,
    now: Timestamp,
) -> impl Iterator<Item = &DatedGrant> {
    held.iter()
        .filter(move |own| own.period.is_in_force(now) && covers(own, role, on))
}

fn covers(own: &DatedGrant, role: Role, on: On) -> bool {
    match (own.role, own.on.scope) {
        (Role::PlatformAdmin, Scope::Platform) => true,
        (Role::AuthorityAdmin, Scope::Authority(id)) => {
            role <= Role::AuthorityAdmin && on.authority == Some(id)
        }
        (Role::SchoolAdmin, own_school @ Scope::School(_)) => {
            role <= Role::SchoolAdmin && on.scope == own_school
        }
        _ => false,
    }
}

fn lasts(own: Period, wanted: Period) -> bool {
    match (own.ends, wanted.ends) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(own), Some(wanted)) => wanted <= own,
    }
}

#[cfg(test)]
mod tests;
