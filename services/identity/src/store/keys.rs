//! Signing keys of principal tokens.
//!
//! The private halves lie in this database, readable by whoever can read it: so the database file
//! and its backups are as secret as a key file would be. In exchange every replica signs with the
//! same key without anything to hand around.

use preau_kernel::clock::Timestamp;
use preau_storage_database::{Row, Scope, params};

use super::{SIGNING_KEYS, Store, StoreError, take_turn};
use crate::domain::keyring::{KeyDates, Keyring};

/// A key with its private half (PKCS#8), empty once the key is retired.
pub(crate) struct StoredKey {
    pub(crate) dates: KeyDates,
    pub(crate) private_key: zeroize::Zeroizing<Vec<u8>>,
}

const ALL: &str = "SELECT key_id, public_key, signs_from, private_key FROM signing_keys
                   ORDER BY signs_from, key_id";

impl Store {
    /// Every key, oldest first.
    pub(crate) async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let rows = self.db.fetch_all(Scope::Platform, ALL, params![]).await?;
        rows.iter().map(key).collect()
    }

    /// Stores the key that `make` makes, if `due` says from when, looking at all keys there are;
    /// wipes retired ones. Replicas that find a key due at the same moment make one.
    pub(crate) async fn succeed_signing_key<E>(
        &self,
        now: Timestamp,
        due: impl FnOnce(&Keyring) -> Option<i64> + Send,
        make: impl FnOnce(i64) -> Result<StoredKey, E> + Send,
    ) -> Result<bool, E>
    where
        E: From<StoreError>,
    {
        let mut tx = self
            .db
            .begin(Scope::Platform)
            .await
            .map_err(StoreError::from)?;
        take_turn(&mut tx, SIGNING_KEYS)
            .await
            .map_err(StoreError::from)?;
        let rows = tx
            .fetch_all(ALL, params![])
            .await
            .map_err(StoreError::from)?;
        let keys: Vec<StoredKey> = rows.iter().map(key).collect::<Result<_, _>>()?;
        let ring = Keyring::new(keys.into_iter().map(|key| key.dates).collect());
        let Some(signs_from) = due(&ring) else {
            return Ok(false);
        };
        let StoredKey { dates, private_key } = make(signs_from)?;
        let sql =
            "INSERT INTO signing_keys (key_id, private_key, public_key, signs_from, created_at)
                   VALUES ($1, $2, $3, $4, $5)";
        let values = params![
            dates.key_id,
            private_key.as_slice(),
            dates.public_key,
            dates.signs_from,
            now.0
        ];
        tx.execute(sql, values).await.map_err(StoreError::from)?;
        for retired in ring.retired(now.0) {
            let sql = "UPDATE signing_keys SET private_key = $2 WHERE key_id = $1";
            let values = params![&retired.key_id, Vec::<u8>::new()];
            tx.execute(sql, values).await.map_err(StoreError::from)?;
        }
        tx.commit().await.map_err(StoreError::from)?;
        Ok(true)
    }
}

fn key(row: &Row) -> Result<StoredKey, StoreError> {
    let dates = KeyDates {
        key_id: row.text(0)?,
        public_key: row.array(1)?,
        signs_from: row.int(2)?,
    };
    Ok(StoredKey {
        dates,
        private_key: row.bytes(3)?.into(),
    })
}
