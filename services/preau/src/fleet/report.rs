//! Devices and commands as lines of a terminal.

use std::fmt::Write as _;

use preau_proto::devices::v1::action::What;
use preau_proto::devices::v1::{Command, Device, DeviceState, GetDeviceResponse};
use prost_types::Timestamp;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::failure::one_line;

/// One line a device: id, state, name, when it was last seen.
pub(crate) fn table(devices: &[Device]) -> String {
    let mut text = String::new();
    for device in devices {
        let seen = device
            .last_seen_at
            .as_ref()
            .map_or("never".to_owned(), when);
        let name = one_line(&device.name);
        let locked = if device.locked { " locked" } else { "" };
        let state = state(device.state());
        let _ = writeln!(
            text,
            "{} {state:8} {name:30} seen {seen}{locked}",
            device.device_id
        );
    }
    match devices.len() {
        0 => text.push_str("no devices\n"),
        count => {
            let online = devices
                .iter()
                .filter(|device| device.state() == DeviceState::Online);
            let noun = if count == 1 { "device" } else { "devices" };
            let _ = writeln!(text, "{count} {noun}, {} online", online.count());
        }
    }
    text
}

/// A device and its latest commands, newest first.
pub(crate) fn described(found: &GetDeviceResponse) -> String {
    let device = found.device.clone().unwrap_or_default();
    let mut text = table(std::slice::from_ref(&device));
    text.truncate(text.find('\n').map_or(0, |end| end + 1));
    for (what, value) in [
        ("model", &device.model),
        ("system", &device.os),
        ("agent", &device.agent_version),
    ] {
        let _ = writeln!(text, "  {what} {}", one_line(value));
    }
    for (what, at) in [
        ("enrolled", &device.enrolled_at),
        ("certificate until", &device.certificate_expires_at),
    ] {
        let at = at.as_ref().map_or("unknown".to_owned(), when);
        let _ = writeln!(text, "  {what} {at}");
    }
    for command in &found.commands {
        let _ = writeln!(text, "{}", line(command));
    }
    text
}

fn line(command: &Command) -> String {
    let what = command
        .action
        .as_ref()
        .and_then(|action| action.what.as_ref());
    let what = match what {
        Some(What::Message(_)) => "message",
        Some(What::Lock(_)) => "lock",
        Some(What::Unlock(_)) => "unlock",
        None => "unknown",
    };
    let state = command
        .state()
        .as_str_name()
        .trim_start_matches("COMMAND_STATE_");
    let at = command
        .changed_at
        .as_ref()
        .map_or("unknown".to_owned(), when);
    let reason = match command.reason.is_empty() {
        true => String::new(),
        false => format!(": {}", one_line(&command.reason)),
    };
    format!("{} {what:8} {at} {state}{reason}", command.command_id)
}

fn state(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Online => "online",
        DeviceState::Offline => "offline",
        DeviceState::Retired => "retired",
        DeviceState::Unspecified => "unknown",
    }
}

/// To the second, UTC.
pub(crate) fn when(at: &Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    OffsetDateTime::from_unix_timestamp(at.seconds)
        .ok()
        .and_then(|at| at.format(&format).ok())
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_proto::devices::v1::action::Lock;
    use preau_proto::devices::v1::{Action, CommandState};

    #[test]
    fn a_device_is_a_line_that_obeys_nothing_of_its_name() {
        let device = Device {
            device_id: "the-device".into(),
            name: "Salle\u{1b}[31m\n12".into(),
            state: DeviceState::Online.into(),
            locked: true,
            last_seen_at: Some(Timestamp {
                seconds: 1_700_000_000,
                nanos: 0,
            }),
            ..Device::default()
        };
        let text = table(&[device]);
        assert!(
            text.starts_with("the-device online   Salle [31m 12"),
            "{text}"
        );
        assert!(
            text.contains("seen 2023-11-14T22:13:20Z locked\n1 device, 1 online\n"),
            "{text}"
        );
        assert_eq!(table(&[]), "no devices\n");
    }

    #[test]
    fn a_command_says_what_and_how_far_and_why() {
        let command = Command {
            command_id: "the-command".into(),
            action: Some(Action {
                what: Some(What::Lock(Lock::default())),
            }),
            state: CommandState::NotNow.into(),
            reason: "busy".into(),
            ..Command::default()
        };
        assert_eq!(line(&command), "the-command lock     unknown NOT_NOW: busy");
    }
}
