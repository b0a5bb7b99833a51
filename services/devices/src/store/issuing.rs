//! Commands that are issued: each takes its device's row, and has the place of its event in the device's log.

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{CommandId, PersonId};
use preau_storage_database::{Scope, Tx, params};

use super::rows::{action_values, command, command_columns, place};
use super::{Store, device_topic, retrying};
use crate::domain::{Command, Device, Line, MAX_OPEN, Order, Refusal, State};
use crate::error::Error;

/// What the log of a device says when it was retired; of a command it says the id.
pub(crate) const RETIRED: &[u8] = b"retired";

impl Store {
    /// Issues a command, or answers the one that was issued under this key; and whether it is a new one.
    ///
    /// # Errors
    /// [`Refusal::DeviceRetired`], [`Refusal::KeyReused`], [`Refusal::TooManyCommands`].
    pub(crate) async fn issue(
        &self,
        device: &Authorized<Device>,
        order: &Order,
        by: PersonId,
        now: Timestamp,
    ) -> Result<(Command, bool), Error> {
        let device = device.get();
        retrying(|| self.insert_command(device, order, by, now)).await
    }

    async fn insert_command(
        &self,
        device: &Device,
        order: &Order,
        by: PersonId,
        now: Timestamp,
    ) -> Result<(Command, bool), Error> {
        let tenant = device.school.id.to_string();
        let mut tx = self.db.begin(Scope::Tenant(&tenant)).await?;
        let is_in_service = take(&mut tx, device).await?;
        if let Some(known) = under_key(&mut tx, device, &order.key).await? {
            if !known.is_of(order) {
                return Err(Refusal::KeyReused.into());
            }
            return Ok((known, false));
        }
        if !is_in_service {
            return Err(Refusal::DeviceRetired.into());
        }
        let id = device.id.to_string();
        let row = tx
            .fetch_one(
                "SELECT COUNT(*) FROM commands WHERE device_id = $1 AND ended_at IS NULL",
                params![&id],
            )
            .await?;
        if row.int(0)? >= MAX_OPEN {
            return Err(Refusal::TooManyCommands.into());
        }
        let mut command = begin(device, order, by, now);
        let topic = device_topic(device.school.id, device.id)?;
        let payload = command.id.to_string();
        command.number = tx.publish(&topic, now.0, payload.as_bytes()).await?;
        insert(&mut tx, &command, &order.key).await?;
        tx.commit().await?;
        Ok((command, true))
    }
}

/// Takes the device's row until the end of the transaction; whether it is in service.
async fn take(tx: &mut Tx, device: &Device) -> Result<bool, Error> {
    let row = tx
        .fetch_optional(
            "UPDATE devices SET locked = locked WHERE device_id = $1 AND school_id = $2 RETURNING retired_at",
            params![device.id.to_string(), device.school.id.to_string()],
        )
        .await?;
    match row {
        Some(row) => Ok(row.opt_int(0)?.is_none()),
        None => Ok(false),
    }
}

async fn under_key(tx: &mut Tx, device: &Device, key: &str) -> Result<Option<Command>, Error> {
    let sql = concat!(
        "SELECT ",
        command_columns!(),
        " FROM commands WHERE device_id = $1 AND idempotency_key = $2"
    );
    let row = tx
        .fetch_optional(sql, params![device.id.to_string(), key])
        .await?;
    row.as_ref().map(command).transpose()
}

fn begin(device: &Device, order: &Order, by: PersonId, now: Timestamp) -> Command {
    Command {
        id: CommandId::new(),
        device: device.id,
        school: device.school.id,
        number: Default::default(),
        action: order.action.clone(),
        state: State::Queued,
        issued: now,
        expires: now.plus(order.time_to_live),
        issued_by: by,
        changed: now,
        changes: 0,
        reason: Line::default(),
    }
}

async fn insert(tx: &mut Tx, command: &Command, key: &str) -> Result<(), Error> {
    let (kind, body) = action_values(&command.action);
    tx.execute(
        "INSERT INTO commands
             (command_id, device_id, school_id, number, idempotency_key, kind, body, issued_at, expires_at,
              issued_by, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $8)",
        params![
            command.id.to_string(),
            command.device.to_string(),
            command.school.to_string(),
            place(command.number),
            key,
            kind,
            body,
            command.issued.0,
            command.expires.0,
            command.issued_by.to_string(),
        ],
    )
    .await?;
    Ok(())
}
