//! `preau agent`: what runs on a device.

use std::fs;

use preau_agent::{Device, Enrolment, Settings, Timing};
use preau_kernel::clock::{Clock, Timestamp};

use super::args::{AgentCommand, AgentRunArgs, EnrollArgs, TokenArgs, TrustArgs};
use super::block_on;
use super::contract::print;
use crate::compose::Signals;
use crate::failure::{Exit, Failure, at_path, one_line};
use crate::{logging, private};

/// Does one command.
pub(crate) fn run(command: AgentCommand) -> Result<(), Failure> {
    match command {
        AgentCommand::Enroll(args) => enroll(args),
        AgentCommand::Run(args) => work(&args),
        AgentCommand::Trust(args) => trust(&args),
        AgentCommand::Status(args) => {
            let standing = preau_agent::standing(&args.state)?;
            print(&described(&standing, Clock::system().now()))
        }
    }
}

fn enroll(args: EnrollArgs) -> Result<(), Failure> {
    let token = token(&args.token)?.ok_or_else(|| {
        let remedy = "give --token or --token-file; administrators make one with `preau fleet token` or in the interface";
        Failure::new("no enrolment token given", "command line", remedy).exit(Exit::Usage)
    })?;
    logging::start_with("error")?;
    let state = args.state.state.clone();
    let enrolled = block_on(async {
        Ok(preau_agent::enroll(&Enrolment {
            trust: args.gateway.trust(),
            server: args.gateway.server,
            token,
            name: args.name.unwrap_or_else(machine_name),
            model: model(),
            state: args.state.state,
            transport: args.transport.into(),
            clock: Clock::system(),
        })
        .await?)
    })?;
    let publishers = match enrolled.publishers {
        Some(count) => format!("releases of {count} publishers will be installed"),
        None => "which publishers to trust is asked at the first run".to_owned(),
    };
    print(&format!(
        "device {}\nschool {}\n{publishers}\nrun it with `preau agent run --state {}`\n",
        enrolled.device_id,
        enrolled.school_id,
        state.display(),
    ))
}

/// The token as given, or out of its file.
pub(super) fn token(args: &TokenArgs) -> Result<Option<String>, Failure> {
    match &args.token_file {
        Some(path) => private::first_line(path)
            .map(Some)
            .map_err(|error| at_path("cannot read the token", path, &error)),
        None => Ok(args.token.clone()),
    }
}

fn work(args: &AgentRunArgs) -> Result<(), Failure> {
    logging::start_with(&args.log)?;
    let settings = Settings {
        state: args.state.state.clone(),
        prefix: args.prefix.clone(),
        transport: args.transport.into(),
        system_authorities: args.system_authorities(),
        clock: Clock::system(),
        timing: Timing::default(),
    };
    let device = Device::open(&settings)?;
    block_on(async {
        let mut signals = Signals::install()?;
        print(&format!("device {}\n", device.id()))?;
        tokio::select! {
            () = device.run() => {}
            signal = signals.wait() => tracing::info!(signal, "ends"),
        }
        Ok(())
    })
}

fn trust(args: &TrustArgs) -> Result<(), Failure> {
    let key_id = preau_agent::trust(&args.state.state, &args.key)?;
    print(&format!(
        "releases of publisher {key_id} will be installed: at the next start of the agent, or within a quarter of an hour\n"
    ))
}

fn described(standing: &preau_agent::Standing, now: Timestamp) -> String {
    let mut text = format!(
        "device {}\nschool {}\nserver {}\n",
        standing.device_id, standing.school_id, standing.server
    );
    let left = standing.certificate_expires_at.since(now).as_secs() / 86_400;
    text.push_str(&match left {
        0 => "certificate ends today or has ended: enrol the device anew if it does not connect\n"
            .to_owned(),
        days => format!("certificate good for {days} days, renewed before\n"),
    });
    let (open, waiting) = (standing.commands_open, standing.commands_waiting);
    text.push_str(&format!("commands {open} open, {waiting} of them wait\n"));
    match &standing.publishers {
        Some(keys) => text.push_str(&format!("publishers {}\n", keys.join(" "))),
        None => text.push_str("publishers not known yet\n"),
    }
    for (app, version) in &standing.apps {
        text.push_str(&format!("app {app} {version}\n"));
    }
    text
}

fn machine_name() -> String {
    line_of("/proc/sys/kernel/hostname").unwrap_or_else(|| "device".to_owned())
}

/// As the firmware calls it; virtual machines and small boards call it nothing.
fn model() -> String {
    line_of("/sys/class/dmi/id/product_name")
        .or_else(|| line_of("/proc/device-tree/model"))
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn line_of(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = one_line(text.trim_matches('\0'));
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_standing_is_a_line_for_each_thing() {
        let standing = preau_agent::Standing {
            device_id: "the-device".into(),
            school_id: "the-school".into(),
            server: "https://ent.fr".into(),
            certificate_expires_at: Timestamp(10 * 86_400_000_000),
            commands_open: 2,
            commands_waiting: 1,
            apps: vec![("fr.example.app".into(), "1.2".into())],
            publishers: Some(vec!["ab12".into()]),
        };
        let text = described(&standing, Timestamp(0));
        for line in [
            "device the-device",
            "10 days",
            "2 open, 1 of",
            "publishers ab12",
            "app fr.example.app 1.2",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(described(&standing, Timestamp(i64::MAX)).contains("has ended"));
    }
}
