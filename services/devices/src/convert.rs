//! Wire messages to domain types, once, and back.

use std::time::Duration;

use preau_kernel::failure::Failure;
use preau_proto::devices::v1 as wire;
use preau_proto::devices::v1::action::What;
use preau_rpc::convert::{id, optional_id, wire_time};

use crate::authority::Issued;
use crate::domain::{
    Action, Command, Description, Device, EnrolmentToken, Line, Order, Secret, State, Text, Told,
};
use crate::store::Desired;

/// Characters of a device's name, model, system and agent at most.
const MAX_SAID: usize = 100;
/// Characters of a message at most.
const MAX_MESSAGE: usize = 500;
/// Characters of a notice or a reason at most.
const MAX_LINE: usize = 200;
/// Characters of an idempotency key at most.
const MAX_KEY: usize = 64;
/// Uses of one token at most.
const MAX_USES: u32 = 10_000;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What an administrator asks a token for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WantedToken {
    pub(crate) max_uses: u32,
    pub(crate) lifetime: Duration,
}

/// A device that asks to be enrolled.
#[derive(Debug)]
pub(crate) struct Enrolling {
    /// None: what was typed cannot be one.
    pub(crate) secret: Option<Secret>,
    pub(crate) school: Option<preau_kernel::ids::SchoolId>,
    pub(crate) says: Description,
}

pub(crate) fn wanted_token(
    message: &wire::CreateEnrolmentTokenRequest,
) -> Result<WantedToken, Failure> {
    let max_uses = message.max_uses;
    if !(1..=MAX_USES).contains(&max_uses) {
        let problem = format!("{max_uses} devices: say 1 to {MAX_USES}");
        return Err(Failure::invalid("max_uses", problem));
    }
    let lifetime = duration(message.lifetime.as_ref())
        .filter(|lifetime| (MINUTE..=DAY * 90).contains(lifetime))
        .ok_or_else(|| Failure::invalid("lifetime", "say one minute to 90 days"))?;
    Ok(WantedToken { max_uses, lifetime })
}

pub(crate) fn enrolling(message: &wire::EnrollRequest) -> Result<Enrolling, Failure> {
    Ok(Enrolling {
        secret: Secret::parse(&message.token),
        school: optional_id("school_id", &message.school_id)?,
        says: Description {
            name: Line::parse_some(&message.name, MAX_SAID)
                .map_err(|error| Failure::invalid("name", error.to_string()))?,
            model: said("model", &message.model)?,
            os: said("os", &message.os)?,
            agent_version: said("agent_version", &message.agent_version)?,
        },
    })
}

/// What a device says of itself; may be empty.
pub(crate) fn said(field: &str, text: &str) -> Result<Line, Failure> {
    Line::parse(text, MAX_SAID).map_err(|error| Failure::invalid(field, error.to_string()))
}

pub(crate) fn order(message: &wire::IssueCommandRequest) -> Result<Order, Failure> {
    let key = &message.idempotency_key;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(fits) {
        let problem = format!("write 1 to {MAX_KEY} letters, digits and -_.:");
        return Err(Failure::invalid("idempotency_key", problem));
    }
    let time_to_live = match &message.time_to_live {
        None => HOUR,
        given => duration(given.as_ref())
            .filter(|time| (Duration::from_secs(1)..=DAY * 30).contains(time))
            .ok_or_else(|| Failure::invalid("time_to_live", "say one second to 30 days"))?,
    };
    Ok(Order {
        key: key.clone(),
        action: action(message.action.as_ref())?,
        time_to_live,
    })
}

fn action(message: Option<&wire::Action>) -> Result<Action, Failure> {
    match message.and_then(|action| action.what.as_ref()) {
        Some(What::Message(message)) => Text::parse(&message.text, MAX_MESSAGE)
            .map(Action::Message)
            .map_err(|error| Failure::invalid("action.message.text", error.to_string())),
        Some(What::Lock(lock)) => Line::parse(&lock.notice, MAX_LINE)
            .map(Action::Lock)
            .map_err(|error| Failure::invalid("action.lock.notice", error.to_string())),
        Some(What::Unlock(_)) => Ok(Action::Unlock),
        None => Err(Failure::invalid("action", "say a message, lock or unlock")),
    }
}

