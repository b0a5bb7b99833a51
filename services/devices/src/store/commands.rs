//! Commands on their way: looked up, given to the device's Watch, acknowledged.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{CommandId, DeviceId, SchoolId};
use preau_storage_database::events::{Cursor, Watch};
use preau_storage_database::{DbError, Scope, Tx, params};

use super::rows::{command, command_columns, place, state_number};
use super::{Store, desired_topic, device_topic, retrying};
use crate::domain::{Action, Command, Device, State, Step, Told};
use crate::error::Error;

/// Commands shown with their device.
const MAX_SHOWN: u32 = 50;

impl Store {
    /// A command: what an authorization is decided from, so it asks for none.
    pub(crate) async fn command(&self, id: CommandId) -> Result<Option<Command>, Error> {
        let sql = concat!(
            "SELECT ",
            command_columns!(),
            " FROM commands WHERE command_id = $1"
        );
        let values = params![id.to_string()];
        let row = self.db.fetch_optional(Scope::Platform, sql, values).await?;
        row.as_ref().map(command).transpose()
    }

    /// The latest commands of a device, newest first.
    pub(crate) async fn latest_commands(
        &self,
        device: &Authorized<Device>,
    ) -> Result<Vec<Command>, Error> {
        let tenant = device.get().school.id.to_string();
        let sql = concat!(
            "SELECT ",
            command_columns!(),
            " FROM commands WHERE device_id = $1 AND school_id = $2 ORDER BY number DESC LIMIT $3"
        );
        let values = params![device.get().id.to_string(), &tenant, MAX_SHOWN];
        let rows = self
            .db
            .fetch_all(Scope::Tenant(&tenant), sql, values)
            .await?;
        rows.iter().map(command).collect()
    }

    /// Where the logs that a Watch follows end: the device's own, and its school's desired state. Read before anything
    /// that is told first.
    pub(crate) async fn log_ends(
        &self,
        school: SchoolId,
        device: DeviceId,
    ) -> Result<(Cursor, Cursor), Error> {
        let own = self.db.last_cursor(&device_topic(school, device)?).await?;
        let desired = self.db.last_cursor(&desired_topic(school)?).await?;
        Ok((own, desired))
    }

    /// Follows the log of a device.
    pub(crate) fn follow_device(
        &self,
        device: &Authorized<Device>,
        cursor: Cursor,
    ) -> Result<Watch, DbError> {
        let device = device.get();
        let topic = device_topic(device.school.id, device.id)?;
        Ok(self.db.watch(&topic, cursor))
    }

    /// Follows the desired state of the device's school.
    pub(crate) fn follow_desired(
        &self,
        device: &Authorized<Device>,
        cursor: Cursor,
    ) -> Result<Watch, DbError> {
        let topic = desired_topic(device.get().school.id)?;
        Ok(self.db.watch(&topic, cursor))
    }

    /// The commands of a device between two places of its log that it is to be told now, in order; those that waited
    /// are marked as sent in the same transaction, unless their time has passed. When none waits, nothing is written.
    pub(crate) async fn give_out(
        &self,
        device: &Device,
        after: Cursor,
        through: Cursor,
        now: Timestamp,
    ) -> Result<Vec<Command>, Error> {
        let tenant = device.school.id.to_string();
        let values = params![device.id.to_string(), &tenant, place(after), place(through),];
        let rows = self
            .db
            .fetch_all(Scope::Tenant(&tenant), OPEN, values)
            .await?;
        let open = rows.iter().map(command).collect::<Result<Vec<_>, _>>()?;
        let waits = |one: &Command| one.state == State::Queued && one.is_due(now);
        let given = if open.iter().any(waits) {
            retrying(|| self.send(device, after, through, now)).await?
        } else {
            open
        };
        Ok(given
            .into_iter()
            .filter(|one| one.state != State::Queued && one.is_due(now))
            .collect())
    }

    async fn send(
        &self,
        device: &Device,
        after: Cursor,
        through: Cursor,
        now: Timestamp,
    ) -> Result<Vec<Command>, Error> {
        let (tenant, id) = (device.school.id.to_string(), device.id.to_string());
        let (after, through) = (place(after), place(through));
        let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
        tx.execute(
            "UPDATE commands SET state = 2, changed_at = $5, sent_at = $5, changes = changes + 1
             WHERE device_id = $1 AND school_id = $2 AND number > $3 AND number <= $4
             AND state = 1 AND ended_at IS NULL AND expires_at > $5",
            params![&id, &tenant, after, through, now.0],
        )
        .await?;
        let rows = tx
            .fetch_all(OPEN, params![&id, &tenant, after, through])
            .await?;
        tx.commit().await?;
        rows.iter().map(command).collect()
    }

    /// Writes down what the device says of its command. Whether that changed anything.
    ///
    /// # Errors
    /// The [`Refusal`](crate::domain::Refusal)s of [`Command::hear`].
    pub(crate) async fn acknowledge(
        &self,
        command: &Authorized<Command>,
        told: &Told,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut known = command.get().clone();
        loop {
            let Step::To(state) = known.hear(told.state(), now)? else {
                return Ok(false);
            };
            if retrying(|| self.move_on(&known, state, told.reason(), now)).await? {
                return Ok(true);
            }
            // Somebody else was faster: what is allowed follows from where it is now.
            known = match self.command(known.id).await? {
                Some(latest) => latest,
                None => return Ok(false),
            };
        }
    }

    /// Whether the command was still as it is known.
    async fn move_on(
        &self,
        known: &Command,
        to: State,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let (tenant, id) = (known.school.to_string(), known.id.to_string());
        let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
        if to == State::Done {
            // Before the command's own row, as whoever retires the device takes them.
            set_locked(&mut tx, known).await?;
        }
        let moved = tx
            .execute(
                "UPDATE commands
                 SET state = $3, changed_at = $4, changes = changes + 1, reason = $5,
                     accepted_at = CASE WHEN $3 = 3 THEN $4 ELSE accepted_at END,
                     not_now_at = CASE WHEN $3 = 7 THEN $4 ELSE not_now_at END,
                     ended_at = CASE WHEN $3 IN (4, 5) THEN $4 ELSE NULL END
                 WHERE command_id = $1 AND school_id = $2 AND state = $6 AND changes = $7",
                params![
                    &id,
                    &tenant,
                    state_number(to),
                    now.0,
                    reason,
                    state_number(known.state),
                    known.changes,
                ],
            )
            .await?;
        if moved == 0 {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// A lock or unlock that is done says how the device is now, unless a later one was done before it.
async fn set_locked(tx: &mut Tx, command: &Command) -> Result<(), Error> {
    let is_locked = match command.action {
        Action::Lock(_) => true,
        Action::Unlock => false,
        Action::Message(_) => return Ok(()),
    };
    tx.execute(
        "UPDATE devices SET locked = $2, locked_by = $3 WHERE device_id = $1 AND locked_by < $3",
        params![command.device.to_string(), is_locked, place(command.number)],
    )
    .await?;
    Ok(())
}

const OPEN: &str = concat!(
    "SELECT ",
    command_columns!(),
    " FROM commands WHERE device_id = $1 AND school_id = $2 AND number > $3 AND number <= $4 AND ended_at IS NULL
      ORDER BY number"
);
