use futures::TryStreamExt;
use preau_kernel::ids::PersonId;

use super::{both, draft, file, folder, proof, space};
use crate::domain::{Deleter, Folder, Refusal};
use crate::error::Error;
use crate::store::Range;

#[tokio::test]
async fn a_folder_goes_with_all_that_is_in_it_and_its_bytes_are_released() {
    both(async |store, _| {
        let space = space(&store).await;
        let outer = folder(&store, &space, None, "outer").await;
        let inner = folder(&store, &space, Some(outer.id), "inner").await;
        let kept = folder(&store, &space, None, "kept").await;
        let deep = draft(Some(inner.id), "deep", PersonId::new());
        let node = file(&store, &space, &deep, b"deep").await;

        let space = proof(space);
        let range = Range {
            node: node.id,
            file: node.as_file().unwrap(),
            offset: 0,
            length: None,
        };
        let bytes: Vec<_> = store.read(&space, &range).try_collect().await.unwrap();
        assert_eq!(bytes.concat(), b"deep");

        assert_eq!(
            store
                .delete(&space, outer.id, Deleter::Teacher)
                .await
                .unwrap(),
            3
        );
        let left = store
            .children_after(&space, Folder::ROOT, "", 10)
            .await
            .unwrap();
        assert_eq!(left, [kept]);
        assert_eq!(store.node(&space, node.id).await.unwrap(), None);
        let gone = store.read(&space, &range).try_collect::<Vec<_>>().await;
        assert!(matches!(gone, Err(Error::Vault { .. })), "{gone:?}");
        assert_eq!(
            store
                .delete(&space, outer.id, Deleter::Teacher)
                .await
                .unwrap(),
            0
        );
    })
    .await;
}

#[tokio::test]
async fn a_refused_deletion_changes_nothing() {
    both(async |store, _| {
        let space = space(&store).await;
        let me = PersonId::new();
        let mine = draft(None, "mine", me);
        let mine = store
            .create_folder(&proof(space.clone()), &mine, super::NOW)
            .await
            .unwrap();
        let other = draft(Some(mine.id), "theirs", PersonId::new());
        let theirs = file(&store, &space, &other, b"theirs").await;

        let space = proof(space);
        let refused = store.delete(&space, mine.id, Deleter::Member(me)).await;
        assert!(
            matches!(refused, Err(Error::Refused(Refusal::NotYours))),
            "{refused:?}"
        );
        assert_eq!(store.node(&space, mine.id).await.unwrap(), Some(mine));
        assert_eq!(store.node(&space, theirs.id).await.unwrap(), Some(theirs));
    })
    .await;
}

#[tokio::test]
async fn a_deletion_and_a_newcomer_at_the_same_moment_leave_no_orphan() {
    both(async |store, _| {
        let space = space(&store).await;
        for round in 0..8 {
            let parent = folder(&store, &space, None, &format!("{round}")).await;
            let inside = draft(Some(parent.id), "new", PersonId::new());
            let proof = proof(space.clone());
            let (deleted, made) = futures::join!(
                store.delete(&proof, parent.id, Deleter::Teacher),
                store.create_folder(&proof, &inside, super::NOW),
            );
            let deleted = deleted.unwrap();
            assert_eq!(deleted, 1 + usize::from(made.is_ok()), "{made:?}");
            if let Ok(made) = made {
                assert_eq!(store.node(&proof, made.id).await.unwrap(), None);
            }
        }
        let left = store
            .children_after(&proof(space), Folder::ROOT, "", 10)
            .await
            .unwrap();
        assert_eq!(left, []);
    })
    .await;
}
