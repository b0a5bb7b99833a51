//! Imports: what staging says is what committing does, on both databases.

mod outcomes;
mod powers;

use preau_kernel::access::{Role, Scope};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{GrantId, ImportId, PersonId};
use preau_storage_database::testing::both;
use preau_storage_database::{Scope as Rows, params};

use super::super::imports::Staging;
use super::super::{Import, MIGRATIONS, StoreError};
use super::{NOW, World, admin, name, new_person, proof, school};
use crate::domain::directory::{Home, Person};
use crate::domain::grants::{DatedGrant, On, Period};
use crate::domain::import::{Batch, ImportedPerson, ImportedRole, Outcome, Reason, Refusal, Told};
use crate::domain::login::Login;

const LATER: Timestamp = Timestamp(NOW.0 + 1_000);
const LATEST: Timestamp = Timestamp(NOW.0 + 2_000);

fn told(person: PersonId, given: &str, login: &str) -> Told {
    let roles = vec![ImportedRole {
        role: Role::Student,
        begins: None,
        ends: None,
    }];
    let said = ImportedPerson {
        given: name(given),
        family: name("Martin"),
        login: Login::parse(login).unwrap(),
        enabled: true,
        roles,
    };
    Told {
        person,
        said: Ok(said),
    }
}

fn with(mut told: Told, change: impl FnOnce(&mut ImportedPerson)) -> Told {
    if let Ok(said) = &mut told.said {
        change(said);
    }
    told
}

impl World {
    /// What a stager holds: for a second of the clock.
    fn held(&self, by: PersonId) -> DatedGrant {
        let on = On {
            scope: Scope::School(self.school.id),
            authority: Some(self.school.authority),
        };
        DatedGrant {
            id: GrantId::new(),
            person: by,
            role: Role::SchoolAdmin,
            on,
            period: Period {
                begins: NOW,
                ends: Some(Timestamp(NOW.0 + 1_000_000)),
            },
        }
    }

    async fn refusals(&self, import: &Import, now: Timestamp) -> Vec<(PersonId, Refusal)> {
        let held = [self.held(import.staged_by)];
        let staging = Staging {
            by: import.staged_by,
            held: &held,
            on: held[0].on,
            now,
        };
        self.store.refusals(import, &staging).await.unwrap()
    }

    async fn stage(
        &self,
        import: ImportId,
        number: u32,
        people: Vec<Told>,
        absent: Vec<PersonId>,
        by: PersonId,
    ) -> (Vec<Outcome>, u32) {
        let held = [self.held(by)];
        let batch = Batch {
            import,
            school: self.school.id,
            number,
            people,
            absent,
        };
        let staging = Staging {
            by,
            held: &held,
            on: held[0].on,
            now: LATER,
        };
        self.store.stage(&proof(batch), &staging).await.unwrap();
        let kept = self.import(import).await;
        let staged = self.store.staged(&kept, number, LATER).await.unwrap();
        let outcomes = staged.people.into_iter().map(|one| one.outcome);
        (outcomes.collect(), staged.disabled)
    }

    async fn import(&self, import: ImportId) -> Import {
        self.store.find_import(import).await.unwrap().unwrap()
    }

    async fn commit(&self, import: ImportId, now: Timestamp) -> Result<u32, StoreError> {
        let import = self.import(import).await;
        assert_eq!(self.refusals(&import, now).await, []);
        self.store.commit_import(&import, now).await
    }

    /// Stages and commits one batch.
    async fn take(&self, people: Vec<Told>, absent: Vec<PersonId>, by: PersonId) -> Vec<Outcome> {
        let import = ImportId::new();
        let (outcomes, _) = self.stage(import, 0, people, absent, by).await;
        self.commit(import, LATER).await.unwrap();
        outcomes
    }

    async fn found(&self, id: PersonId) -> Person {
        self.store.find_person(id).await.unwrap().unwrap()
    }

    async fn is_disabled(&self, id: PersonId) -> bool {
        let sql = "SELECT disabled_at FROM people WHERE id = $1";
        let values = params![id.to_string()];
        let row = self
            .db
            .fetch_one(Rows::Platform, sql, values)
            .await
            .unwrap();
        row.opt_int(0).unwrap().is_some()
    }
}

