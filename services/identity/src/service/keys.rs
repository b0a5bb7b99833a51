//! The keys that principal tokens are signed with: loaded, signed with, succeeded.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::failure::Failure;
use preau_mesh::TrustDomain;
use preau_mesh::principal::{Claims, Signer};
use tokio::sync::{Mutex, RwLock};

use crate::domain::keyring::{KeyDates, Keyring, LEAD};
use crate::store::{Store, StoreError, StoredKey};

/// Signs with the key whose turn it is; keeps the keyring fresh and makes a successor in time.
pub(crate) struct SigningKeys {
    store: Store,
    clock: Clock,
    trust_domain: TrustDomain,
    loaded: RwLock<Arc<Loaded>>,
    // Held by whoever reloads; the others go on with what is loaded.
    reloading: Mutex<()>,
}

struct Loaded {
    at: Timestamp,
    ring: Keyring,
    signers: HashMap<String, Signer>,
}

/// How long a loaded keyring is used: far less than a key's lead, so that every replica knows a
/// successor before it signs.
const FRESH: Duration = Duration::from_secs(60);

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a signing key: {0}")]
    Key(String),
    #[error("no signing key can be used: the database holds none with its private half")]
    None,
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Failure {
        match error {
            KeyError::Store(error) => error.into(),
            other => Failure::internal(other.to_string()),
        }
    }
}

impl SigningKeys {
    /// Loads the keys; makes the first one of an empty database.
    pub(crate) async fn open(
        store: Store,
        clock: Clock,
        trust_domain: TrustDomain,
    ) -> Result<SigningKeys, KeyError> {
        let now = clock.now();
        succeed(&store, now, |ring| ring.next_signs_from(now.0)).await?;
        let loaded = RwLock::new(Arc::new(load(&store, now).await?));
        Ok(SigningKeys {
            store,
            clock,
            trust_domain,
            loaded,
            reloading: Mutex::new(()),
        })
    }

    /// A token over the claims, by the key whose turn it is.
    pub(crate) async fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        let loaded = self.current().await;
        let now = self.clock.now();
        let key = loaded.ring.signing(now.0).ok_or(KeyError::None)?;
        let signer = loaded.signers.get(&key.key_id).ok_or(KeyError::None)?;
        signer
            .sign(claims, &self.trust_domain)
            .map_err(|error| KeyError::Key(error.to_string()))
    }

    /// The public keys to verify against: the next, the current, the previous.
    pub(crate) async fn published(&self) -> Vec<KeyDates> {
        let now = self.clock.now();
        self.current()
            .await
            .ring
            .published(now.0)
            .cloned()
            .collect()
    }

    /// Makes a successor now. It signs once everybody has had time to fetch it; a successor that
    /// waits for its turn already is left alone.
    pub(crate) async fn rotate(&self) -> Result<bool, KeyError> {
        let now = self.clock.now();
        let due = |ring: &Keyring| (!ring.has_successor(now.0)).then_some(now.0 + LEAD);
        let made = succeed(&self.store, now, due).await?;
        *self.loaded.write().await = Arc::new(load(&self.store, now).await?);
        Ok(made)
    }

    // Keys that cannot be reloaded are still good keys: a database that is away stops sign-in, not tokens in flight.
    async fn current(&self) -> Arc<Loaded> {
        let loaded = Arc::clone(&*self.loaded.read().await);
        let now = self.clock.now();
        if now.since(loaded.at) < FRESH {
            return loaded;
        }
        let Ok(_turn) = self.reloading.try_lock() else {
            return loaded;
        };
        match self.reload(&loaded.ring, now).await {
            Ok(fresh) => {
                let fresh = Arc::new(fresh);
                *self.loaded.write().await = Arc::clone(&fresh);
                fresh
            }
            Err(error) => {
                tracing::warn!(%error, "signing keys could not be reloaded");
                loaded
            }
        }
    }

    async fn reload(&self, known: &Keyring, now: Timestamp) -> Result<Loaded, KeyError> {
        if known.next_signs_from(now.0).is_some() {
            succeed(&self.store, now, |ring| ring.next_signs_from(now.0)).await?;
        }
        load(&self.store, now).await
    }
}

async fn succeed(
    store: &Store,
    now: Timestamp,
    due: impl FnOnce(&Keyring) -> Option<i64> + Send,
) -> Result<bool, KeyError> {
    let made = store.succeed_signing_key(now, due, new_key).await?;
    if made {
        tracing::info!("a signing key was made");
    }
    Ok(made)
}

fn new_key(signs_from: i64) -> Result<StoredKey, KeyError> {
    let signer = Signer::generate().map_err(|error| KeyError::Key(error.to_string()))?;
    let dates = KeyDates {
        key_id: signer.key_id().to_owned(),
        public_key: signer.public_key(),
        signs_from,
    };
    Ok(StoredKey {
        dates,
        private_key: signer.pkcs8(),
    })
}

async fn load(store: &Store, now: Timestamp) -> Result<Loaded, KeyError> {
    let mut dates = Vec::new();
    let mut signers = HashMap::new();
    for StoredKey {
        dates: key,
        private_key,
    } in store.signing_keys().await?
    {
        if !private_key.is_empty() {
            let signer = Signer::from_pkcs8(&private_key)
                .map_err(|error| KeyError::Key(format!("{}: {error}", key.key_id)))?;
            signers.insert(key.key_id.clone(), signer);
        }
        dates.push(key);
    }
    Ok(Loaded {
        at: now,
        ring: Keyring::new(dates),
        signers,
    })
}
