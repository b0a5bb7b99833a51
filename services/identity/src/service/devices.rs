//! Principals of devices: which device calls is for `devices` to say, what it may be is decided here.

use std::sync::Arc;

use preau_kernel::access::{Grant, Role, Scope};
use preau_kernel::clock::Clock;
use preau_kernel::failure::Failure;
use preau_kernel::ids::{DeviceId, SchoolId, SessionId};

use crate::service::keys::SigningKeys;
use crate::service::minting::{self, Minted, Subject};
use crate::store::Store;

/// Vouches for devices.
#[derive(Clone)]
pub(crate) struct DevicePrincipals {
    pub(crate) store: Store,
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) clock: Clock,
}

impl DevicePrincipals {
    /// A token with the one grant that a device can have. Its session is new each time: a device signs in to nothing
    /// here, and what ends its credentials is `devices` no longer asking.
    pub(crate) async fn mint(&self, device: DeviceId, school: SchoolId) -> Result<Minted, Failure> {
        let school = self.store.find_school(school).await?;
        let school = school.ok_or_else(|| Failure::not_found("school"))?;
        let subject = Subject {
            id: device.to_string(),
            session: SessionId::new(),
            school: Some(school.id),
            authority: Some(school.authority),
        };
        let grant = Grant {
            role: Role::Device,
            scope: Scope::School(school.id),
        };
        let claims = minting::claims(&subject, &[grant], [], self.clock.now());
        minting::sign(&self.keys, &claims).await
    }
}
