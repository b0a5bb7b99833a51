//! `preau apps`: the conversation about what devices have installed.

use super::args::{AppsCommand, PublishArgs, PublisherCommand, SchoolArgs};
use super::block_on;
use super::contract::print;
use super::session::with_gateway;
use crate::client::Gateway;
use crate::failure::Failure;
use crate::{apps, roster};

/// Does one command.
pub(crate) fn run(command: AppsCommand) -> Result<(), Failure> {
    match command {
        AppsCommand::Keygen { out } => {
            let made = apps::make_key(&out)?;
            print(&format!("{made}\n"))
        }
        AppsCommand::Publisher(command) => publisher(command),
        AppsCommand::Publish(args) => publish(&args),
        AppsCommand::List { app, server } => {
            let releases = block_on(with_gateway(&server, async |gateway| {
                apps::releases(gateway, app.as_deref().unwrap_or_default()).await
            }))?;
            print(&apps::table(&releases))
        }
        AppsCommand::Assign { release, school } => {
            of_school(&school, async |gateway, school_id| {
                apps::assign(gateway, school_id, &release).await
            })
        }
        AppsCommand::Unassign { app, school } => of_school(&school, async |gateway, school_id| {
            apps::unassign(gateway, school_id, &app).await
        }),
        AppsCommand::Status { devices, school } => {
            of_school(&school, async |gateway, school_id| {
                apps::status(gateway, school_id, devices).await
            })
        }
    }
}

/// Prints what comes of it.
fn of_school(
    args: &SchoolArgs,
    work: impl AsyncFn(&Gateway, &str) -> Result<String, Failure>,
) -> Result<(), Failure> {
    let text = block_on(with_gateway(&args.server, async |gateway| {
        let school_id = roster::school_id(gateway, args.school.as_deref()).await?;
        work(gateway, &school_id).await
    }))?;
    print(&text)
}

fn publisher(command: PublisherCommand) -> Result<(), Failure> {
    match command {
        PublisherCommand::Add { name, key, server } => {
            let key = preau_agent::PublicKey::read(&key)?;
            let id = block_on(with_gateway(&server, async |gateway| {
                apps::add_publisher(gateway, &name, &key).await
            }))?;
            print(&format!("{id}\n"))
        }
        PublisherCommand::List { server } => {
            let text = block_on(with_gateway(&server, async |gateway| {
                apps::publishers(gateway).await
            }))?;
            print(&text)
        }
    }
}

fn publish(args: &PublishArgs) -> Result<(), Failure> {
    // Signed before anybody signs in: whatever is wrong with the key or the file is said at once.
    let signed = apps::sign(&apps::Description {
        file: &args.file,
        app: &args.app,
        name: &args.name,
        version: &args.version,
        key: &args.key,
        file_name: args.file_name.as_deref(),
        executable: args.executable,
    })?;
    let release_id = block_on(with_gateway(&args.server, async |gateway| {
        apps::publish(gateway, &signed).await
    }))?;
    print(&format!("{release_id}\n"))
}