pub(crate) fn told(message: &wire::AcknowledgeRequest) -> Result<Told, Failure> {
    let reason = || {
        Line::parse(&message.reason, MAX_LINE)
            .map_err(|error| Failure::invalid("reason", error.to_string()))
    };
    match message.state() {
        wire::CommandState::Accepted => Ok(Told::Accepted),
        wire::CommandState::Done => Ok(Told::Done),
        wire::CommandState::NotNow => reason().map(Told::NotNow),
        wire::CommandState::Failed => reason().map(Told::Failed),
        _ => Err(Failure::invalid(
            "state",
            "say COMMAND_STATE_ACCEPTED, COMMAND_STATE_NOT_NOW, COMMAND_STATE_DONE or COMMAND_STATE_FAILED",
        )),
    }
}

pub(crate) fn desired(message: &wire::AnnounceDesiredStateRequest) -> Result<Desired, Failure> {
    Ok(Desired {
        school: id("school_id", &message.school_id)?,
        hash: message
            .hash
            .as_slice()
            .try_into()
            .map_err(|_| Failure::invalid("hash", "32 bytes are needed"))?,
        revision: i64::try_from(message.revision)
            .map_err(|_| Failure::invalid("revision", "too large to be kept"))?,
    })
}

/// To the microsecond; none when it is absent or negative.
fn duration(message: Option<&prost_types::Duration>) -> Option<Duration> {
    let duration = Duration::try_from(*message?).ok()?;
    let micros = u64::try_from(duration.as_micros()).ok()?;
    Some(Duration::from_micros(micros))
}

pub(crate) fn wire_token(token: &EnrolmentToken) -> wire::EnrolmentToken {
    wire::EnrolmentToken {
        token_id: token.id.to_string(),
        school_id: token.school.id.to_string(),
        max_uses: token.max_uses,
        uses: token.uses,
        created_at: Some(wire_time(token.created)),
        expires_at: Some(wire_time(token.expires)),
        revoked_at: token.revoked.map(wire_time),
    }
}

pub(crate) fn wire_device(device: &Device) -> wire::Device {
    let state = match device.retired {
        Some(_) => wire::DeviceState::Retired,
        None if device.is_watching => wire::DeviceState::Online,
        None => wire::DeviceState::Offline,
    };
    wire::Device {
        device_id: device.id.to_string(),
        school_id: device.school.id.to_string(),
        name: device.says.name.as_str().to_owned(),
        model: device.says.model.as_str().to_owned(),
        os: device.says.os.as_str().to_owned(),
        agent_version: device.says.agent_version.as_str().to_owned(),
        state: state.into(),
        enrolled_at: Some(wire_time(device.enrolled)),
        last_seen_at: device.last_seen.map(wire_time),
        locked: device.is_locked,
        certificate_expires_at: Some(wire_time(device.certificate_expires)),
    }
}

pub(crate) fn wire_command(command: &Command) -> wire::Command {
    wire::Command {
        command_id: command.id.to_string(),
        device_id: command.device.to_string(),
        action: Some(wire::Action {
            what: Some(wire_what(&command.action)),
        }),
        state: wire_state(command.state).into(),
        issued_at: Some(wire_time(command.issued)),
        expires_at: Some(wire_time(command.expires)),
        issued_by: command.issued_by.to_string(),
        changed_at: Some(wire_time(command.changed)),
        reason: command.reason.as_str().to_owned(),
    }
}

fn wire_what(action: &Action) -> What {
    match action {
        Action::Message(text) => What::Message(wire::action::Message {
            text: text.as_str().to_owned(),
        }),
        Action::Lock(notice) => What::Lock(wire::action::Lock {
            notice: notice.as_str().to_owned(),
        }),
        Action::Unlock => What::Unlock(wire::action::Unlock {}),
    }
}

fn wire_state(state: State) -> wire::CommandState {
    match state {
        State::Queued => wire::CommandState::Queued,
        State::Sent => wire::CommandState::Sent,
        State::Accepted => wire::CommandState::Accepted,
        State::Done => wire::CommandState::Done,
        State::Failed => wire::CommandState::Failed,
        State::Expired => wire::CommandState::Expired,
        State::NotNow => wire::CommandState::NotNow,
    }
}

/// As the contract spells it.
pub(crate) fn state_name(state: State) -> &'static str {
    wire_state(state).as_str_name()
}

pub(crate) fn wire_certificate(issued: Issued) -> wire::Certificate {
    wire::Certificate {
        chain: issued.chain,
        expires_at: Some(wire_time(issued.expires)),
        renew_at: Some(wire_time(issued.renew)),
    }
}
