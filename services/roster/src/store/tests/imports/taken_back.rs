//! Decisions that the directory refused.

use preau_kernel::ids::PersonId;
use preau_storage_database::{Db, testing};

use super::super::{MIGRATIONS, NOW, Store, proof, school};
use super::{begun, plan, problem, ready, stored};
use crate::domain::ImportState;

#[tokio::test]
async fn a_decision_is_taken_back_with_its_reason() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let import = begun(&store, school(), 1, NOW).await;
        let plan = plan(&[("c1", "2de A")], 1);
        ready(&store, &import, &plan).await;
        store.decide(&import).await.unwrap();
        // Whom the directory may name.
        for person in &plan.people {
            let found = store.planned_person(import.get(), person.who.person).await;
            assert_eq!(found.unwrap().as_ref(), Some(person));
        }
        let nobody = store.planned_person(import.get(), PersonId::new()).await;
        assert_eq!(nobody.unwrap(), None);
        store
            .take_back(import.get(), &[problem()], 7)
            .await
            .unwrap();
        let refused = stored(&store, &import).await;
        assert_eq!(
            (refused.state, refused.problem_count),
            (ImportState::Invalid, 7)
        );
        assert_eq!(store.problems(&import).await.unwrap(), [problem()]);
        store.finish(import.get(), NOW).await.unwrap();
        let school = import.get().school;
        assert_eq!(
            store.classes_after(&proof(school), "", 10).await.unwrap(),
            []
        );
    })
    .await;
}
