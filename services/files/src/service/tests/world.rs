//! The service in a small world: two classes, their people, a clock one can set, a disk one can break.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::ids::{AuthorityId, ClassId, SchoolId};
use preau_mesh::testing::{Ground, Pair};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::Part;
use preau_storage_database::{Db, testing};
use preau_storage_seal::Kek;
use preau_storage_sites::{FaultySite, MemorySite};
use preau_storage_vault::{Vault, VaultConfig};
use tempfile::TempDir;

use super::person::Person;
use super::roster::TestRoster;
use crate::service::Files;
use crate::store::Store;
use crate::{Deps, MIGRATIONS, server};

/// Bytes of a part here: small, so that a file of a few kilobytes has several.
pub(super) const PART: usize = 1024;

pub(super) struct World {
    pub(super) pair: Pair,
    pub(super) roster: TestRoster,
    pub(super) site: Arc<FaultySite>,
    memory: Arc<MemorySite>,
    pub(super) deps: Deps,
    now: Arc<AtomicI64>,
    _folder: TempDir,
}

/// A class of a school, as tests name it.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) id: ClassId,
    pub(super) school: SchoolId,
    pub(super) authority: AuthorityId,
}

impl World {
    pub(super) async fn new() -> Self {
        let (db, folder) = testing::sqlite(&MIGRATIONS).await;
        let ground = Ground::new(&["files", "roster", "gateway"]).await;
        let memory = Arc::new(MemorySite::new("memory"));
        let site = Arc::new(FaultySite::new(Arc::clone(&memory) as _));
        let now = Arc::new(AtomicI64::new(Timestamp::from_system(SystemTime::now()).0));
        let clock = {
            let now = Arc::clone(&now);
            Clock::from_fn(move || Timestamp(now.load(Ordering::Relaxed)).to_system())
        };
        let deps = Deps {
            vault: vault(&db, &site, &clock).await,
            db,
            mesh: ground.mesh().clone(),
            clock,
        };
        let roster = TestRoster::default();
        let servers = vec![server(deps.clone()), roster.server()];
        Self {
            pair: ground.serve(servers, "gateway", "files"),
            roster,
            site,
            memory,
            deps,
            now,
            _folder: folder,
        }
    }

    /// A class of a school of its own.
    pub(super) fn class(&self, name: &str) -> Class {
        let class = Class {
            id: ClassId::new(),
            school: SchoolId::new(),
            authority: AuthorityId::new(),
        };
        self.roster.name(&class, name);
        class
    }

    /// Somebody who teaches a class.
    pub(super) fn teacher(&self, class: &Class) -> Person {
        let teacher = Person::new(&self.pair, class.school, Role::Teacher);
        self.roster.enrol(class, teacher.id, Part::Teacher);
        teacher
    }

    /// Somebody who learns in a class.
    pub(super) fn pupil(&self, class: &Class) -> Person {
        let pupil = Person::new(&self.pair, class.school, Role::Student);
        self.roster.enrol(class, pupil.id, Part::Student);
        pupil
    }

    /// Somebody who teaches a class of each of two schools, the first of which is theirs.
    pub(super) fn teacher_of_two(&self, own: &Class, other: &Class) -> Person {
        let schools = [own.school, other.school];
        let teacher = Person::teacher_at(&self.pair, schools);
        for class in [own, other] {
            self.roster.enrol(class, teacher.id, Part::Teacher);
        }
        teacher
    }

    /// How many objects are stored.
    pub(super) fn objects(&self) -> usize {
        self.memory.len()
    }

    pub(super) async fn sweep(&self) {
        crate::sweep(&self.deps).await.unwrap();
    }

    /// The service as another process has it: the same stores, nothing remembered.
    pub(super) fn files(&self) -> Files {
        let store = Store::new(self.deps.db.clone(), self.deps.vault.clone());
        let roster = self.deps.mesh.client("files", "roster");
        Files::new(store, roster, self.deps.clock.clone())
    }

    pub(super) fn advance(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).unwrap();
        self.now.fetch_add(micros, Ordering::Relaxed);
    }
}

async fn vault(db: &Db, site: &Arc<FaultySite>, clock: &Clock) -> Vault {
    let config = VaultConfig {
        part_size: u32::try_from(PART).unwrap(),
        ..VaultConfig::default()
    };
    let clock = clock.clone();
    let clock = Arc::new(move || clock.now().to_system());
    Vault::open(
        db.clone(),
        vec![Arc::clone(site) as _],
        Kek::generate().unwrap(),
        config,
        clock,
    )
    .await
    .unwrap()
}
