//! What administrators do: tokens, the list of devices, retirement.

use preau_kernel::failure::Failure;
use preau_kernel::ids::{DeviceId, EnrolmentTokenId, SchoolId};
use preau_kernel::paging::{Keyset, cut};
use preau_rpc::Incoming;

use super::Fleet;
use crate::audit;
use crate::convert::WantedToken;
use crate::domain::{Command, Device, EnrolmentToken, Secret};
use crate::error::Error;
use crate::store::{NewToken, device_place};

/// Which devices of a school are listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page<'a> {
    pub(crate) size: u32,
    pub(crate) after: Option<&'a Keyset>,
    pub(crate) with_retired: bool,
}

impl Fleet {
    /// A token with which devices of the school enrol, and its secret, which is told once.
    pub(crate) async fn create_token(
        &self,
        incoming: &Incoming,
        school: SchoolId,
        wanted: WantedToken,
    ) -> Result<(EnrolmentToken, Secret), Error> {
        let school = self.reach_school(incoming, school).await?;
        let (caller, now) = (incoming.caller()?, self.now());
        let secret = Secret::generate();
        let new = NewToken {
            id: EnrolmentTokenId::new(),
            secret_sha256: secret.sha256(),
            max_uses: wanted.max_uses,
            now,
            expires: now.plus(wanted.lifetime),
            by: caller.principal().person,
        };
        let token = self.store.create_token(&school, new).await?;
        audit::done("enrolment_token_created", &caller, token.id);
        Ok((token, secret))
    }

    /// The school's tokens that can be used or ended not long ago, newest first.
    pub(crate) async fn tokens(
        &self,
        incoming: &Incoming,
        school: SchoolId,
    ) -> Result<Vec<EnrolmentToken>, Error> {
        let school = self.reach_school(incoming, school).await?;
        self.store.tokens(&school, self.now()).await
    }

    /// Ends a token; nothing when it was revoked.
    pub(crate) async fn revoke_token(
        &self,
        incoming: &Incoming,
        id: EnrolmentTokenId,
    ) -> Result<(), Error> {
        let token = self.store.token(id).await?;
        let token = token.ok_or_else(|| Failure::not_found("enrolment token"))?;
        let caller = incoming.caller()?;
        let token = caller.authorize_hidden("enrolment token", &token.facts(), token)?;
        if self.store.revoke_token(&token, self.now()).await? {
            audit::done("enrolment_token_revoked", &caller, id);
        }
        Ok(())
    }

    /// A page of the school's devices by name, and the token of the next.
    pub(crate) async fn devices(
        &self,
        incoming: &Incoming,
        school: SchoolId,
        page: Page<'_>,
    ) -> Result<(Vec<Device>, String), Error> {
        let school = self.reach_school(incoming, school).await?;
        let after = match page.after.map(|after| after.0.as_slice()) {
            Some([name, id]) => (name.as_str(), id.as_str()),
            _ => ("", ""),
        };
        let (size, now) = (page.size, self.now());
        let rows = self
            .store
            .devices_after(&school, after, page.with_retired, size + 1, now)
            .await?;
        Ok(cut(rows, size, |device| {
            Keyset(device_place(device).into())
        }))
    }

    /// A device with its latest commands.
    pub(crate) async fn device(
        &self,
        incoming: &Incoming,
        id: DeviceId,
    ) -> Result<(Device, Vec<Command>), Error> {
        let device = self.reach_device(incoming, id).await?;
        let commands = self.store.latest_commands(&device).await?;
        Ok((device.into_inner(), commands))
    }

    /// Takes a device out of service; nothing when it was.
    pub(crate) async fn retire(&self, incoming: &Incoming, id: DeviceId) -> Result<(), Error> {
        let device = self.reach_device(incoming, id).await?;
        if self.store.retire(&device, self.now()).await? {
            audit::done("device_retired", &incoming.caller()?, id);
        }
        Ok(())
    }
}
