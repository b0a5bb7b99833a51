use preau_kernel::ids::PersonId;
use preau_kernel::names::Name;

use super::{NOW, both, bytes, draft, file, folder, names, proof, sibling, space, trash};
use crate::domain::{Editor, Node, Refusal, Space};
use crate::error::Error;
use crate::store::{Copy, Store};

fn copy(name: Option<&str>) -> Copy {
    Copy {
        parent: None,
        name: name.map(|name| Name::parse(name).unwrap()),
        person: PersonId::new(),
    }
}

async fn copied(store: &Store, from: &Space, node: &Node, to: &Space, wanted: &Copy) -> Node {
    let (from, to) = (proof(from.clone()), proof(to.clone()));
    store.copy(&from, node.id, &to, wanted, NOW).await.unwrap()
}

async fn purge(store: &Store, space: &Space, node: &Node) {
    trash(store, space, node).await;
    let space = proof(space.clone());
    let purged = store.purge(&space, node.id, Editor::Moderator);
    purged.await.unwrap();
}

#[tokio::test]
async fn a_tree_is_copied_with_its_contents_and_leaves_the_trash_behind() {
    both(async |store, _| {
        let here = space(&store).await;
        let there = sibling(&store, &here).await;
        let outer = folder(&store, &here, None, "outer").await;
        let inner = folder(&store, &here, Some(outer.id), "inner").await;
        let deep = draft(Some(inner.id), "deep", PersonId::new());
        file(&store, &here, &deep, b"deep").await;
        let deleted = folder(&store, &here, Some(inner.id), "deleted").await;
        trash(&store, &here, &deleted).await;

        let wanted = copy(Some("copy"));
        let top = copied(&store, &here, &outer, &there, &wanted).await;
        assert_eq!(
            (top.space, top.depth, top.created_by),
            (there.id, 1, wanted.person)
        );
        assert_eq!(names(&store, &there, None).await, ["copy"]);
        assert_eq!(names(&store, &there, Some(&top)).await, ["inner"]);
        let to = proof(there.clone());
        let inner = store
            .child(&to, Some(top.id), &inner.name)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(names(&store, &there, Some(&inner)).await, ["deep"]);
        let name = Name::parse("deep").unwrap();
        let deep = store
            .child(&to, Some(inner.id), &name)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((deep.depth, deep.created_by), (3, wanted.person));
        assert_eq!(bytes(&store, &there, &deep).await.unwrap(), b"deep");

        // Below itself: as it was before the copy.
        let wanted = Copy {
            parent: Some(top.id),
            ..copy(None)
        };
        copied(&store, &there, &top, &there, &wanted).await;
        assert_eq!(names(&store, &there, Some(&top)).await, ["copy", "inner"]);
    })
    .await;
}

#[tokio::test]
async fn bytes_go_with_the_last_that_refers_to_them() {
    both(async |store, _| {
        let here = space(&store).await;
        let there = sibling(&store, &here).await;
        let first = file(&store, &here, &draft(None, "a", PersonId::new()), b"a").await;
        let second = copied(&store, &here, &first, &there, &copy(None)).await;
        let third = copied(&store, &there, &second, &there, &copy(Some("b"))).await;

        purge(&store, &here, &first).await;
        assert_eq!(bytes(&store, &there, &second).await.unwrap(), b"a");
        // One in the trash is a reference too.
        trash(&store, &there, &third).await;
        purge(&store, &there, &second).await;
        let to = proof(there.clone());
        let back = store.restore(&to, third.id, Editor::Moderator);
        let third = back.await.unwrap();
        assert_eq!(bytes(&store, &there, &third).await.unwrap(), b"a");
        purge(&store, &there, &third).await;
        assert_eq!(bytes(&store, &there, &third).await, None);
    })
    .await;
}

#[tokio::test]
async fn two_references_in_one_tree_go_together() {
    both(async |store, _| {
        let space = space(&store).await;
        let tree = folder(&store, &space, None, "tree").await;
        let wanted = draft(Some(tree.id), "a", PersonId::new());
        let first = file(&store, &space, &wanted, b"a").await;
        let inside = Copy {
            parent: Some(tree.id),
            ..copy(Some("b"))
        };
        copied(&store, &space, &first, &space, &inside).await;
        purge(&store, &space, &tree).await;
        assert_eq!(bytes(&store, &space, &first).await, None);
    })
    .await;
}

#[tokio::test]
async fn the_last_two_references_purged_at_once_let_the_bytes_go() {
    both(async |store, _| {
        let here = space(&store).await;
        let there = sibling(&store, &here).await;
        for round in 0..6 {
            let wanted = draft(None, &format!("{round}"), PersonId::new());
            let first = file(&store, &here, &wanted, b"bytes").await;
            let second = copied(&store, &here, &first, &there, &copy(None)).await;
            trash(&store, &here, &first).await;
            trash(&store, &there, &second).await;
            let (from, to) = (proof(here.clone()), proof(there.clone()));
            let (one, other) = futures::join!(
                store.purge(&from, first.id, Editor::Moderator),
                store.purge(&to, second.id, Editor::Moderator),
            );
            assert_eq!((one.unwrap(), other.unwrap()), (1, 1));
            assert_eq!(bytes(&store, &here, &first).await, None);
        }
    })
    .await;
}

#[tokio::test]
async fn a_copy_and_a_purge_of_its_original_at_once_leave_no_copy_without_bytes() {
    both(async |store, _| {
        let here = space(&store).await;
        let there = sibling(&store, &here).await;
        for round in 0..6 {
            let wanted = draft(None, &format!("{round}"), PersonId::new());
            let original = file(&store, &here, &wanted, b"bytes").await;
            let (from, to) = (proof(here.clone()), proof(there.clone()));
            let wanted = copy(None);
            let (made, ()) = futures::join!(
                store.copy(&from, original.id, &to, &wanted, NOW),
                purge(&store, &here, &original),
            );
            if let Ok(made) = made {
                assert_eq!(bytes(&store, &there, &made).await.unwrap(), b"bytes");
            } else {
                assert_eq!(bytes(&store, &here, &original).await, None);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_tree_is_not_copied_to_another_tenant() {
    both(async |store, _| {
        let (here, there) = (space(&store).await, space(&store).await);
        let node = folder(&store, &here, None, "a").await;
        let (from, to) = (proof(here), proof(there.clone()));
        let refused = store.copy(&from, node.id, &to, &copy(None), NOW).await;
        assert!(matches!(
            refused,
            Err(Error::Refused(Refusal::AcrossSchools))
        ));
        assert_eq!(names(&store, &there, None).await, Vec::<String>::new());
    })
    .await;
}
