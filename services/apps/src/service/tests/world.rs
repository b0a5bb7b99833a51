//! The apps in a small world: two schools, their people and devices, a publisher, and a clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::ids::{AuthorityId, DeviceId, PersonId, SchoolId, SessionId};
use preau_mesh::principal::{GrantClaim, ScopeClaim};
use preau_mesh::testing::{Ground, Pair, claims};
use preau_mesh::{Claims, Reported};
use preau_proto::apps::v1 as wire;
use preau_proto::policy::v1::Role;
use preau_storage_database::{Db, testing};
use tonic::Status;

use super::directory::TestDirectory;
use super::files::TestFiles;
use super::fleet::TestFleet;
use super::person::Person;
use super::publisher::Publisher;
use crate::domain::School;
use crate::{Apps, Deps, MIGRATIONS, Swept};

pub(super) type Answer<T> = Result<T, Status>;

pub(super) struct World {
    /// The one most tests are about.
    pub(super) school: School,
    pub(super) other: School,
    pub(super) files: TestFiles,
    pub(super) fleet: TestFleet,
    pub(super) publisher: Publisher,
    pub(super) apps: Apps,
    pub(super) db: Db,
    pair: Pair,
    now: Arc<AtomicI64>,
}

/// Runs a story on SQLite, then on PostgreSQL.
pub(super) async fn both(story: impl AsyncFn(World)) {
    testing::both(&MIGRATIONS, async |db| story(World::new(db).await).await).await;
}

impl World {
    async fn new(db: Db) -> Self {
        let ground = Ground::new(&["apps", "files", "identity", "devices", "gateway"]).await;
        let now = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        let clock = {
            let now = Arc::clone(&now);
            Clock::from_fn(move || Timestamp(now.load(Ordering::SeqCst)).to_system())
        };
        let apps = Apps::new(Deps {
            db: db.clone(),
            mesh: ground.mesh().clone(),
            clock: clock.clone(),
        });
        let (files, fleet) = (TestFiles::new(clock), TestFleet::default());
        let (school, other) = (school(), school());
        let directory = TestDirectory::new([school, other]);
        let servers = vec![
            apps.server(),
            files.server(),
            directory.server(),
            fleet.server(),
        ];
        let world = Self {
            school,
            other,
            files,
            fleet,
            publisher: Publisher::of(7),
            apps,
            db,
            pair: ground.serve(servers, "gateway", "apps"),
            now,
        };
        let operator = world.operator();
        operator.trust(&world.publisher).await.unwrap();
        world
    }

    pub(super) fn operator(&self) -> Person {
        self.person(PersonId::new(), Role::PlatformAdmin, ScopeClaim::Platform)
    }

    /// Administers the school.
    pub(super) fn admin(&self) -> Person {
        self.somebody(Role::SchoolAdmin, &self.school)
    }

    /// Administers an authority and all its schools.
    pub(super) fn authority_admin(&self, school: &School) -> Person {
        let scope = ScopeClaim::Authority(school.authority.to_string());
        self.person(PersonId::new(), Role::AuthorityAdmin, scope)
    }

    pub(super) fn somebody(&self, role: Role, school: &School) -> Person {
        let scope = ScopeClaim::School(school.id.to_string());
        self.person(PersonId::new(), role, scope)
    }

    /// A device of the school.
    pub(super) fn device(&self) -> Person {
        self.somebody(Role::Device, &self.school)
    }

    /// The same device where it is enrolled at another school.
    pub(super) fn device_as(&self, device: DeviceId, school: &School) -> Person {
        let id = device.to_string().parse().unwrap();
        let scope = ScopeClaim::School(school.id.to_string());
        self.person(id, Role::Device, scope)
    }

    fn person(&self, id: PersonId, role: Role, scope: ScopeClaim) -> Person {
        let grants = vec![GrantClaim {
            role: role.into(),
            scope,
        }];
        let claims = Claims {
            person: id.to_string(),
            session: SessionId::new().to_string(),
            school: None,
            grants,
            ..claims(role)
        };
        Person::new(id, self.pair.token(&claims), self.pair.client())
    }

    /// A release of these bytes that can be assigned.
    pub(super) async fn published(&self, app: &str, version: &str, data: &[u8]) -> wire::Release {
        let operator = self.operator();
        let (manifest, signature) = self.publisher.sign(app, version, data);
        let created = operator.create(&manifest, &signature).await.unwrap();
        let release = created.release.unwrap().release_id;
        operator.send(&release, data).await;
        operator.finish(&release).await.unwrap()
    }

    pub(super) fn pass(&self, time: Duration) {
        let now = Timestamp(self.now.load(Ordering::SeqCst)).plus(time);
        self.now.store(now.0, Ordering::SeqCst);
    }

    pub(super) async fn sweep(&self) -> Swept {
        self.apps.sweep().await.unwrap()
    }
}

fn school() -> School {
    School {
        id: SchoolId::new(),
        authority: AuthorityId::new(),
    }
}

/// The reason of a refusal.
pub(super) fn reason<T: std::fmt::Debug>(answer: Answer<T>) -> String {
    Reported::of(&answer.unwrap_err()).reason
}

/// The wrong fields that a refusal names.
pub(super) fn fields<T: std::fmt::Debug>(answer: Answer<T>) -> Vec<String> {
    let fields = Reported::of(&answer.unwrap_err()).fields.into_iter();
    fields.map(|(field, _)| field).collect()
}

/// Bytes that look like nothing.
pub(super) fn bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new()
        .update(b"bytes")
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}
