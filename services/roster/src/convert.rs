//! Wire messages to domain types, once, and back.

use preau_kernel::access::Part;
use preau_kernel::failure::Failure;
use preau_kernel::names::Name;
use preau_kernel::paging::Keyset;
use preau_proto::roster::v1 as wire;
use preau_rpc::convert::{id, wire_time};

use crate::domain::oneroster::Problem;
use crate::domain::{Class, Import, ImportState, Member, MyClass, PART_SIZE, Standing, Summary};
use crate::service::NewClass;

pub(crate) fn new_class(message: &wire::CreateClassRequest) -> Result<NewClass, Failure> {
    Ok(NewClass {
        school: id("school_id", &message.school_id)?,
        name: Name::parse(&message.name)
            .map_err(|error| Failure::invalid("name", error.to_string()))?,
        main_teacher: id("main_teacher_id", &message.main_teacher_id)?,
    })
}

pub(crate) fn enrolment(message: &wire::EnrolRequest) -> Result<Member, Failure> {
    let part = match message.part() {
        wire::Part::Student => Part::Student,
        wire::Part::Teacher => Part::Teacher,
        wire::Part::Unspecified => {
            return Err(Failure::invalid("part", "say PART_STUDENT or PART_TEACHER"));
        }
    };
    Ok(Member {
        person: id("person_id", &message.person_id)?,
        part,
    })
}

/// The key a page starts after: empty, which sorts before every key, for the first page.
pub(crate) fn after(token: &str) -> Result<String, Failure> {
    let key = Keyset::parse(token, 1)?;
    let after = key
        .and_then(|Keyset(parts)| parts.into_iter().next())
        .unwrap_or_default();
    // A forged token may hold a NUL, which no key has and PostgreSQL refuses.
    if after.contains('\0') {
        return Err(Failure::invalid(
            "page_token",
            "not a token of this list: start from the first page",
        ));
    }
    Ok(after)
}

/// The key a page of a list that runs backwards ends before: one that sorts after every id, for the first page.
pub(crate) fn before(token: &str) -> Result<String, Failure> {
    let key = after(token)?;
    Ok(if key.is_empty() { "~".to_owned() } else { key })
}

pub(crate) fn wire_import(import: &Import) -> wire::Import {
    wire::Import {
        import_id: import.id.to_string(),
        school_id: import.school.id.to_string(),
        state: wire_state(import.state).into(),
        size: import.size,
        part_size: PART_SIZE,
        part_count: import.part_count(),
        created_by: import.created_by.to_string(),
        created_at: Some(wire_time(import.created_at)),
        applied_at: import.applied_at.map(wire_time),
        summary: import.summary.as_ref().map(wire_summary),
        problems: import.problems.iter().map(wire_problem).collect(),
        problem_count: match import.state {
            ImportState::Invalid => import.problem_count,
            _ => 0,
        },
        replaced_by_import_id: import
            .replaced
            .map(|by| by.import.to_string())
            .unwrap_or_default(),
    }
}

fn wire_state(state: ImportState) -> wire::ImportState {
    match state {
        ImportState::Uploading => wire::ImportState::Uploading,
        ImportState::Invalid => wire::ImportState::Invalid,
        ImportState::Ready => wire::ImportState::Ready,
        ImportState::Applying => wire::ImportState::Applying,
        ImportState::Applied => wire::ImportState::Applied,
    }
}

fn wire_summary(summary: &Summary) -> wire::ImportSummary {
    wire::ImportSummary {
        people_new: summary.people_new,
        people_changed: summary.people_changed,
        people_unchanged: summary.people_unchanged,
        people_disabled: summary.people_disabled,
        people_without_role: summary.people_without_role,
        classes_new: summary.classes_new,
        classes_changed: summary.classes_changed,
        classes_unchanged: summary.classes_unchanged,
        classes_emptied: summary.classes_emptied,
        enrolments_added: summary.enrolments_added,
        enrolments_removed: summary.enrolments_removed,
        enrolments_unchanged: summary.enrolments_unchanged,
        needs_confirmation: summary.needs_confirmation,
        people_adopted: summary.people_adopted,
        administrators_new: summary.administrators_new,
    }
}

fn wire_problem(problem: &Problem) -> wire::ImportProblem {
    wire::ImportProblem {
        file: problem.file.clone(),
        line: problem.line,
        column: problem.column.clone(),
        value: problem.value.clone(),
        reason: problem.reason.clone().into_owned(),
        message: problem.message.clone(),
    }
}

pub(crate) fn wire_class(class: &Class) -> wire::Class {
    wire::Class {
        class_id: class.id.to_string(),
        school_id: class.school.id.to_string(),
        authority_id: class.school.authority.to_string(),
        name: class.name.as_str().to_owned(),
        main_teacher_id: class.main_teacher.to_string(),
    }
}

pub(crate) fn wire_my_class(mine: &MyClass) -> wire::list_my_classes_response::MyClass {
    wire::list_my_classes_response::MyClass {
        class: Some(wire_class(&mine.class)),
        part: wire_part(Some(mine.part)).into(),
    }
}

pub(crate) fn wire_member(member: &Member) -> wire::Member {
    wire::Member {
        person_id: member.person.to_string(),
        part: wire_part(Some(member.part)).into(),
    }
}

pub(crate) fn wire_membership(standing: Option<&Standing>) -> wire::GetMembershipResponse {
    let school = standing.map(|standing| standing.class.school);
    wire::GetMembershipResponse {
        part: wire_part(standing.and_then(|standing| standing.part)).into(),
        school_id: school
            .map(|school| school.id.to_string())
            .unwrap_or_default(),
        authority_id: school
            .map(|school| school.authority.to_string())
            .unwrap_or_default(),
    }
}

fn wire_part(part: Option<Part>) -> wire::Part {
    match part {
        None => wire::Part::Unspecified,
        Some(Part::Student) => wire::Part::Student,
        Some(Part::Teacher) => wire::Part::Teacher,
    }
}
