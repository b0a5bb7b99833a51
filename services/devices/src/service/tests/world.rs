//! A fleet in a small world: two schools of two authorities, and a clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::ids::{AuthorityId, DeviceId, PersonId, SchoolId, SessionId};
use preau_mesh::principal::{GrantClaim, ScopeClaim};
use preau_mesh::testing::{Ground, Pair, claims};
use preau_mesh::{Channel, Claims, Mesh, Reported};
use preau_proto::policy::v1::Role;
use preau_storage_database::{Db, testing};
use tempfile::TempDir;
use tonic::Status;

use super::admin::Admin;
use super::directory::TestIdentity;
use super::tablet::{Tablet, Watching};
use crate::domain::School;
use crate::{Authority, Deps, Devices, MIGRATIONS, Swept, Timing};

pub(super) type Answer<T> = Result<T, Status>;

pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) struct World {
    pub(super) school: School,
    /// Another authority's.
    pub(super) elsewhere: School,
    pub(super) devices: Devices,
    pub(super) authority: Authority,
    pub(super) db: Db,
    pair: Pair,
    mesh: Mesh,
    now: Arc<AtomicI64>,
    timing: Timing,
    folders: Vec<TempDir>,
}

/// No test waits for these.
pub(super) fn patient() -> Timing {
    Timing {
        keep_alive: Duration::from_secs(600),
        longest: Duration::from_secs(600),
        ..Timing::default()
    }
}

/// A story on both databases, one after the other.
pub(super) async fn both(story: impl AsyncFn(World)) {
    testing::both(&MIGRATIONS, async |db| {
        story(World::on(db, patient()).await).await;
    })
    .await;
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(patient()).await
    }

    pub(super) async fn with(timing: Timing) -> Self {
        let (db, folder) = testing::sqlite(&MIGRATIONS).await;
        let mut world = Self::on(db, timing).await;
        world.folders.push(folder);
        world
    }

    async fn on(db: Db, timing: Timing) -> Self {
        let ground = Ground::new(&["devices", "identity", "gateway", "apps"]).await;
        let mesh = ground.mesh().clone();
        let now = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("authority.pem");
        let authority = Authority::load_or_create(&path, &clock(&now)).unwrap();
        let [school, elsewhere] = [(); 2].map(|()| School {
            id: SchoolId::new(),
            authority: AuthorityId::new(),
        });
        let identity = TestIdentity::default();
        identity.add(school);
        identity.add(elsewhere);
        let devices = Devices::new(deps(&db, &mesh, &now, &authority, timing));
        let servers = vec![devices.server(), identity.server()];
        Self {
            school,
            elsewhere,
            devices,
            authority,
            db,
            pair: ground.serve(servers, "gateway", "devices"),
            mesh,
            now,
            timing,
            folders: vec![folder],
        }
    }

    /// A second process on the same database, which no client reaches: it sweeps.
    pub(super) fn another_process(&self) -> Devices {
        let (db, mesh, now) = (&self.db, &self.mesh, &self.now);
        Devices::new(deps(db, mesh, now, &self.authority, self.timing))
    }

    /// As the gateway calls, or whoever is behind it.
    pub(super) fn channel(&self) -> Channel {
        self.pair.client()
    }

    /// As `apps` calls.
    pub(super) fn channel_of_apps(&self) -> Channel {
        self.mesh.client("apps", "devices")
    }

    pub(super) fn admin(&self) -> Admin {
        self.person(Role::SchoolAdmin, ScopeClaim::School(text(self.school.id)))
    }

    pub(super) fn person(&self, role: Role, scope: ScopeClaim) -> Admin {
        let id = PersonId::new();
        let claims = Claims {
            person: id.to_string(),
            session: SessionId::new().to_string(),
            school: None,
            grants: vec![GrantClaim {
                role: role.into(),
                scope,
            }],
            ..claims(role)
        };
        Admin::new(id, self.pair.token(&claims), self.channel())
    }

    /// A device with a key, which nobody knows yet.
    pub(super) fn tablet(&self) -> Tablet {
        Tablet::new(self.channel())
    }

    /// A device of the school.
    pub(super) async fn enrolled(&self) -> Tablet {
        self.enrolled_as("Tablette").await
    }

    pub(super) async fn enrolled_as(&self, name: &str) -> Tablet {
        let (_, secret) = self.admin().token(self.school.id, 1).await.unwrap();
        self.enrolled_with(&secret, name).await
    }

    pub(super) async fn enrolled_with(&self, secret: &str, name: &str) -> Tablet {
        let mut tablet = self.tablet();
        let request = tablet.enrolment(secret, name);
        let answer = tablet.enrol(request).await.unwrap();
        tablet.sign(&self.device_token(&answer.device_id, &answer.school_id));
        tablet
    }

    /// What identity says of a device.
    pub(super) fn device_token(&self, device: &str, school: &str) -> String {
        self.pair.token(&Claims {
            person: device.to_owned(),
            session: SessionId::new().to_string(),
            school: Some(school.to_owned()),
            grants: vec![GrantClaim {
                role: Role::Device.into(),
                scope: ScopeClaim::School(school.to_owned()),
            }],
            ..claims(Role::Device)
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    /// In whole seconds.
    pub(super) fn unix(&self) -> i64 {
        self.now().seconds_and_nanos().0
    }

    pub(super) fn pass(&self, time: Duration) {
        self.now.store(self.now().plus(time).0, Ordering::SeqCst);
    }

    pub(super) async fn sweep(&self) -> Swept {
        self.devices.sweep().await.unwrap()
    }

    /// The connection is gone, and the process has noticed.
    pub(super) async fn closed(&self, device: &str, watching: Watching) {
        drop(watching);
        let device: DeviceId = device.parse().unwrap();
        self.devices.fleet.sightings.closed(device).await;
    }
}

fn deps(db: &Db, mesh: &Mesh, now: &Arc<AtomicI64>, authority: &Authority, timing: Timing) -> Deps {
    Deps {
        db: db.clone(),
        mesh: mesh.clone(),
        clock: clock(now),
        authority: authority.clone(),
        timing,
    }
}

fn clock(now: &Arc<AtomicI64>) -> Clock {
    let now = Arc::clone(now);
    Clock::from_fn(move || Timestamp(now.load(Ordering::SeqCst)).to_system())
}

pub(super) fn text(id: impl ToString) -> String {
    id.to_string()
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
