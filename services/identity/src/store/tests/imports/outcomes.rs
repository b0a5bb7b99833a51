//! Grants that follow the file, and a school that is large.

use preau_kernel::access::Role;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ImportId, PersonId};
use preau_storage_database::Scope as Rows;
use preau_storage_database::testing::both;

use super::super::super::MIGRATIONS;
use super::super::{NOW, World};
use super::{LATER, open, refused, told, with};
use crate::domain::import::{ImportedRole, Outcome, Reason};

#[tokio::test]
async fn grants_follow_the_file_and_what_people_granted_stays() {
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let prof = world.insert("Zoé", "Martin", Some("zoe")).await;
        let by = PersonId::new();
        let roles = |roles: &[(Role, Option<i64>, Option<i64>)]| {
            let roles = roles.iter().map(|(role, begins, ends)| ImportedRole {
                role: *role,
                begins: begins.map(Timestamp),
                ends: ends.map(Timestamp),
            });
            let roles: Vec<_> = roles.collect();
            vec![with(told(prof.id, "Zoé", "zoe"), |said| {
                said.roles = roles
            })]
        };
        let (begins, ends) = (LATER.0 + 50, LATER.0 + 90);
        world
            .take(
                roles(&[(Role::Teacher, Some(begins), Some(ends))]),
                vec![],
                by,
            )
            .await;
        let expected = [
            (Role::Student, NOW, None),
            (Role::Teacher, Timestamp(begins), Some(Timestamp(ends))),
        ];
        assert_eq!(open(&world.found(prof.id).await, LATER), expected);
        world
            .take(
                roles(&[(Role::Teacher, Some(begins), Some(ends + 5))]),
                vec![],
                by,
            )
            .await;
        let now = open(&world.found(prof.id).await, LATER);
        assert_eq!(
            now[1].2,
            Some(Timestamp(ends + 5)),
            "another end, not another grant"
        );
        assert_eq!(now.len(), 2);
        assert_eq!(
            world.take(roles(&[]), vec![], by).await,
            [Outcome::Changed(prof.id)]
        );
        assert_eq!(open(&world.found(prof.id).await, LATER), expected[..1]);
        let import = ImportId::new();
        let admin = roles(&[(Role::SchoolAdmin, None, None)]);
        let (outcomes, _) = world.stage(import, 0, admin, vec![], by).await;
        assert_eq!(refused(&outcomes[0]), Some(Reason::GrantOutlasts));
        let admin = roles(&[(Role::SchoolAdmin, None, Some(NOW.0 + 10_000))]);
        let (outcomes, _) = world.stage(import, 0, admin, vec![], by).await;
        assert_eq!(outcomes, [Outcome::Changed(prof.id)]);
    })
    .await;
}

#[tokio::test]
async fn a_large_school_is_staged_and_taken_over_whole() {
    const PEOPLE: usize = 4_000;
    const BATCH: usize = 500;
    both(&MIGRATIONS, async |db| {
        let world = World::new(db).await;
        let by = PersonId::new();
        let ids: Vec<PersonId> = (0..PEOPLE).map(|_| PersonId::new()).collect();
        for expected in ["new", "unchanged"] {
            let import = ImportId::new();
            for (number, ids) in (0..).zip(ids.chunks(BATCH)) {
                let people = ids.iter().map(|id| told(*id, "Zoé", &id.to_string()));
                let (outcomes, _) = world
                    .stage(import, number, people.collect(), vec![], by)
                    .await;
                let as_expected = |outcome: &Outcome| match outcome {
                    Outcome::New(_) => expected == "new",
                    Outcome::Unchanged(_) => expected == "unchanged",
                    _ => false,
                };
                assert_eq!(
                    outcomes.iter().filter(|one| as_expected(one)).count(),
                    BATCH
                );
            }
            assert_eq!(world.commit(import, LATER).await.unwrap() as usize, PEOPLE);
        }
        let sql = "SELECT COUNT(*) FROM grants WHERE source = 'import'";
        let row = world.db.fetch_one(Rows::Platform, sql, &[]).await.unwrap();
        assert_eq!(row.int(0).unwrap() as usize, PEOPLE, "one each, once");
    })
    .await;
}
