//! Whom a file makes an administrator or keeps from signing in, told before it does.

use preau_kernel::access::Role;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ImportId, PersonId};
use preau_storage_database::testing::both;

use super::super::super::MIGRATIONS;
use super::super::{NOW, World};
use super::{LATER, told, with};
use crate::domain::import::{ImportedRole, Told};

const ENDS: Option<Timestamp> = Some(Timestamp(NOW.0 + 900_000));

fn administrator(person: PersonId, login: &str, begins: Option<Timestamp>) -> Told {
    with(told(person, "Zoé", login), |said| {
        said.roles = vec![ImportedRole {
            role: Role::SchoolAdmin,
            begins,
            ends: ENDS,
        }];
    })
}

impl World {
    /// Who of a batch becomes an administrator; the batch is then committed.
    async fn powers(&self, people: Vec<Told>, absent: Vec<PersonId>) -> Vec<bool> {
        let (import, by) = (ImportId::new(), PersonId::new());
        self.stage(import, 0, people, absent, by).await;
        let kept = self.import(import).await;
        let staged = self.store.staged(&kept, 0, LATER).await.unwrap();
        self.commit(import, LATER).await.unwrap();
        let people = staged.people.into_iter();
        people.map(|one| one.becomes_administrator).collect()
    }
}

#[tokio::test]
async fn whoever_is_new_adopted_or_raised_becomes_an_administrator_once() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let by_hand = world.insert("Ada", "Martin", Some("ada")).await;
        let [new, raised, adopted, colleague] = [(); 4].map(|()| PersonId::new());
        let plain = vec![told(raised, "Max", "max")];
        assert_eq!(world.powers(plain, vec![]).await, [false]);
        let file = |adopted| {
            vec![
                administrator(new, "new", None),
                administrator(raised, "max", None),
                administrator(adopted, "ada", None),
                told(colleague, "Eve", "eve"),
            ]
        };
        let expected = [true, true, true, false];
        assert_eq!(world.powers(file(adopted), vec![]).await, expected);
        let again = world.powers(file(by_hand.id), vec![]).await;
        assert_eq!(again, [false; 4]);
    })
    .await;
}

#[tokio::test]
async fn an_administrator_to_be_counts_when_named_and_when_brought_forward() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let zoe = PersonId::new();
        let begins = |at| vec![administrator(zoe, "zoe", Some(Timestamp(at)))];
        let next_year = LATER.0 + 500;
        assert_eq!(world.powers(begins(next_year), vec![]).await, [true]);
        assert_eq!(world.powers(begins(next_year), vec![]).await, [false]);
        assert_eq!(world.powers(begins(LATER.0 - 1), vec![]).await, [true]);
        assert_eq!(world.powers(begins(LATER.0 - 1), vec![]).await, [false]);
    })
    .await;
}

#[tokio::test]
async fn an_administrator_who_may_not_sign_in_is_none_until_they_may_again() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let zoe = PersonId::new();
        let disabled = || {
            let zoe = administrator(zoe, "zoe", None);
            vec![with(zoe, |said| said.enabled = false)]
        };
        let enabled = || vec![administrator(zoe, "zoe", None)];
        assert_eq!(world.powers(disabled(), vec![]).await, [false]);
        assert_eq!(world.powers(enabled(), vec![]).await, [true]);
        assert_eq!(world.powers(disabled(), vec![]).await, [false]);
        assert_eq!(world.powers(enabled(), vec![]).await, [true]);
        assert!(world.powers(vec![], vec![zoe]).await.is_empty());
        assert_eq!(world.powers(enabled(), vec![]).await, [true]);
    })
    .await;
}

#[tokio::test]
async fn only_who_would_be_disabled_is_said_to_be_and_never_the_stager() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let [zoe, by, off] = [(); 3].map(|()| PersonId::new());
        let file = |enabled| {
            let people = [
                told(zoe, "Zoé", "zoe"),
                told(by, "Béa", "bea"),
                with(told(off, "Max", "max"), |said| said.enabled = false),
                told(PersonId::new(), "Eve", "eve"),
            ];
            let people = people.map(|one| with(one, |said| said.enabled &= enabled));
            people
                .into_iter()
                .take(if enabled { 3 } else { 4 })
                .collect()
        };
        world.take(file(true), vec![], by).await;
        let import = ImportId::new();
        world.stage(import, 0, file(false), vec![], by).await;
        let kept = world.import(import).await;
        let staged = world.store.staged(&kept, 0, LATER).await.unwrap();
        let told: Vec<_> = staged
            .people
            .iter()
            .map(|one| one.becomes_disabled)
            .collect();
        assert_eq!(told, [true, false, false, false]);
        world.commit(import, LATER).await.unwrap();
        assert!(world.is_disabled(zoe).await && !world.is_disabled(by).await);
    })
    .await;
}
