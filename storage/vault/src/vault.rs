//! The vault's handle and what its parts share.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use preau_storage_database::Db;
use preau_storage_seal::Kek;
use preau_storage_sites::Site;

use crate::buffers::Buffers;
use crate::config::micros;
use crate::keyring::Keyring;
use crate::workers::Workers;
use crate::{Clock, VaultConfig, VaultError};

/// Keeps files. Clones share everything.
#[derive(Clone)]
pub struct Vault {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) sites: Vec<Arc<dyn Site>>,
    pub(crate) keyring: Keyring,
    pub(crate) config: VaultConfig,
    pub(crate) workers: Workers,
    pub(crate) buffers: Arc<Buffers>,
    pub(crate) last_orphan_scan: Mutex<Option<SystemTime>>,
    clock: Clock,
}

impl Vault {
    /// Whether the database holds tenants' keys, so that a new KEK would open nothing.
    ///
    /// # Errors
    /// The database's.
    pub async fn holds_keys(db: &Db) -> Result<bool, VaultError> {
        Keyring::holds_keys(db).await
    }

    /// Opens the vault over a database whose migrations have run. Reads prefer the sites in the order given; writes go to the
    /// first [`VaultConfig::durable`] of them.
    ///
    /// # Errors
    /// [`VaultError::Config`]; [`VaultError::Key`] if the KEK is not the one this data was written under.
    pub async fn open(
        db: Db,
        sites: Vec<Arc<dyn Site>>,
        kek: Kek,
        config: VaultConfig,
        clock: Clock,
    ) -> Result<Vault, VaultError> {
        config.check(&sites)?;
        let keyring = Keyring::new(kek);
        keyring.check(&db).await?;
        let inner = Inner {
            db,
            sites,
            keyring,
            config,
            workers: Workers::new(),
            buffers: Arc::default(),
            last_orphan_scan: Mutex::new(None),
            clock,
        };
        Ok(Vault {
            inner: Arc::new(inner),
        })
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("sites", &self.inner.sites)
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}

impl Inner {
    pub(crate) fn time(&self) -> SystemTime {
        (self.clock)()
    }

    /// Unix microseconds.
    pub(crate) fn now(&self) -> i64 {
        micros(self.time())
    }

    pub(crate) fn site(&self, name: &str) -> Option<&Arc<dyn Site>> {
        self.sites.iter().find(|site| site.name() == name)
    }
}
