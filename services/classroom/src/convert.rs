//! Wire messages to domain types, once, and back.

mod happening;

pub(crate) use happening::{happening, payload, wire_event};

use preau_kernel::access::Part;
use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_proto::classroom::v1 as wire;
use preau_proto::roster::v1 as roster;
use preau_rpc::convert::{id, part, wire_time};

use crate::domain::{
    Focus, Given, Lesson, Line, Link, Member, MyClass, Participant, Presence, Push, Receipt, What,
};

pub(crate) fn line(field: &str, text: &str) -> Result<Line, Failure> {
    Line::parse(text).map_err(|error| Failure::invalid(field, error.to_string()))
}

pub(crate) fn push(message: &wire::PushRequest, now: Timestamp) -> Result<Push, Failure> {
    let what = match &message.what {
        Some(wire::push_request::What::Link(link)) => What::Link(
            Link::parse(link).map_err(|error| Failure::invalid("link", error.to_string()))?,
        ),
        Some(wire::push_request::What::NodeId(node)) => What::Node(id("node_id", node)?),
        None => return Err(Failure::invalid("what", "say a link or a node_id")),
    };
    Ok(Push {
        id: id("push_id", &message.push_id)?,
        what,
        title: line("title", &message.title)?,
        at: now,
    })
}

pub(crate) fn given(message: &wire::AcknowledgeRequest) -> Result<Given, Failure> {
    given_of(message.state()).ok_or_else(|| {
        Failure::invalid(
            "state",
            "say RECEIPT_STATE_RECEIVED or RECEIPT_STATE_OPENED",
        )
    })
}

fn given_of(state: wire::ReceiptState) -> Option<Given> {
    match state {
        wire::ReceiptState::Unspecified => None,
        wire::ReceiptState::Received => Some(Given::Received),
        wire::ReceiptState::Opened => Some(Given::Opened),
    }
}

pub(crate) fn wire_lesson(lesson: &Lesson) -> wire::Lesson {
    wire::Lesson {
        lesson_id: lesson.id.to_string(),
        class_id: lesson.class.to_string(),
        class_name: lesson.class_name.clone(),
        teacher_id: lesson.teacher.to_string(),
        started_at: Some(wire_time(lesson.started)),
        ended_at: lesson.ended.map(wire_time),
        school_id: lesson.school.to_string(),
    }
}

pub(crate) fn wire_participant(participant: &Participant) -> wire::Participant {
    wire::Participant {
        person_id: participant.member.person.to_string(),
        presence: wire_presence(participant.presence).into(),
        hand: participant.hand,
        is_teacher: participant.member.part == Part::Teacher,
    }
}

fn wire_presence(presence: Presence) -> wire::Presence {
    match presence {
        Presence::Here => wire::Presence::Here,
        Presence::Offline => wire::Presence::Offline,
        Presence::Absent => wire::Presence::Absent,
    }
}

pub(crate) fn wire_focus(focus: &Focus) -> wire::Focus {
    wire::Focus {
        teacher_id: focus.teacher.to_string(),
        message: focus.message.as_str().to_owned(),
        ends_at: Some(wire_time(focus.ends)),
    }
}

pub(crate) fn wire_pushed(push: &Push, receipts: &[Receipt]) -> wire::Pushed {
    let what = match &push.what {
        What::Link(link) => wire::pushed::What::Link(link.as_str().to_owned()),
        What::Node(node) => wire::pushed::What::NodeId(node.to_string()),
    };
    wire::Pushed {
        push_id: push.id.to_string(),
        what: Some(what),
        title: push.title.as_str().to_owned(),
        pushed_at: Some(wire_time(push.at)),
        receipts: receipts.iter().map(wire_receipt).collect(),
    }
}

fn wire_receipt(receipt: &Receipt) -> wire::Receipt {
    let state = match receipt.given {
        Given::Received => wire::ReceiptState::Received,
        Given::Opened => wire::ReceiptState::Opened,
    };
    wire::Receipt {
        person_id: receipt.person.to_string(),
        state: state.into(),
        at: Some(wire_time(receipt.at)),
    }
}

/// What the roster says of the caller's part in a class; nothing for parts newer than this build.
pub(crate) fn my_class(
    mine: &roster::list_my_classes_response::MyClass,
) -> Result<Option<MyClass>, Failure> {
    let (Some(part), Some(class)) = (part(mine.part()), &mine.class) else {
        return Ok(None);
    };
    Ok(Some(MyClass {
        id: theirs("class_id", &class.class_id)?,
        name: class.name.clone(),
        school: theirs("school_id", &class.school_id)?,
        authority: theirs("authority_id", &class.authority_id)?,
        part,
    }))
}

pub(crate) fn member(member: &roster::Member) -> Result<Option<Member>, Failure> {
    let Some(part) = part(member.part()) else {
        return Ok(None);
    };
    let person = theirs("person_id", &member.person_id)?;
    Ok(Some(Member { person, part }))
}

/// An id that the roster answered: if it is none, our caller is not to blame.
fn theirs<T>(field: &str, text: &str) -> Result<T, Failure>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse()
        .map_err(|error| Failure::internal(format!("roster answered {field}: {error}")))
}
