use std::sync::{Mutex, PoisonError};

use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;

use crate::domain::{LinkKey, LinkToken};
use crate::error::Error;
use crate::store::Store;

/// The keys of download links, as this process last read them. Every replica reads the same table, so each opens what
/// the others sealed.
#[derive(Default)]
pub(crate) struct LinkKeys {
    known: Mutex<Vec<LinkKey>>,
}

impl LinkKeys {
    /// The key that seals new links: made when there is none of today's. Two replicas that make one at once both seal.
    pub(crate) async fn sealing(&self, store: &Store, now: Timestamp) -> Result<LinkKey, Error> {
        let sealing = |key: &LinkKey| key.seals_at(now);
        if let Some(key) = self.find(sealing) {
            return Ok(key);
        }
        self.read(store, now).await?;
        if let Some(key) = self.find(sealing) {
            return Ok(key);
        }
        let key = LinkKey::generate(now)
            .map_err(|_| Failure::internal("no random bytes for a key of download links"))?;
        store.add_link_key(&key).await?;
        self.lock().push(key.clone());
        Ok(key)
    }

    /// The key that a token says sealed it.
    pub(crate) async fn of(
        &self,
        store: &Store,
        token: &LinkToken,
        now: Timestamp,
    ) -> Result<Option<LinkKey>, Error> {
        let named = |key: &LinkKey| key.id() == token.key();
        if let Some(key) = self.find(named) {
            return Ok(Some(key));
        }
        // Another replica's, or nobody's.
        self.read(store, now).await?;
        Ok(self.find(named))
    }

    async fn read(&self, store: &Store, now: Timestamp) -> Result<(), Error> {
        let keys = store.link_keys(now).await?;
        *self.lock() = keys;
        Ok(())
    }

    fn find(&self, wanted: impl Fn(&LinkKey) -> bool) -> Option<LinkKey> {
        self.lock().iter().find(|key| wanted(key)).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<LinkKey>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
