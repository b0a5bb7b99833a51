//! Wire messages to domain types, once, and back.

use preau_kernel::access::Part;
use preau_kernel::failure::Failure;
use preau_kernel::names::Name;
use preau_kernel::paging::Keyset;
use preau_proto::roster::v1 as wire;
use preau_rpc::convert::id;

use crate::domain::{Class, Member, MyClass, Standing};
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
