//! A batch of people from the wire, and what becomes of each back.

use preau_kernel::access::Role;
use preau_kernel::failure::Failure;
use preau_kernel::names::Name;
use preau_proto::identity::v1 as wire;
use preau_rpc::convert::{id, role, time};

use crate::domain::import::{
    Answered, Batch, ImportedPerson, ImportedRole, MAX_ABSENT, MAX_BATCHES, MAX_PEOPLE, Outcome,
    Reason, Refusal, Told,
};
use crate::domain::login::Login;

/// Ids and sizes are the roster's to get right: a mistake refuses the call. What the file says refuses one person.
pub(crate) fn batch(request: wire::StagePeopleRequest) -> Result<Batch, Failure> {
    at_most("people", request.people.len(), MAX_PEOPLE)?;
    at_most(
        "absent_person_ids",
        request.absent_person_ids.len(),
        MAX_ABSENT,
    )?;
    if request.batch >= MAX_BATCHES {
        let problem = format!("an import has at most {MAX_BATCHES} batches: make them larger");
        return Err(Failure::invalid("batch", problem));
    }
    let people = request.people.into_iter().enumerate();
    let absent = request.absent_person_ids.iter().enumerate();
    Ok(Batch {
        import: id("import_id", &request.import_id)?,
        school: id("school_id", &request.school_id)?,
        number: request.batch,
        people: people.map(told).collect::<Result<_, _>>()?,
        absent: absent
            .map(|(at, text)| id(&format!("absent_person_ids[{at}]"), text))
            .collect::<Result<_, _>>()?,
    })
}

pub(crate) fn staged(answered: Answered) -> wire::StagedPerson {
    let asked = answered.asked;
    let (number, person, refusal) = match answered.outcome {
        Outcome::New(person) => (wire::StagedOutcome::New, person, None),
        Outcome::Changed(person) => (wire::StagedOutcome::Changed, person, None),
        Outcome::Unchanged(person) => (wire::StagedOutcome::Unchanged, person, None),
        Outcome::Adopted(person) => (wire::StagedOutcome::Adopted, person, None),
        Outcome::Refused(refusal) => (wire::StagedOutcome::Refused, asked, Some(refusal)),
    };
    let mut staged = wire::StagedPerson {
        outcome: number.into(),
        person_id: person.to_string(),
        becomes_administrator: answered.becomes_administrator,
        becomes_disabled: answered.becomes_disabled,
        ..Default::default()
    };
    if let Some(Refusal {
        reason,
        field,
        message,
    }) = refusal
    {
        staged.reason = reason.text().to_owned();
        staged.field = field;
        staged.message = message;
    }
    staged
}

fn at_most(field: &str, count: usize, most: usize) -> Result<(), Failure> {
    if count <= most {
        return Ok(());
    }
    let problem =
        format!("{count} are too many: send at most {most} and the rest in other batches");
    Err(Failure::invalid(field, problem))
}

fn told((at, person): (usize, wire::ImportedPerson)) -> Result<Told, Failure> {
    Ok(Told {
        person: id(&format!("people[{at}].person_id"), &person.person_id)?,
        said: imported(person),
    })
}

fn imported(person: wire::ImportedPerson) -> Result<ImportedPerson, Refusal> {
    let login = Login::parse(&person.login)
        .map_err(|error| Refusal::new(Reason::InvalidLogin, "login", error.to_string()))?;
    Ok(ImportedPerson {
        given: name("given_name", &person.given_name)?,
        family: name("family_name", &person.family_name)?,
        login,
        enabled: person.enabled,
        roles: roles(&person.roles)?,
    })
}

fn name(field: &str, text: &str) -> Result<Name, Refusal> {
    Name::parse(text).map_err(|error| Refusal::new(Reason::InvalidName, field, error.to_string()))
}

fn roles(roles: &[wire::ImportedRole]) -> Result<Vec<ImportedRole>, Refusal> {
    let mut all: Vec<ImportedRole> = Vec::with_capacity(roles.len().min(3));
    for told in roles {
        let imported = imported_role(told)?;
        if all.iter().any(|other| other.role == imported.role) {
            return Err(no_role(
                "the same role twice: give it once, from its first day to its last",
            ));
        }
        all.push(imported);
    }
    Ok(all)
}

fn imported_role(told: &wire::ImportedRole) -> Result<ImportedRole, Refusal> {
    let known = preau_proto::policy::v1::Role::try_from(told.role).ok();
    let role = known
        .and_then(role)
        .filter(|role| *role <= Role::SchoolAdmin)
        .ok_or_else(|| no_role("an import gives student, teacher or school administrator only"))?;
    let at = |field, at: &Option<_>| {
        let read = at.as_ref().map(|at| time(field, at)).transpose();
        read.map_err(|_| no_role("a date is too far from today to be stored"))
    };
    let (begins, ends) = (
        at("begins_at", &told.begins_at)?,
        at("ends_at", &told.ends_at)?,
    );
    if begins
        .zip(ends)
        .is_some_and(|(begins, ends)| ends <= begins)
    {
        return Err(no_role("a role ends before it begins: correct the dates"));
    }
    Ok(ImportedRole { role, begins, ends })
}

fn no_role(problem: &str) -> Refusal {
    Refusal::new(Reason::InvalidRole, "roles", problem)
}
