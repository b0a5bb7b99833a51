//! The first administrator of a platform that has none: created beside the wire, by whoever holds the data.

use preau_kernel::access::{Role, Scope};
use preau_kernel::clock::Clock;
use preau_kernel::ids::{GrantId, PersonId};
use preau_kernel::names::Name;

use crate::audit;
use crate::domain::directory::{Home, NewAccount, NewPerson};
use crate::domain::grants::{DatedGrant, On, Period};
use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::error::IdentityError;
use crate::passwords::Passwords;
use crate::store::{FirstAdmin, Store};

/// What the operator typed.
pub(crate) struct AdminWanted<'a> {
    pub(crate) given: &'a str,
    pub(crate) family: &'a str,
    pub(crate) login: &'a str,
    pub(crate) password: Password,
}

pub(crate) async fn create(
    store: &Store,
    passwords: &Passwords,
    clock: &Clock,
    wanted: AdminWanted<'_>,
) -> Result<PersonId, IdentityError> {
    let given = name("given name", wanted.given)?;
    let family = name("family name", wanted.family)?;
    let login = Login::parse(wanted.login).map_err(|error| invalid("login", &error))?;
    wanted
        .password
        .check_for(&login)
        .map_err(|error| invalid("password", &error))?;
    let password_hash = passwords.hash(&wanted.password).await?;
    let (id, now) = (PersonId::new(), clock.now());
    let grant = DatedGrant {
        id: GrantId::new(),
        person: id,
        role: Role::PlatformAdmin,
        on: On {
            scope: Scope::Platform,
            authority: None,
        },
        period: Period::from(now),
    };
    let account = Some(NewAccount {
        login,
        password_hash,
    });
    let admin = NewPerson {
        id,
        home: Home::Platform,
        given,
        family,
        account,
        grant,
        created: now,
    };
    store.insert_first_admin(&FirstAdmin(admin), now).await?;
    audit::happened("create_first_admin", "done", Some(id));
    Ok(id)
}

fn name(field: &'static str, text: &str) -> Result<Name, IdentityError> {
    Name::parse(text).map_err(|error| invalid(field, &error))
}

fn invalid(field: &'static str, error: &dyn std::error::Error) -> IdentityError {
    IdentityError::Invalid {
        field,
        problem: error.to_string(),
    }
}
