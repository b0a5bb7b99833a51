//! `preau files`: from arguments to transfers.

use super::args::FilesCommand;
use super::block_on;
use super::contract::print;
use super::session::with_gateway;
use crate::failure::Failure;
use crate::files::{self, RemoteName};

/// Does one command.
pub(crate) fn run(command: FilesCommand) -> Result<(), Failure> {
    block_on(async {
        match command {
            FilesCommand::Ls {
                remote: None,
                server,
            } => {
                let text = with_gateway(&server, async |gateway| files::list_spaces(gateway).await)
                    .await?;
                print(&text)
            }
            FilesCommand::Ls {
                remote: Some(remote),
                server,
            } => {
                let remote = RemoteName::parse(&remote)?;
                let text =
                    with_gateway(&server, async |gateway| files::list(gateway, &remote).await)
                        .await?;
                print(&text)
            }
            FilesCommand::Put {
                local,
                remote,
                server,
            } => {
                let remote = RemoteName::parse(&remote)?;
                with_gateway(&server, async |gateway| {
                    files::put(gateway, &local, &remote).await
                })
                .await?;
                Ok(())
            }
            FilesCommand::Get {
                remote,
                local,
                server,
            } => {
                let remote = RemoteName::parse(&remote)?;
                with_gateway(&server, async |gateway| {
                    files::get(gateway, &remote, local.as_deref()).await
                })
                .await?;
                Ok(())
            }
            FilesCommand::Rm { remote, server } => {
                let remote = RemoteName::parse(&remote)?;
                with_gateway(&server, async |gateway| {
                    files::remove(gateway, &remote).await
                })
                .await
            }
            FilesCommand::Mkdir { remote, server } => {
                let remote = RemoteName::parse(&remote)?;
                with_gateway(&server, async |gateway| {
                    files::make_folder(gateway, &remote).await
                })
                .await
            }
        }
    })
}
