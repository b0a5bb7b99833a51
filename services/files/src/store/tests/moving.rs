use preau_kernel::ids::PersonId;
use preau_kernel::names::Name;

use super::{NOW, both, draft, folder, names, proof, sibling, space, trash};
use crate::domain::{Editor, Refusal};
use crate::error::Error;

#[tokio::test]
async fn a_tree_moves_to_another_space_and_what_was_deleted_out_of_it_stays() {
    both(async |store, _| {
        let here = space(&store).await;
        let there = sibling(&store, &here).await;
        let outer = folder(&store, &here, None, "outer").await;
        let inner = folder(&store, &here, Some(outer.id), "inner").await;
        let deleted = folder(&store, &here, Some(inner.id), "deleted").await;
        trash(&store, &here, &deleted).await;
        let target = folder(&store, &there, None, "target").await;

        let (from, to) = (proof(here.clone()), proof(there.clone()));
        let moved = store
            .move_node(&from, outer.id, &to, Some(target.id), Editor::Moderator)
            .await
            .unwrap();
        assert_eq!(
            (moved.space, moved.parent, moved.depth),
            (there.id, Some(target.id), 2)
        );
        let found = store.node(&to, inner.id).await.unwrap().unwrap();
        assert_eq!(
            (found.space, found.parent, found.depth),
            (there.id, Some(outer.id), 3)
        );
        assert_eq!(store.node(&from, inner.id).await.unwrap(), None);
        assert_eq!(names(&store, &here, None).await, Vec::<String>::new());

        // Its folder is no longer of its space: it comes back into the root.
        let back = store.restore(&from, deleted.id, Editor::Moderator).await;
        let back = back.unwrap();
        assert_eq!((back.parent, back.depth), (None, 1));
        assert_eq!(names(&store, &here, None).await, ["deleted"]);
    })
    .await;
}

#[tokio::test]
async fn two_folders_that_move_into_each_other_at_once_make_no_circle() {
    both(async |store, _| {
        let space = space(&store).await;
        for round in 0..8 {
            let one = folder(&store, &space, None, &format!("{round} one")).await;
            let other = folder(&store, &space, None, &format!("{round} other")).await;
            let proof = proof(space.clone());
            let (first, second) = futures::join!(
                store.move_node(&proof, one.id, &proof, Some(other.id), Editor::Moderator),
                store.move_node(&proof, other.id, &proof, Some(one.id), Editor::Moderator),
            );
            assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
            let refused = first.and(second);
            assert!(
                matches!(refused, Err(Error::Refused(Refusal::IntoItself))),
                "{refused:?}"
            );
        }
        assert_eq!(names(&store, &space, None).await.len(), 8);
    })
    .await;
}

#[tokio::test]
async fn moves_between_two_spaces_in_both_directions_at_once_all_arrive() {
    both(async |store, _| {
        let here = space(&store).await;
        let there = sibling(&store, &here).await;
        for round in 0..4 {
            let one = folder(&store, &here, None, &format!("{round} one")).await;
            let other = folder(&store, &there, None, &format!("{round} other")).await;
            let (from, to) = (proof(here.clone()), proof(there.clone()));
            let (first, second) = futures::join!(
                store.move_node(&from, one.id, &to, None, Editor::Moderator),
                store.move_node(&to, other.id, &from, None, Editor::Moderator),
            );
            first.unwrap();
            second.unwrap();
        }
        assert_eq!(names(&store, &here, None).await.len(), 4);
        assert_eq!(names(&store, &there, None).await.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn of_two_renamed_to_one_name_at_once_one_gets_it() {
    both(async |store, _| {
        let space = space(&store).await;
        let proof = proof(space.clone());
        let one = folder(&store, &space, None, "one").await;
        let other = folder(&store, &space, None, "other").await;
        let (small, capital) = (Name::parse("x").unwrap(), Name::parse("X").unwrap());
        let (first, second) = futures::join!(
            store.rename(&proof, one.id, &small, Editor::Moderator),
            store.rename(&proof, other.id, &capital, Editor::Moderator),
        );
        assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
        let refused = first.and(second);
        assert!(
            matches!(refused, Err(Error::NameTaken { by: Some(_) })),
            "{refused:?}"
        );
        assert_eq!(names(&store, &space, None).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_rename_and_a_newcomer_of_that_name_at_once_leave_one_of_it() {
    both(async |store, _| {
        let space = space(&store).await;
        let proof = proof(space.clone());
        let old = folder(&store, &space, None, "old").await;
        let name = Name::parse("new").unwrap();
        let newcomer = draft(None, "NEW", PersonId::new());
        let (renamed, made) = futures::join!(
            store.rename(&proof, old.id, &name, Editor::Moderator),
            store.create_folder(&proof, &newcomer, NOW),
        );
        assert_eq!(usize::from(renamed.is_ok()) + usize::from(made.is_ok()), 1);
        let refused = renamed.and(made);
        assert!(
            matches!(refused, Err(Error::NameTaken { .. })),
            "{refused:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_tree_does_not_move_to_another_tenant() {
    both(async |store, _| {
        let (here, there) = (space(&store).await, space(&store).await);
        let node = folder(&store, &here, None, "a").await;
        let (from, to) = (proof(here.clone()), proof(there.clone()));
        let refused = store
            .move_node(&from, node.id, &to, None, Editor::Moderator)
            .await;
        assert!(matches!(
            refused,
            Err(Error::Refused(Refusal::AcrossSchools))
        ));
        assert_eq!(names(&store, &here, None).await, ["a"]);
    })
    .await;
}
