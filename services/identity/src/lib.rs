//! Identity: who people are, what each may do, and who is calling.
//!
//! Three things to know: [`Identity`], which is opened on a database, serves the role `identity`
//! and creates the first administrator; [`Passwords`], the bounded Argon2id pool that every sign-in
//! passes; and the proofs (`preau_kernel::access::Authorized`) without which the store writes nothing for a caller.
//!
//! Must not know: classes, files, any other domain service; how a token travels or is checked
//! (the mesh does); anything about HTTP.

mod audit;
mod convert;
mod domain;
mod error;
mod grpc;
mod passwords;
mod service;
mod store;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use preau_kernel::clock::Clock;
use preau_kernel::ids::PersonId;
use preau_mesh::{RoleServer, TrustDomain};
use preau_proto::identity::v1::device_principal_service_server::DevicePrincipalServiceServer;
use preau_proto::identity::v1::directory_service_server::DirectoryServiceServer;
use preau_proto::identity::v1::people_import_service_server::PeopleImportServiceServer;
use preau_proto::identity::v1::session_service_server::SessionServiceServer;
use preau_storage_database::Db;

pub use domain::attempts::AttemptConfig;
pub use domain::session::SessionConfig;
pub use error::IdentityError;
pub use passwords::{PasswordConfig, PasswordConfigError, Passwords};
pub use store::MIGRATIONS;

use domain::attempts::Attempts;
use domain::password::Password;
use service::devices::DevicePrincipals;
use service::directory::Directory;
use service::first_admin::AdminWanted;
use service::first_use::FirstUse;
use service::granting::Granting;
use service::imports::Imports;
use service::keys::{KeyError, SigningKeys};
use service::sessions::Sessions;
use store::Store;

/// The role this service takes on the mesh.
pub const ROLE: &str = "identity";

/// What identity stands on.
pub struct Deps {
    /// Its own database, migrated with [`MIGRATIONS`].
    pub db: Db,
    /// The present.
    pub clock: Clock,
    /// Cost of a password hash and size of the pool.
    pub passwords: PasswordConfig,
    /// How long sessions live.
    pub sessions: SessionConfig,
    /// Audience of the principal tokens.
    pub trust_domain: TrustDomain,
}

/// The service, open. Clones share everything.
#[derive(Clone)]
pub struct Identity {
    store: Store,
    clock: Clock,
    passwords: Arc<Passwords>,
    keys: Arc<SigningKeys>,
    attempts: Arc<Attempts>,
    sessions: SessionConfig,
}

/// Opens identity: checks the password cost, loads the signing keys and makes the first one of an empty database.
///
/// # Errors
/// A password configuration below the floor, a database that cannot be read, a key that is damaged.
pub async fn open(deps: Deps) -> Result<Identity, IdentityError> {
    let passwords = Arc::new(Passwords::new(&deps.passwords)?);
    let store = Store::new(deps.db);
    store.fill_school_keys().await?;
    let keys = SigningKeys::open(store.clone(), deps.clock.clone(), deps.trust_domain).await?;
    Ok(Identity {
        store,
        clock: deps.clock,
        passwords,
        keys: Arc::new(keys),
        attempts: Arc::new(Attempts::new(deps.sessions.attempts)),
        sessions: deps.sessions,
    })
}

impl Identity {
    /// The services of this role, to be served by the mesh.
    #[must_use]
    pub fn server(&self) -> RoleServer {
        let directory = Directory {
            store: self.store.clone(),
            passwords: Arc::clone(&self.passwords),
            clock: self.clock.clone(),
        };
        let granting = Granting {
            store: self.store.clone(),
            clock: self.clock.clone(),
        };
        let sessions = Sessions {
            store: self.store.clone(),
            passwords: Arc::clone(&self.passwords),
            keys: Arc::clone(&self.keys),
            attempts: Arc::clone(&self.attempts),
            config: self.sessions,
            clock: self.clock.clone(),
        };
        let first_use = FirstUse {
            store: self.store.clone(),
            passwords: Arc::clone(&self.passwords),
            attempts: Arc::clone(&self.attempts),
            config: self.sessions,
            clock: self.clock.clone(),
        };
        let imports = Imports {
            store: self.store.clone(),
            clock: self.clock.clone(),
        };
        let principals = DevicePrincipals {
            store: self.store.clone(),
            keys: Arc::clone(&self.keys),
            clock: self.clock.clone(),
        };
        let directory = grpc::directory::Handler {
            directory,
            granting,
            first_use: first_use.clone(),
        };
        let sessions = grpc::session::Handler {
            sessions,
            first_use,
            keys: Arc::clone(&self.keys),
        };
        RoleServer::new(ROLE)
            .add_service(DirectoryServiceServer::new(directory))
            .add_service(SessionServiceServer::new(sessions))
            .add_service(PeopleImportServiceServer::new(grpc::imports::Handler {
                imports,
            }))
            .add_service(DevicePrincipalServiceServer::new(grpc::devices::Handler {
                principals,
            }))
    }

    /// Creates the platform's first administrator, with a local account.
    ///
    /// # Errors
    /// When the platform has an administrator already, or a value is refused.
    pub async fn create_first_admin(
        &self,
        given: &str,
        family: &str,
        login: &str,
        password: &str,
    ) -> Result<PersonId, IdentityError> {
        let password = Password::new(password.to_owned());
        let wanted = AdminWanted {
            given,
            family,
            login,
            password,
        };
        service::first_admin::create(&self.store, &self.passwords, &self.clock, wanted).await
    }

    /// The public keys that principal tokens verify against now, as key id and Ed25519 public key.
    pub async fn signing_keys(&self) -> Vec<(String, [u8; 32])> {
        let keys = self.keys.published().await;
        keys.into_iter()
            .map(|key| (key.key_id, key.public_key))
            .collect()
    }

    /// Makes a new signing key, which takes over ten minutes later; the present one stays
    /// published ten minutes longer. It also happens by itself every thirty days.
    ///
    /// Answers whether a key was made: not while a successor waits for its turn already.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn rotate_signing_key(&self) -> Result<bool, IdentityError> {
        Ok(self.keys.rotate().await?)
    }

    /// The password pool, for metrics.
    #[must_use]
    pub fn passwords(&self) -> &Arc<Passwords> {
        &self.passwords
    }
}

impl From<KeyError> for IdentityError {
    fn from(error: KeyError) -> IdentityError {
        match error {
            KeyError::Store(error) => error.into(),
            other => IdentityError::Internal(other.to_string()),
        }
    }
}