fn refused(outcome: &Outcome) -> Option<Reason> {
    match outcome {
        Outcome::Refused(refusal) => Some(refusal.reason),
        _ => None,
    }
}

fn open(person: &Person, now: Timestamp) -> Vec<(Role, Timestamp, Option<Timestamp>)> {
    let open = person
        .grants
        .iter()
        .filter(|grant| !grant.period.is_over(now));
    open.map(|grant| (grant.role, grant.period.begins, grant.period.ends))
        .collect()
}

#[tokio::test]
async fn an_import_makes_people_once_and_finds_them_unchanged_afterwards() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let (by, zoe, max) = (PersonId::new(), PersonId::new(), PersonId::new());
        let file = || {
            vec![
                told(zoe, "Zoé", "zoe"),
                with(told(max, "Max", "max"), |max| max.enabled = false),
            ]
        };
        let import = ImportId::new();
        let (outcomes, _) = world.stage(import, 0, file(), vec![], by).await;
        assert_eq!(outcomes, [Outcome::New(zoe), Outcome::New(max)]);
        assert_eq!(world.store.find_person(zoe).await.unwrap(), None);
        assert_eq!(
            world.commit(import, LATER).await.unwrap(),
            1,
            "max may not sign in"
        );
        assert_eq!(world.import(import).await.committed, Some(1));
        let found = world.found(zoe).await;
        assert_eq!(
            (found.home, found.login.as_deref()),
            (world.home(), Some("zoe"))
        );
        assert_eq!(open(&found, LATER), [(Role::Student, LATER, None)]);
        assert!(world.is_disabled(max).await && !world.is_disabled(zoe).await);
        let outcomes = world.take(file(), vec![], by).await;
        assert_eq!(outcomes, [Outcome::Unchanged(zoe), Outcome::Unchanged(max)]);
        assert_eq!(world.found(zoe).await, found, "nothing was written twice");
    })
    .await;
}

#[tokio::test]
async fn logins_swap_between_two_people_even_in_two_batches() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let (by, zoe, max) = (PersonId::new(), PersonId::new(), PersonId::new());
        let first = vec![told(zoe, "Zoé", "one"), told(max, "Max", "two")];
        world.take(first, vec![], by).await;
        let import = ImportId::new();
        let (outcomes, _) = world
            .stage(import, 0, vec![told(zoe, "Zoé", "two")], vec![], by)
            .await;
        assert_eq!(outcomes, [Outcome::Changed(zoe)]);
        let (outcomes, _) = world
            .stage(import, 1, vec![told(max, "Max", "one")], vec![], by)
            .await;
        assert_eq!(outcomes, [Outcome::Changed(max)]);
        world.commit(import, LATEST).await.unwrap();
        assert_eq!(world.found(zoe).await.login.as_deref(), Some("two"));
        assert_eq!(world.found(max).await.login.as_deref(), Some("one"));
    })
    .await;
}

#[tokio::test]
async fn whoever_has_the_login_here_is_adopted_and_whoever_has_it_elsewhere_is_not() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let here = world.insert("Zoe", "Martine", Some("ZOE")).await;
        world
            .store
            .insert_first_admin(&admin("root"), NOW)
            .await
            .unwrap();
        let abroad = school(world.school.authority, "0870003F");
        world
            .store
            .insert_school(&proof(abroad.clone()), NOW)
            .await
            .unwrap();
        let home = Home::School {
            id: abroad.id,
            authority: abroad.authority,
        };
        let on = On {
            scope: Scope::School(abroad.id),
            authority: Some(abroad.authority),
        };
        let foreign = new_person(home, "A", "B", Some("abroad"), Role::Student, on);
        let foreign_id = foreign.id;
        world
            .store
            .insert_person(&proof(foreign), PersonId::new())
            .await
            .unwrap();
        let (import, by) = (ImportId::new(), PersonId::new());
        let people = vec![
            told(PersonId::new(), "Zoé", "zoe"),
            told(PersonId::new(), "Ada", "Root"),
            told(PersonId::new(), "Abe", "abroad"),
            told(foreign_id, "Abe", "abe"),
            told(PersonId::new(), "Zac", "zoé"),
            told(PersonId::new(), "Zac", "ZOÉ"),
        ];
        let (outcomes, _) = world.stage(import, 0, people, vec![], by).await;
        assert_eq!(outcomes[0], Outcome::Adopted(here.id));
        let reasons: Vec<_> = outcomes[1..].iter().map(refused).collect();
        let taken = Some(Reason::LoginTaken);
        assert_eq!(
            reasons,
            [taken, taken, Some(Reason::PersonElsewhere), None, taken]
        );
        let kept = world.import(import).await;
        assert_eq!(world.refusals(&kept, LATER).await.len(), 4);
        // Alone it goes through, and keeps the password and the grant that people gave.
        let outcomes = world
            .take(vec![told(PersonId::new(), "Zoé", "zoe")], vec![], by)
            .await;
        assert_eq!(outcomes, [Outcome::Adopted(here.id)]);
        let adopted = world.found(here.id).await;
        assert_eq!(
            (adopted.given.as_str(), adopted.login.as_deref()),
            ("Zoé", Some("zoe"))
        );
        assert_eq!(open(&adopted, LATER).len(), 1, "people had granted as much");
    })
    .await;
}

