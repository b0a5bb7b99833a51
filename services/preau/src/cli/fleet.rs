//! `preau fleet`: the conversation about a school's devices.

use std::path::PathBuf;
use std::time::Duration;

use preau_agent::simulate::{Counts, Fleet, Summary};
use preau_kernel::clock::Clock;
use preau_proto::devices::v1::Action;
use preau_proto::devices::v1::action::{Lock, Message, Unlock, What};

use super::agent::token;
use super::args::{CommandArgs, DevicesArgs, FleetCommand, FleetTokenArgs, SimulateArgs};
use super::contract::print;
use super::session::with_gateway;
use super::{block_on, block_on_many};
use crate::client::Gateway;
use crate::compose::Signals;
use crate::failure::{Exit, Failure, at_path};
use crate::{fleet, logging, private, roster};

/// Does one command.
pub(crate) fn run(command: FleetCommand) -> Result<(), Failure> {
    match command {
        FleetCommand::Token(args) => make_token(&args),
        FleetCommand::Devices(args) => devices(&args),
        FleetCommand::Device { device, server } => {
            let found = block_on(with_gateway(&server, async |gateway| {
                fleet::device(gateway, &device).await
            }))?;
            print(&fleet::described(&found))
        }
        FleetCommand::Message { to, text } => tell(&to, What::Message(Message { text })),
        FleetCommand::Lock { to, notice } => tell(&to, What::Lock(Lock { notice })),
        FleetCommand::Unlock { to } => tell(&to, What::Unlock(Unlock {})),
        FleetCommand::Retire { devices, server } => {
            block_on(with_gateway(&server, async |gateway| {
                each(&devices, async |device| {
                    fleet::retire(gateway, device).await?;
                    print(&format!("{device} retired\n"))
                })
                .await
            }))
        }
        FleetCommand::Simulate(args) => simulate(args),
    }
}

fn make_token(args: &FleetTokenArgs) -> Result<(), Failure> {
    let text = block_on(with_gateway(&args.server, async |gateway| {
        let school = roster::school_id(gateway, args.school.as_deref()).await?;
        let secret = fleet::token(gateway, &school, args.count, args.days).await?;
        match args.quiet {
            true => Ok(format!("{secret}\n")),
            false => fleet::invitation(&gateway.url, &secret, args.count, args.days),
        }
    }))?;
    print(&text)
}

fn devices(args: &DevicesArgs) -> Result<(), Failure> {
    let found = block_on(with_gateway(&args.server, async |gateway| {
        let school = roster::school_id(gateway, args.school.as_deref()).await?;
        fleet::devices(gateway, &school, args.retired).await
    }))?;
    print(&fleet::table(&found))
}

/// One command for each device, each under a key of its own: a repeated call tells no device twice.
fn tell(to: &CommandArgs, what: What) -> Result<(), Failure> {
    let action = Action { what: Some(what) };
    block_on(with_gateway(&to.server, async |gateway: &Gateway| {
        each(&to.devices, async |device| {
            let command = fleet::issue(gateway, device, action.clone(), to.ttl).await?;
            print(&format!("{device} {}\n", command.command_id))
        })
        .await
    }))
}

/// All of them, whatever becomes of one; the first failure is the command's.
async fn each(
    devices: &[String],
    work: impl AsyncFn(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut failed = None;
    for device in devices {
        if let Err(failure) = work(device).await {
            match failed {
                None => failed = Some(failure),
                Some(_) => eprintln!("error: {failure}"),
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

fn simulate(args: SimulateArgs) -> Result<(), Failure> {
    logging::start_with("off")?;
    let (dir, temporary) = match &args.state {
        Some(dir) => (dir.clone(), false),
        None => (temporary()?, true),
    };
    let fleet = Fleet {
        devices: args.devices,
        trust: args.gateway.trust(),
        server: args.gateway.server,
        transport: args.transport.into(),
        token: token(&args.token)?,
        dir: dir.clone(),
        clock: Clock::system(),
        report: args.report,
    };
    let seconds = args.seconds;
    let outcome = block_on_many(async {
        let mut signals = Signals::install()?;
        let stop = async {
            let time = async {
                match seconds {
                    Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = time => {}
                _ = signals.wait() => {}
            }
        };
        Ok(fleet.run(stop, progress).await?)
    });
    if temporary {
        // What is left of it is the system's to clear away.
        let _ = std::fs::remove_dir_all(&dir);
    }
    let summary = outcome?;
    print(&match args.json {
        true => {
            let json = serde_json::to_string(&summary).expect("numbers and texts are JSON");
            format!("{json}\n")
        }
        false => counted(&summary),
    })?;
    match (
        summary.counts.given_up,
        summary.counts.commands.duplicates_done,
    ) {
        (0, 0) => Ok(()),
        (0, more) => {
            let remedy = "look for them in --report";
            Err(Failure::new(
                "commands were done more than once",
                more,
                remedy,
            ))
        }
        (lost, _) => {
            let remedy = "see the errors above; a token is for so many devices";
            Err(Failure::new("devices were given up", lost, remedy).exit(Exit::Failed))
        }
    }
}

fn temporary() -> Result<PathBuf, Failure> {
    let name = format!(
        "preau-fleet-{}",
        format_args!("{:016x}", rand::random::<u64>())
    );
    let dir = std::env::temp_dir().join(name);
    private::create_dir(&dir)
        .map_err(|error| at_path("cannot make a temporary directory", &dir, &error))?;
    Ok(dir)
}

/// Standard output is for the result.
fn progress(counts: &Counts) {
    let Counts {
        enrolled,
        resumed,
        watching,
        reconnects,
        commands,
        ..
    } = counts;
    let (done, taken) = (commands.done, commands.taken);
    eprintln!(
        "{} devices, {watching} watching, {done} of {taken} commands done, {reconnects} reconnects",
        enrolled + resumed
    );
}

fn counted(summary: &Summary) -> String {
    let Counts {
        enrolled,
        resumed,
        given_up,
        watching,
        reconnects,
        commands,
    } = &summary.counts;
    let mut text = format!(
        "devices {}\nenrolled {enrolled}\nresumed {resumed}\ngiven up {given_up}\nwatching {watching}\n\
         reconnects {reconnects}\ncommands taken {}\ncommands done {}\ncommands failed {}\n\
         commands expired {}\ncommands done twice {}\n",
        summary.devices,
        commands.taken,
        commands.done,
        commands.failed,
        commands.expired,
        commands.duplicates_done,
    );
    for (reason, count) in &summary.errors {
        text.push_str(&format!("errors {reason} {count}\n"));
    }
    text
}
