use futures::TryStreamExt;
use preau_kernel::ids::PersonId;
use preau_storage_database::{Scope, params};

use super::{both, draft, file, folder, proof, space};
use crate::domain::{Deleter, Folder, MAX_DELETED, Refusal};
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

#[tokio::test]
async fn a_folder_of_more_than_one_deletion_takes_stays_whole() {
    both(async |store, db| {
        let space = space(&store).await;
        let parent = folder(&store, &space, None, "large").await;
        let person = PersonId::new().to_string();
        let mut tx = db.begin(Scope::Platform).await.unwrap();
        // With the folder itself one more than may go.
        tx.execute(
            "WITH RECURSIVE numbers (n) AS (
                 SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < $1
             )
             INSERT INTO nodes
                 (node_id, space_id, school_id, parent_id, depth, name, name_fold, created_by, created_at)
             SELECT 'node ' || n, $2, $3, $4, 2, 'name ' || n, 'name ' || n, $5, 0 FROM numbers",
            params![
                MAX_DELETED,
                space.id.to_string(),
                space.school.to_string(),
                parent.id.to_string(),
                person.as_str(),
            ],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();

        let space = proof(space);
        let refused = store.delete(&space, parent.id, Deleter::Teacher).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::TooMany))), "{refused:?}");
        assert_eq!(store.node(&space, parent.id).await.unwrap(), Some(parent.clone()));

        let mut tx = db.begin(Scope::Platform).await.unwrap();
        let one = "DELETE FROM nodes WHERE node_id = 'node 1'";
        assert_eq!(tx.execute(one, &[]).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let gone = store.delete(&space, parent.id, Deleter::Teacher).await.unwrap();
        assert_eq!(gone, MAX_DELETED as usize);
    })
    .await;
}
