//! The first administrator of an empty data directory.

use preau_identity::{Identity, IdentityError};

use super::lock::lock;
use super::roles;
use crate::config::Config;
use crate::failure::Failure;

/// Whom to create.
pub(crate) struct FirstAdmin {
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) login: String,
    pub(crate) password: String,
}

/// Creates the platform's first administrator while nothing runs; answers the person's id.
pub(crate) async fn create_first_admin(
    config: &Config,
    admin: FirstAdmin,
) -> Result<String, Failure> {
    let _locks = lock(config, &["identity"])?;
    let (identity, db) = roles::open_identity(config).await?;
    let created = create(config, &identity, &admin).await;
    db.close().await;
    created
}

/// The same within a process that has identity open.
pub(crate) async fn create(
    config: &Config,
    identity: &Identity,
    admin: &FirstAdmin,
) -> Result<String, Failure> {
    identity
        .create_first_admin(
            &admin.given_name,
            &admin.family_name,
            &admin.login,
            &admin.password,
        )
        .await
        .map(|person| person.to_string())
        .map_err(|error| {
            let place = config.role_dir("identity");
            let doing = "cannot create the first administrator";
            Failure::said(doing, &error.to_string(), place.display(), remedy(&error))
        })
}

fn remedy(error: &IdentityError) -> &'static str {
    match error {
        IdentityError::AdminExists => "sign in as one and create people there",
        IdentityError::LoginTaken => "choose another one",
        IdentityError::Store(_) => "look at the database there",
        IdentityError::Internal(_) => "try again",
        _ => "correct the values",
    }
}
