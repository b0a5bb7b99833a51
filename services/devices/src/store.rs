//! SQL of the fleet, written once for SQLite and PostgreSQL.
//!
//! Whoever writes for somebody brings an [`Authorized`](preau_kernel::access::Authorized) proof; what a credential
//! proves (enrolment, sign-in) and what time does asks for none. What is issued to a device and its retirement take the
//! device's row first: they are in one order, which is the order of the device's log.

mod certificates;
mod commands;
mod desired;
mod devices;
mod enrolment;
mod issuing;
mod leases;
mod purge;
mod rows;
mod sessions;
mod sightings;
mod sweep;
#[cfg(test)]
mod tests;
mod tokens;

use preau_kernel::ids::{DeviceId, SchoolId};
use preau_storage_database::events::Topic;
use preau_storage_database::{Db, DbError, Migration, Migrations, events, retrying};

pub(crate) use desired::Desired;
pub(crate) use devices::device_place;
pub(crate) use enrolment::Enrolled;
pub(crate) use issuing::RETIRED;
pub use sweep::Swept;
pub(crate) use tokens::NewToken;

/// The schema of the fleet.
pub const MIGRATIONS: Migrations = Migrations {
    service: "devices",
    sqlite: &[
        events::SQLITE,
        Migration {
            name: "0001_fleet",
            sql: include_str!("../migrations/sqlite/0001_fleet.sql"),
        },
    ],
    postgres: &[
        events::POSTGRES,
        Migration {
            name: "0001_fleet",
            sql: include_str!("../migrations/postgres/0001_fleet.sql"),
        },
    ],
};

/// Devices and what they are told, stored.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    db: Db,
}

impl Store {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }
}

/// What one device is told.
pub(crate) fn device_topic(school: SchoolId, device: DeviceId) -> Result<Topic, DbError> {
    Topic::new(&school.to_string(), &format!("device:{device}"))
}

/// What all devices of a school are to have.
pub(crate) fn desired_topic(school: SchoolId) -> Result<Topic, DbError> {
    Topic::new(&school.to_string(), "desired-state")
}
