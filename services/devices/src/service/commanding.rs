//! Commands: issued by administrators, acknowledged by their device.

use preau_kernel::failure::Failure;
use preau_kernel::ids::{CommandId, DeviceId};
use preau_rpc::Incoming;

use super::Fleet;
use crate::audit;
use crate::domain::{Command, Order, State, Told};
use crate::error::Error;

impl Fleet {
    /// Tells a device to do something, or answers what was issued under the same key.
    pub(crate) async fn issue(
        &self,
        incoming: &Incoming,
        device: DeviceId,
        order: &Order,
    ) -> Result<Command, Error> {
        let device = self.reach_device(incoming, device).await?;
        let caller = incoming.caller()?;
        let by = caller.principal().person;
        let (command, is_new) = self.store.issue(&device, order, by, self.now()).await?;
        if is_new {
            audit::done("command_issued", &caller, command.id);
        }
        Ok(command)
    }

    /// What the calling device says of its command.
    pub(crate) async fn acknowledge(
        &self,
        incoming: &Incoming,
        id: CommandId,
        told: &Told,
    ) -> Result<(), Error> {
        let command = self.store.command(id).await?;
        let command = command.ok_or_else(|| Failure::not_found("command"))?;
        let caller = incoming.caller()?;
        let command = caller.authorize_hidden("command", &command.facts(), command)?;
        if self.store.acknowledge(&command, told, self.now()).await? {
            let action = match told.state() {
                State::Accepted => "command_accepted",
                State::Done => "command_done",
                State::Failed => "command_failed",
                _ => "command_not_now",
            };
            audit::by_device(action, command.get().device, id);
        }
        Ok(())
    }
}
