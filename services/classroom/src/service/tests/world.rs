//! A classroom in a small world: a school, a class, its people, and a clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use preau_kernel::access::Part;
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::ids::{AuthorityId, ClassId, PersonId, SchoolId, SessionId};
use preau_mesh::principal::{GrantClaim, ScopeClaim};
use preau_mesh::testing::{Ground, Pair, claims};
use preau_mesh::{Claims, Mesh, Reported};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::Part as WirePart;
use preau_storage_database::{Db, testing};
use tempfile::TempDir;
use tonic::Status;

use super::person::{Person, Watching};
use super::roster::TestRoster;
use crate::domain::MyClass;
use crate::{Classroom, Deps, MIGRATIONS, Swept, Timing};

pub(super) type Answer<T> = Result<T, Status>;

/// No test waits for these.
const PATIENT: Timing = Timing {
    keep_alive: Duration::from_secs(600),
    check: Duration::from_secs(600),
    trust: Duration::from_secs(600),
    longest: Duration::from_secs(600),
};

pub(super) struct World {
    pub(super) class: MyClass,
    pub(super) roster: TestRoster,
    pub(super) classroom: Classroom,
    pair: Pair,
    db: Db,
    mesh: Mesh,
    now: Arc<AtomicI64>,
    timing: Timing,
    _folder: TempDir,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(PATIENT).await
    }

    pub(super) async fn with(timing: Timing) -> Self {
        let (db, folder) = testing::sqlite(&MIGRATIONS).await;
        let ground = Ground::new(&["classroom", "roster", "gateway"]).await;
        let mesh = ground.mesh().clone();
        let now = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        let classroom = classroom(&db, &mesh, &now, timing);
        let roster = TestRoster::default();
        let servers = vec![classroom.server(), roster.server()];
        let world = Self {
            class: class(SchoolId::new()),
            pair: ground.serve(servers, "gateway", "classroom"),
            roster,
            classroom,
            db,
            mesh,
            now,
            timing,
            _folder: folder,
        };
        world.roster.add(&world.class);
        world
    }

    /// Impatient in everything that its caller does not set.
    pub(super) fn patient() -> Timing {
        PATIENT
    }

    /// A second process on the same database, which no client reaches: it sweeps.
    pub(super) fn another_process(&self) -> Classroom {
        classroom(&self.db, &self.mesh, &self.now, self.timing)
    }

    /// Another class of the school.
    pub(super) fn other_class(&self) -> MyClass {
        let other = class(self.class.school);
        self.roster.add(&other);
        other
    }

    pub(super) fn teacher(&self) -> Person {
        self.member(&self.class, Role::Teacher)
    }

    pub(super) fn pupil(&self) -> Person {
        self.member(&self.class, Role::Student)
    }

    /// Somebody of a class, with the role that goes with it on the class's school.
    pub(super) fn member(&self, class: &MyClass, role: Role) -> Person {
        let person = self.person(role, class.school);
        let part = match role {
            Role::Teacher => WirePart::Teacher,
            _ => WirePart::Student,
        };
        self.roster.enrol(class, person.id, part);
        person
    }

    pub(super) fn person(&self, role: Role, school: SchoolId) -> Person {
        let id = PersonId::new();
        let claims = Claims {
            person: id.to_string(),
            session: SessionId::new().to_string(),
            school: Some(school.to_string()),
            grants: vec![GrantClaim {
                role: role.into(),
                scope: ScopeClaim::School(school.to_string()),
            }],
            ..claims(role)
        };
        Person::new(id, self.pair.token(&claims), self.pair.client())
    }

    pub(super) fn pass(&self, time: Duration) {
        let now = Timestamp(self.now.load(Ordering::SeqCst)).plus(time);
        self.now.store(now.0, Ordering::SeqCst);
    }

    /// The connection is gone, and the process has noticed.
    pub(super) async fn closed(&self, watching: Watching) {
        let mut open = self.classroom.lessons.presences.open();
        let before = *open.borrow();
        drop(watching);
        open.wait_for(|open| *open < before).await.unwrap();
    }

    pub(super) async fn sweep(&self) -> Swept {
        self.classroom.sweep().await.unwrap()
    }
}

fn classroom(db: &Db, mesh: &Mesh, now: &Arc<AtomicI64>, timing: Timing) -> Classroom {
    let now = Arc::clone(now);
    Classroom::new(Deps {
        db: db.clone(),
        mesh: mesh.clone(),
        clock: Clock::from_fn(move || Timestamp(now.load(Ordering::SeqCst)).to_system()),
        timing,
    })
}

fn class(school: SchoolId) -> MyClass {
    MyClass {
        id: ClassId::new(),
        name: "2nde B".into(),
        school,
        authority: AuthorityId::new(),
        part: Part::Student,
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
