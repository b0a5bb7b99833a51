//! Lessons: who is here, who asks, what the teacher shows, in one log for everybody.
//!
//! Three things to know: [`Classroom`], opened from its [`Deps`], which gives the mesh role `classroom`;
//! [`Classroom::sweep`], which the composition root runs every [`SWEEP_EVERY`]; and [`MIGRATIONS`], its schema. Inside,
//! a call goes `grpc` (decode) → `service` (authorize → rule → store) → `store` (SQL); `domain` holds the types and
//! rules. The tenant is the school of the lesson's class. Who is in a class is the roster's to say.
//!
//! Every change of a lesson publishes what it did to the lesson's log, in its own transaction; a Watch follows the log
//! from a cursor, and while it is open somebody is here. A process vouches for the Watches it serves with a lease, so
//! that those of a killed one are offline by themselves. What time alone brings about (a lost connection, a focus or a
//! lesson whose time is up) is written down by whichever process sweeps first, once.
//!
//! Must not know: how a caller signed in, what people are called, what a pushed file holds.

mod convert;
mod domain;
mod error;
mod grpc;
mod service;
mod store;

use std::sync::Arc;
use std::time::Duration;

use preau_kernel::clock::Clock;
use preau_mesh::{Mesh, RoleServer};
use preau_proto::classroom::v1::lesson_service_server::LessonServiceServer;
use preau_storage_database::Db;

pub use service::Timing;
pub use store::{MIGRATIONS, Swept};

/// The mesh role this crate serves.
const ROLE: &str = "classroom";

/// The longest request taken, in bytes: ids, a link, a line of text.
const MAX_REQUEST: usize = 16 * 1024;

/// How often [`Classroom::sweep`] is to be run: the most by which news of time alone is late.
pub const SWEEP_EVERY: Duration = Duration::from_secs(2);

/// What the classroom needs.
pub struct Deps {
    /// Its own database, migrated to [`MIGRATIONS`].
    pub db: Db,
    /// The way to the roster.
    pub mesh: Mesh,
    /// The present.
    pub clock: Clock,
    /// How long Watches wait for what.
    pub timing: Timing,
}

/// Why a sweep stopped; the next one goes on there.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SweepError(#[from] error::Error);

/// The classroom of one process. Clones share what it holds.
#[derive(Clone)]
pub struct Classroom {
    lessons: Arc<service::Lessons>,
}

impl Classroom {
    /// From what it needs; asks nobody anything yet.
    #[must_use]
    pub fn new(deps: Deps) -> Self {
        let roster = deps.mesh.client(ROLE, "roster");
        let store = store::Store::new(deps.db);
        let lessons = service::Lessons::new(store, roster, deps.clock, deps.timing);
        Self {
            lessons: Arc::new(lessons),
        }
    }

    /// Ready to be served by the mesh.
    #[must_use]
    pub fn server(&self) -> RoleServer {
        let handler = grpc::Handler::new(Arc::clone(&self.lessons));
        let lessons = LessonServiceServer::new(handler).max_decoding_message_size(MAX_REQUEST);
        RoleServer::new(ROLE).add_service(lessons)
    }

    /// Vouches for the Watches of this process, writes down which of them were closed, and does what is due for every
    /// lesson of the platform. Bounded; safe beside anything else, in any number of processes.
    ///
    /// # Errors
    /// The database failed. A process that cannot sweep for half a minute loses its hold on its Watches: they end, and
    /// their clients ask again.
    pub async fn sweep(&self) -> Result<Swept, SweepError> {
        Ok(self.lessons.sweep().await?)
    }

    /// Forgets lessons that were over for 30 days, some at a time. Answers how many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge(&self) -> Result<u64, SweepError> {
        Ok(self.lessons.purge().await?)
    }

    /// Ends every Watch, and opens no more: before a drain, which would wait for them.
    pub fn end_watches(&self) {
        self.lessons.end_watches();
    }
}