#[tokio::test]
async fn the_absent_are_disabled_signed_out_and_come_back_but_never_the_stager() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let (zoe, by) = (PersonId::new(), PersonId::new());
        let both = || vec![told(zoe, "Zoé", "zoe"), told(by, "Béa", "bea")];
        world.take(both(), vec![], by).await;
        let person = world.found(zoe).await;
        world.store.set_hash_for_test(zoe, "hers").await.unwrap();
        let session = world.session(&person, NOW.0 + 1_000_000).await;
        let import = ImportId::new();
        let (_, disabled) = world
            .stage(import, 0, vec![], vec![zoe, by, PersonId::new()], by)
            .await;
        assert_eq!(disabled, 1, "the stager stays, and nobody else is known");
        world.commit(import, LATEST).await.unwrap();
        assert!(world.is_disabled(zoe).await && !world.is_disabled(by).await);
        let ended = world
            .store
            .find_session(session.token_sha256)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(ended.ended, Some(LATEST));
        assert_eq!(open(&world.found(zoe).await, LATEST), []);
        assert_eq!(open(&world.found(by).await, LATEST).len(), 1);
        let outcomes = world.take(both(), vec![], by).await;
        assert_eq!(outcomes, [Outcome::Changed(zoe), Outcome::Unchanged(by)]);
        assert!(!world.is_disabled(zoe).await);
    })
    .await;
}

#[tokio::test]
async fn a_refused_row_or_a_faster_neighbour_leaves_everything_as_it_was() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let (import, by) = (ImportId::new(), PersonId::new());
        let bad = Told {
            person: PersonId::new(),
            said: Err(Refusal::new(Reason::InvalidName, "given_name", "no name")),
        };
        let (outcomes, _) = world.stage(import, 0, vec![bad], vec![], by).await;
        assert_eq!(refused(&outcomes[0]), Some(Reason::InvalidName));
        let kept = world.import(import).await;
        assert_eq!(world.refusals(&kept, LATER).await.len(), 1);
        // Batch 0 forgets it.
        let zoe = PersonId::new();
        world
            .stage(import, 0, vec![told(zoe, "Zoé", "zoe")], vec![], by)
            .await;
        let checked = world.import(import).await;
        world.insert("Another", "One", Some("ZOE")).await;
        let failed = world.store.commit_import(&checked, LATER).await;
        assert!(
            matches!(failed, Err(StoreError::ImportChanged)),
            "{failed:?}"
        );
        assert_eq!(world.store.find_person(zoe).await.unwrap(), None);
        let stale = world.import(import).await;
        world
            .stage(
                import,
                1,
                vec![told(PersonId::new(), "Max", "max")],
                vec![],
                by,
            )
            .await;
        let failed = world.store.commit_import(&stale, LATER).await;
        assert!(
            matches!(failed, Err(StoreError::ImportChanged)),
            "{failed:?}"
        );
        world.store.drop_stale_imports(LATER).await.unwrap();
        assert!(world.store.find_import(import).await.unwrap().is_some());
        world.store.drop_stale_imports(LATEST).await.unwrap();
        assert_eq!(world.store.find_import(import).await.unwrap(), None);
        let left = "SELECT COUNT(*) FROM import_people";
        let row = world.db.fetch_one(Rows::Platform, left, &[]).await.unwrap();
        assert_eq!(row.int(0).unwrap(), 0);
    })
    .await;
}
