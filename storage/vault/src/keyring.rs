//! Tenant keys: made at a tenant's first upload, stored wrapped, kept open in memory.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use preau_storage_database::{Db, Scope, Tx, params};
use preau_storage_seal::{Kek, TenantKeys, random_bytes};

use crate::VaultError;

pub(crate) struct Keyring {
    kek: Kek,
    open: RwLock<HashMap<String, Arc<TenantKeys>>>,
}

impl Keyring {
    pub(crate) fn new(kek: Kek) -> Keyring {
        Keyring {
            kek,
            open: RwLock::new(HashMap::new()),
        }
    }

    /// Whether any tenant's key is stored: there is something that only its KEK opens.
    pub(crate) async fn holds_keys(db: &Db) -> Result<bool, VaultError> {
        let sql = "SELECT tenant FROM vault_tenant_key LIMIT 1";
        let row = db.fetch_optional(Scope::Platform, sql, &[]).await?;
        Ok(row.is_some())
    }

    /// Opens some stored key, so that a wrong KEK stops the start instead of the first read.
    pub(crate) async fn check(&self, db: &Db) -> Result<(), VaultError> {
        let sql = "SELECT tenant, wrapped FROM vault_tenant_key LIMIT 1";
        if let Some(row) = db.fetch_optional(Scope::Platform, sql, &[]).await? {
            self.unwrap(row.str(0)?, &row.bytes(1)?)?;
        }
        Ok(())
    }

    /// Makes the tenant's key if it has none. Not kept in memory yet: the caller's transaction may still be rolled back.
    pub(crate) async fn ensure(
        &self,
        tx: &mut Tx,
        tenant: &str,
        now: i64,
    ) -> Result<(), VaultError> {
        let known = "SELECT 1 FROM vault_tenant_key WHERE tenant = $1";
        if self.cached(tenant).is_some()
            || tx.fetch_optional(known, params![tenant]).await?.is_some()
        {
            return Ok(());
        }
        let failed = |source| VaultError::Key {
            tenant: tenant.to_owned(),
            source,
        };
        let key = random_bytes().map_err(failed)?;
        let salt = random_bytes().map_err(failed)?;
        let wrapped = TenantKeys::wrap(&self.kek, tenant, key, &salt);
        tx.execute(
            "INSERT INTO vault_tenant_key (tenant, wrapped, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (tenant) DO NOTHING",
            params![tenant, wrapped, now],
        )
        .await?;
        Ok(())
    }

    /// The tenant's keys.
    pub(crate) async fn of(&self, db: &Db, tenant: &str) -> Result<Arc<TenantKeys>, VaultError> {
        if let Some(keys) = self.cached(tenant) {
            return Ok(keys);
        }
        let sql = "SELECT wrapped FROM vault_tenant_key WHERE tenant = $1";
        let row = db
            .fetch_optional(Scope::Tenant(tenant), sql, params![tenant])
            .await?
            .ok_or_else(|| {
                VaultError::Inconsistent("a tenant with uploads has no key".to_owned())
            })?;
        let keys = Arc::new(self.unwrap(tenant, &row.bytes(0)?)?);
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.insert(tenant.to_owned(), keys.clone());
        Ok(keys)
    }

    fn cached(&self, tenant: &str) -> Option<Arc<TenantKeys>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(tenant).cloned()
    }

    fn unwrap(&self, tenant: &str, wrapped: &[u8]) -> Result<TenantKeys, VaultError> {
        TenantKeys::unwrap(&self.kek, tenant, wrapped).map_err(|source| VaultError::Key {
            tenant: tenant.to_owned(),
            source,
        })
    }
}
