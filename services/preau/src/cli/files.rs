//! `preau files`: from arguments to transfers.

use super::args::{FilesCommand, ServerArgs};
use super::block_on;
use super::contract::print;
use super::session::with_gateway;
use crate::client::Gateway;
use crate::failure::Failure;
use crate::files::{self, RemoteName};

/// Does one command; what it answers is printed.
pub(crate) fn run(command: FilesCommand) -> Result<(), Failure> {
    let server = server_of(&command);
    // Names are read before anybody signs in.
    let remote = remote_of(&command).map(RemoteName::parse).transpose()?;
    let work = async |gateway: &Gateway| answer(gateway, &command, remote).await;
    let text = block_on(with_gateway(server, work))?;
    print(&text)
}

async fn answer(
    gateway: &Gateway,
    command: &FilesCommand,
    remote: Option<RemoteName>,
) -> Result<String, Failure> {
    let Some(remote) = remote else {
        return files::list_spaces(gateway).await;
    };
    match command {
        FilesCommand::Ls { .. } => return files::list(gateway, &remote).await,
        FilesCommand::Put { local, .. } => drop(files::put(gateway, local, &remote).await?),
        FilesCommand::Get { local, .. } => {
            drop(files::get(gateway, &remote, local.as_deref()).await?);
        }
        FilesCommand::Rm { .. } => files::remove(gateway, &remote).await?,
        FilesCommand::Mkdir { .. } => files::make_folder(gateway, &remote).await?,
    }
    Ok(String::new())
}

fn remote_of(command: &FilesCommand) -> Option<&str> {
    match command {
        FilesCommand::Ls { remote, .. } => remote.as_deref(),
        FilesCommand::Put { remote, .. }
        | FilesCommand::Get { remote, .. }
        | FilesCommand::Rm { remote, .. }
        | FilesCommand::Mkdir { remote, .. } => Some(remote),
    }
}

fn server_of(command: &FilesCommand) -> &ServerArgs {
    match command {
        FilesCommand::Ls { server, .. }
        | FilesCommand::Put { server, .. }
        | FilesCommand::Get { server, .. }
        | FilesCommand::Rm { server, .. }
        | FilesCommand::Mkdir { server, .. } => server,
    }
}
