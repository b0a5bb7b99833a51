//! Wire types that every service shares, to and from the vocabulary.

use preau_kernel::access::{Grant, Part, Principal, Relation, Role, Rule, Scope};
use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_mesh::principal::{Claims, GrantClaim, ScopeClaim};
use preau_proto::policy::v1 as wire;
use preau_proto::roster::v1 as roster;

/// The role of the contract as the kernel's; `None` for anonymous and for roles newer than this build.
#[must_use]
pub fn role(role: wire::Role) -> Option<Role> {
    match role {
        wire::Role::Student => Some(Role::Student),
        wire::Role::Teacher => Some(Role::Teacher),
        wire::Role::SchoolAdmin => Some(Role::SchoolAdmin),
        wire::Role::AuthorityAdmin => Some(Role::AuthorityAdmin),
        wire::Role::PlatformAdmin => Some(Role::PlatformAdmin),
        wire::Role::Device => Some(Role::Device),
        wire::Role::Unspecified | wire::Role::Anonymous => None,
    }
}

/// The kernel's role as the contract's.
#[must_use]
pub fn wire_role(role: Role) -> wire::Role {
    match role {
        Role::Student => wire::Role::Student,
        Role::Teacher => wire::Role::Teacher,
        Role::SchoolAdmin => wire::Role::SchoolAdmin,
        Role::AuthorityAdmin => wire::Role::AuthorityAdmin,
        Role::PlatformAdmin => wire::Role::PlatformAdmin,
        Role::Device => wire::Role::Device,
    }
}

fn relation(relation: wire::Relation) -> Option<Relation> {
    match relation {
        wire::Relation::Self_ => Some(Relation::Itself),
        wire::Relation::Member => Some(Relation::Member),
        wire::Relation::Teaches => Some(Relation::Teaches),
        wire::Relation::School => Some(Relation::School),
        wire::Relation::Authority => Some(Relation::Authority),
        wire::Relation::Platform => Some(Relation::Platform),
        wire::Relation::Unspecified => None,
    }
}

/// A rule of a policy as the kernel's; roles it does not know are left out, so nothing is allowed by them.
#[must_use]
pub fn rule(rule: &preau_proto::contract::Rule) -> Option<Rule> {
    let roles = rule.roles.iter().filter_map(|known| role(*known)).collect();
    Some(Rule {
        roles,
        relation: relation(rule.relation)?,
    })
}

/// A part in a class as the kernel's; `None` where there is none, and for parts newer than this build.
#[must_use]
pub fn part(part: roster::Part) -> Option<Part> {
    match part {
        roster::Part::Unspecified => None,
        roster::Part::Student => Some(Part::Student),
        roster::Part::Teacher => Some(Part::Teacher),
    }
}

/// Verified claims as a typed principal.
///
/// # Errors
/// An id that is none: our fault, since we signed it.
pub fn principal(claims: &Claims) -> Result<Principal, Failure> {
    let broken = |what: &dyn std::fmt::Display| {
        Failure::internal(format!("claims of a verified principal: {what}"))
    };
    Ok(Principal {
        person: claims.person.parse().map_err(|error| broken(&error))?,
        session: claims.session.parse().map_err(|error| broken(&error))?,
        school: optional(claims.school.as_deref()).map_err(|error| broken(&error))?,
        authority: optional(claims.authority.as_deref()).map_err(|error| broken(&error))?,
        grants: claims.grants.iter().filter_map(grant).collect(),
    })
}

/// A principal's grants as claims.
#[must_use]
pub fn grant_claims(grants: &[Grant]) -> Vec<GrantClaim> {
    grants
        .iter()
        .map(|grant| GrantClaim {
            role: wire_role(grant.role).into(),
            scope: match grant.scope {
                Scope::Platform => ScopeClaim::Platform,
                Scope::Authority(id) => ScopeClaim::Authority(id.to_string()),
                Scope::School(id) => ScopeClaim::School(id.to_string()),
            },
        })
        .collect()
}

/// A grant whose role or scope this build does not know is worth nothing here.
fn grant(claim: &GrantClaim) -> Option<Grant> {
    let role = role(wire::Role::try_from(claim.role).ok()?)?;
    let scope = match &claim.scope {
        ScopeClaim::Platform => Scope::Platform,
        ScopeClaim::Authority(id) => Scope::Authority(id.parse().ok()?),
        ScopeClaim::School(id) => Scope::School(id.parse().ok()?),
    };
    Some(Grant { role, scope })
}

fn optional<T: std::str::FromStr>(text: Option<&str>) -> Result<Option<T>, T::Err> {
    text.map(str::parse).transpose()
}

/// A required id of a request.
///
/// # Errors
/// INVALID_ARGUMENT on `field`.
pub fn id<T>(field: &str, text: &str) -> Result<T, Failure>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| Failure::invalid(field, error.to_string()))
}

/// An id of a request that may be left empty.
///
/// # Errors
/// INVALID_ARGUMENT on `field`.
pub fn optional_id<T>(field: &str, text: &str) -> Result<Option<T>, Failure>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    if text.is_empty() {
        Ok(None)
    } else {
        id(field, text).map(Some)
    }
}

/// A time for the wire.
#[must_use]
pub fn wire_time(time: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = time.seconds_and_nanos();
    prost_types::Timestamp { seconds, nanos }
}

/// A time from the wire.
///
/// # Errors
/// INVALID_ARGUMENT on `field` for a time beyond what is stored.
pub fn time(field: &str, time: &prost_types::Timestamp) -> Result<Timestamp, Failure> {
    Timestamp::from_seconds_and_nanos(time.seconds, time.nanos)
        .ok_or_else(|| Failure::invalid(field, "too far from today to be stored"))
}
