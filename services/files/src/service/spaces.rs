use preau_kernel::names::fold;
use preau_rpc::Incoming;

use super::Files;
use crate::domain::Space;
use crate::error::Error;

impl Files {
    /// The caller's spaces by name: one for each class the caller is in, made the first time anybody asks.
    pub(crate) async fn spaces(&self, incoming: &Incoming) -> Result<Vec<Space>, Error> {
        let person = incoming.caller()?.authorize_self()?;
        let classes = self.roster.my_classes(incoming.call()).await?;
        let mut spaces = self
            .store
            .spaces_of(&person, &classes, self.clock.now())
            .await?;
        spaces.sort_by_cached_key(|space| (fold(&space.name), space.id));
        Ok(spaces)
    }
}
