use preau_kernel::names::fold;
use preau_rpc::Incoming;

use super::Files;
use crate::domain::{Holder, Space, Tenant};
use crate::error::Error;

/// A space as its caller sees it.
pub(crate) struct MySpace {
    pub(crate) space: Space,
    /// Whether the caller may change what others made there.
    pub(crate) may_moderate: bool,
}

impl Files {
    /// The caller's spaces: the caller's own, then by name one for each class the caller is in; each made the first time
    /// anybody asks.
    pub(crate) async fn spaces(&self, incoming: &Incoming) -> Result<Vec<MySpace>, Error> {
        let caller = incoming.caller()?;
        let person = caller.authorize_self()?;
        let now = self.clock.now();
        let classes = self.roster.my_classes(incoming.call()).await?;
        let tenant = Tenant::of(caller.principal());
        let own = self.store.personal_space(&person, &tenant, now).await?;
        let of_classes = self.store.spaces_of(&person, &classes, now).await?;
        let moderated = classes
            .iter()
            .map(|class| class.is_moderated_by(caller.principal()));
        let mut spaces: Vec<MySpace> = of_classes
            .into_iter()
            .zip(moderated)
            .chain([(own, true)])
            .map(|(space, may_moderate)| MySpace {
                space,
                may_moderate,
            })
            .collect();
        spaces.sort_by_cached_key(|MySpace { space, .. }| {
            let is_class = matches!(space.holder, Holder::Class { .. });
            (is_class, fold(&space.name), space.id)
        });
        Ok(spaces)
    }
}
