//! The wire's messages to domain types and back, once.

pub(crate) mod import;

use preau_kernel::access::{Role, Scope};
use preau_kernel::failure::Failure;
use preau_kernel::ids::PersonId;
use preau_kernel::names::Name;
use preau_kernel::uai::Uai;
use preau_proto::identity::v1 as wire;
use preau_rpc::convert::{id, role, time, wire_role, wire_time};

use crate::domain::directory::{Authority, Person, PersonName, School};
use crate::domain::grants::DatedGrant;
use crate::domain::keyring::KeyDates;
use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::service::directory::PersonWanted;
use crate::service::first_use::Issued;
use crate::service::granting::GrantWanted;

pub(crate) fn authority(authority: Authority) -> wire::Authority {
    wire::Authority {
        authority_id: authority.id.to_string(),
        name: authority.name.to_string(),
    }
}

pub(crate) fn school(school: School) -> wire::School {
    wire::School {
        school_id: school.id.to_string(),
        authority_id: school.authority.to_string(),
        uai: school.uai.to_string(),
        name: school.name.to_string(),
    }
}

pub(crate) fn person(person: Person) -> wire::Person {
    wire::Person {
        person_id: person.id.to_string(),
        school_id: person
            .home
            .school()
            .map(|id| id.to_string())
            .unwrap_or_default(),
        given_name: person.given.to_string(),
        family_name: person.family.to_string(),
        login: person.login.unwrap_or_default(),
        grants: person.grants.iter().map(grant).collect(),
    }
}

pub(crate) fn grant(grant: &DatedGrant) -> wire::Grant {
    wire::Grant {
        grant_id: grant.id.to_string(),
        role: wire_role(grant.role).into(),
        scope: Some(wire_scope(grant.on.scope)),
        begins_at: Some(wire_time(grant.period.begins)),
        ends_at: grant.period.ends.map(wire_time),
    }
}

pub(crate) fn signing_key(key: KeyDates) -> wire::SigningKey {
    wire::SigningKey {
        key_id: key.key_id,
        public_key: key.public_key.to_vec(),
    }
}

pub(crate) fn name(field: &str, text: &str) -> Result<Name, Failure> {
    Name::parse(text).map_err(|error| Failure::invalid(field, error.to_string()))
}

pub(crate) fn uai(text: &str) -> Result<Uai, Failure> {
    text.parse()
        .map_err(|error: preau_kernel::uai::InvalidUai| Failure::invalid("uai", error.to_string()))
}

pub(crate) fn person_wanted(request: wire::CreatePersonRequest) -> Result<PersonWanted, Failure> {
    let wanted = required_role(request.role)?;
    if !matches!(wanted, Role::Student | Role::Teacher | Role::SchoolAdmin) {
        let problem = "a person of a school begins as student, teacher or school administrator";
        return Err(Failure::invalid("role", problem));
    }
    let account = match (request.login.as_str(), request.password) {
        ("", password) if password.is_empty() => None,
        ("", _) => {
            return Err(Failure::invalid(
                "login",
                "missing: a password goes with a login",
            ));
        }
        (_, password) if password.is_empty() => {
            return Err(Failure::invalid(
                "password",
                "missing: a login goes with a password",
            ));
        }
        (login, password) => Some((Login::parse(login)?, Password::new(password))),
    };
    Ok(PersonWanted {
        school: id("school_id", &request.school_id)?,
        given: name("given_name", &request.given_name)?,
        family: name("family_name", &request.family_name)?,
        role: wanted,
        account,
    })
}

/// People of one request at most.
const MAX_NAMED: usize = 200;

/// Whom something is asked about, each once.
pub(crate) fn named_people(texts: &[String]) -> Result<Vec<PersonId>, Failure> {
    if texts.is_empty() || texts.len() > MAX_NAMED {
        let problem = format!("{} people: name 1 to {MAX_NAMED}", texts.len());
        return Err(Failure::invalid("person_ids", problem));
    }
    let read = |(at, text): (usize, &String)| id(&format!("person_ids[{at}]"), text);
    let mut people: Vec<PersonId> = texts
        .iter()
        .enumerate()
        .map(read)
        .collect::<Result<_, _>>()?;
    people.sort_unstable();
    people.dedup();
    Ok(people)
}

pub(crate) fn person_name(name: PersonName) -> wire::PersonName {
    wire::PersonName {
        person_id: name.id.to_string(),
        given_name: name.given.to_string(),
        family_name: name.family.to_string(),
    }
}

pub(crate) fn first_use_code(issued: Issued) -> wire::FirstUseCode {
    let Issued {
        person,
        code,
        expires,
    } = issued;
    wire::FirstUseCode {
        person_id: person.id.to_string(),
        given_name: person.given.to_string(),
        family_name: person.family.to_string(),
        login: person.login.unwrap_or_default(),
        code: code.printed(),
        expires_at: Some(wire_time(expires)),
    }
}

pub(crate) fn grant_wanted(request: &wire::GrantRoleRequest) -> Result<GrantWanted, Failure> {
    Ok(GrantWanted {
        person: id("person_id", &request.person_id)?,
        role: required_role(request.role)?,
        scope: scope(request.scope.as_ref())?,
        begins: request
            .begins_at
            .as_ref()
            .map(|at| time("begins_at", at))
            .transpose()?,
        ends: request
            .ends_at
            .as_ref()
            .map(|at| time("ends_at", at))
            .transpose()?,
    })
}

fn required_role(number: i32) -> Result<Role, Failure> {
    let known = preau_proto::policy::v1::Role::try_from(number)
        .ok()
        .and_then(role);
    known.ok_or_else(|| Failure::invalid("role", "name a role that a person can hold"))
}

fn scope(scope: Option<&wire::Scope>) -> Result<Scope, Failure> {
    use wire::scope::On;
    match scope.and_then(|scope| scope.on.as_ref()) {
        Some(On::Platform(true)) => Ok(Scope::Platform),
        Some(On::Platform(false)) => {
            Err(Failure::invalid("scope.platform", "true, or leave it out"))
        }
        Some(On::AuthorityId(text)) => Ok(Scope::Authority(id("scope.authority_id", text)?)),
        Some(On::SchoolId(text)) => Ok(Scope::School(id("scope.school_id", text)?)),
        None => Err(Failure::invalid(
            "scope",
            "missing: name the platform, an authority or a school",
        )),
    }
}

fn wire_scope(scope: Scope) -> wire::Scope {
    use wire::scope::On;
    let on = match scope {
        Scope::Platform => On::Platform(true),
        Scope::Authority(id) => On::AuthorityId(id.to_string()),
        Scope::School(id) => On::SchoolId(id.to_string()),
    };
    wire::Scope { on: Some(on) }
}
