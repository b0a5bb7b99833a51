//! What happened, as the log stores it and as the wire tells it: the same message.

use preau_kernel::access::Part;
use preau_kernel::clock::Timestamp;
use preau_proto::classroom::v1 as wire;
use preau_proto::classroom::v1::lesson_event::What as Told;
use preau_rpc::convert::{id, time, wire_time};
use preau_storage_database::events::Event;
use prost::Message;

use super::{given_of, wire_focus, wire_presence, wire_pushed, wire_receipt};
use crate::domain::{Focus, Happening, Line, Link, Member, Presence, Push, Receipt, What};
use crate::error::Error;

/// What is stored: cursor and time are the log's to fill in.
pub(crate) fn payload(happening: &Happening) -> Vec<u8> {
    wire::LessonEvent {
        cursor: 0,
        at: None,
        what: Some(told(happening)),
    }
    .encode_to_vec()
}

/// What is told of a stored event.
pub(crate) fn wire_event(event: &Event, happening: &Happening) -> wire::LessonEvent {
    wire::LessonEvent {
        cursor: event.cursor.0,
        at: Some(wire_time(Timestamp(event.published_at))),
        what: Some(told(happening)),
    }
}

fn told(happening: &Happening) -> Told {
    match happening {
        Happening::Presence(member, presence) => Told::Presence(wire::PresenceChanged {
            person_id: member.person.to_string(),
            presence: wire_presence(*presence).into(),
            is_teacher: member.part == Part::Teacher,
        }),
        Happening::Hand { member, raised } => Told::Hand(wire::HandChanged {
            person_id: member.person.to_string(),
            raised: *raised,
            is_teacher: member.part == Part::Teacher,
        }),
        Happening::Focus(focus) => Told::Focus(wire::FocusChanged {
            focus: focus.as_ref().map(wire_focus),
        }),
        Happening::Pushed(push) => Told::Pushed(wire_pushed(push, &[])),
        Happening::Receipt(push, receipt) => Told::Receipt(wire::ReceiptGiven {
            push_id: push.to_string(),
            receipt: Some(wire_receipt(receipt)),
        }),
        Happening::Ended => Told::Ended(wire::LessonEnded {}),
    }
}

/// Reads what is stored; `None` for a kind of event newer than this build.
///
/// # Errors
/// [`Error::Unreadable`].
pub(crate) fn happening(event: &Event) -> Result<Option<Happening>, Error> {
    read(&event.payload).map_err(|detail| Error::Unreadable {
        what: "an event",
        detail: format!("number {}: {detail}", event.cursor.0),
    })
}

fn read(payload: &[u8]) -> Result<Option<Happening>, String> {
    let event = wire::LessonEvent::decode(payload).map_err(text)?;
    let Some(what) = event.what else {
        return Ok(None);
    };
    Ok(Some(match what {
        Told::Presence(changed) => {
            let presence = match changed.presence() {
                wire::Presence::Here => Presence::Here,
                wire::Presence::Offline => Presence::Offline,
                wire::Presence::Absent => Presence::Absent,
                wire::Presence::Unspecified => return Ok(None),
            };
            let member = member(&changed.person_id, changed.is_teacher)?;
            Happening::Presence(member, presence)
        }
        Told::Hand(changed) => Happening::Hand {
            member: member(&changed.person_id, changed.is_teacher)?,
            raised: changed.raised,
        },
        Told::Focus(changed) => Happening::Focus(changed.focus.map(focus).transpose()?),
        Told::Pushed(pushed) => Happening::Pushed(push(pushed)?),
        Told::Receipt(given) => {
            let Some(receipt) = receipt(given.receipt.unwrap_or_default())? else {
                return Ok(None);
            };
            Happening::Receipt(id("push_id", &given.push_id).map_err(said)?, receipt)
        }
        Told::Ended(wire::LessonEnded {}) => Happening::Ended,
    }))
}

fn member(person: &str, is_teacher: bool) -> Result<Member, String> {
    Ok(Member {
        person: id("person_id", person).map_err(said)?,
        part: if is_teacher {
            Part::Teacher
        } else {
            Part::Student
        },
    })
}

fn focus(focus: wire::Focus) -> Result<Focus, String> {
    Ok(Focus {
        teacher: id("teacher_id", &focus.teacher_id).map_err(said)?,
        message: Line::parse(&focus.message).map_err(text)?,
        ends: time("ends_at", &focus.ends_at.unwrap_or_default()).map_err(said)?,
    })
}

fn push(pushed: wire::Pushed) -> Result<Push, String> {
    let what = match pushed.what {
        Some(wire::pushed::What::Link(link)) => What::Link(Link::parse(&link).map_err(text)?),
        Some(wire::pushed::What::NodeId(node)) => What::Node(id("node_id", &node).map_err(said)?),
        None => return Err("a push of nothing".to_owned()),
    };
    Ok(Push {
        id: id("push_id", &pushed.push_id).map_err(said)?,
        what,
        title: Line::parse(&pushed.title).map_err(text)?,
        at: time("pushed_at", &pushed.pushed_at.unwrap_or_default()).map_err(said)?,
    })
}

fn receipt(receipt: wire::Receipt) -> Result<Option<Receipt>, String> {
    let Some(given) = given_of(receipt.state()) else {
        return Ok(None);
    };
    Ok(Some(Receipt {
        person: id("person_id", &receipt.person_id).map_err(said)?,
        given,
        at: time("at", &receipt.at.unwrap_or_default()).map_err(said)?,
    }))
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn said(failure: preau_kernel::failure::Failure) -> String {
    failure.message.into()
}

#[cfg(test)]
mod tests {
    use preau_kernel::ids::{NodeId, PersonId, PushId};

    use super::*;
    use crate::domain::Given;

    #[test]
    fn whatever_is_published_reads_back() {
        let at = Timestamp(1_700_000_000_123_456);
        let member = Member {
            person: PersonId::new(),
            part: Part::Teacher,
        };
        let push = Push {
            id: PushId::new(),
            what: What::Node(NodeId::new()),
            title: Line::parse("Page 12").expect("a line"),
            at,
        };
        let receipt = Receipt {
            person: member.person,
            given: Given::Opened,
            at,
        };
        let focus = Focus {
            teacher: member.person,
            message: Line::default(),
            ends: at,
        };
        for told in [
            Happening::Presence(member, Presence::Here),
            Happening::Hand {
                member,
                raised: true,
            },
            Happening::Focus(Some(focus)),
            Happening::Focus(None),
            Happening::Pushed(push.clone()),
            Happening::Receipt(push.id, receipt),
            Happening::Ended,
        ] {
            assert_eq!(read(&payload(&told)), Ok(Some(told)));
        }
    }

    #[test]
    fn an_event_of_a_newer_build_is_passed_over_and_a_damaged_one_is_not() {
        assert_eq!(read(&[]), Ok(None));
        // Field 15, a message: some kind of event that this build does not know.
        assert_eq!(read(&[0x7a, 0x00]), Ok(None));
        assert!(read(&[0xff]).is_err());
        let nobody = wire::LessonEvent {
            what: Some(Told::Hand(wire::HandChanged::default())),
            ..wire::LessonEvent::default()
        };
        assert!(read(&nobody.encode_to_vec()).is_err());
    }
}
