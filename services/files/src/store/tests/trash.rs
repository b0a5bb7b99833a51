use std::time::Duration;

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::PersonId;
use preau_storage_database::{Dialect, Scope, params};

use super::{NOW, both, bytes, deletion, draft, file, folder, names, proof, space, trash};
use crate::domain::{Editor, Folder, MAX_TREE, Refusal};
use crate::error::Error;
use crate::store::{Deletion, KEPT_IN_TRASH};

#[tokio::test]
async fn a_folder_goes_to_the_trash_and_comes_back_with_all_that_is_in_it() {
    both(async |store, _| {
        let space = space(&store).await;
        let outer = folder(&store, &space, None, "outer").await;
        let inner = folder(&store, &space, Some(outer.id), "inner").await;
        folder(&store, &space, None, "kept").await;
        let deep = draft(Some(inner.id), "deep", PersonId::new());
        let node = file(&store, &space, &deep, b"deep").await;

        trash(&store, &space, &outer).await;
        assert_eq!(names(&store, &space, None).await, ["kept"]);
        let proof = proof(space.clone());
        for hidden in [&outer, &inner, &node] {
            assert_eq!(store.node(&proof, hidden.id).await.unwrap(), None);
            let name = &hidden.name;
            let child = store.child(&proof, hidden.parent, name).await.unwrap();
            assert_eq!(child, None);
        }
        assert_eq!(
            names(&store, &space, Some(&inner)).await,
            Vec::<String>::new()
        );
        // Deleting again changes nothing.
        trash(&store, &space, &outer).await;
        trash(&store, &space, &node).await;

        let back = store.restore(&proof, outer.id, Editor::Moderator).await;
        assert_eq!(back.unwrap(), outer);
        for seen in [&outer, &inner, &node] {
            let found = store.node(&proof, seen.id).await.unwrap();
            assert_eq!(found.as_ref(), Some(seen));
        }
        assert_eq!(bytes(&store, &space, &node).await.unwrap(), b"deep");
    })
    .await;
}

#[tokio::test]
async fn a_refused_deletion_restoration_or_purge_changes_nothing() {
    both(async |store, _| {
        let space = space(&store).await;
        let me = PersonId::new();
        let editor = Editor::Maker(me);
        let mine = draft(None, "mine", me);
        let mine = store.create_folder(&proof(space.clone()), &mine, NOW).await;
        let mine = mine.unwrap();
        let other = draft(Some(mine.id), "theirs", PersonId::new());
        let theirs = file(&store, &space, &other, b"theirs").await;

        let proof = proof(space.clone());
        let refused = store.trash(&proof, mine.id, deletion(editor)).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::NotYours))));
        assert_eq!(names(&store, &space, None).await, ["mine"]);
        trash(&store, &space, &mine).await;
        let refused = store.restore(&proof, mine.id, editor).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::NotYours))));
        let refused = store.purge(&proof, mine.id, editor).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::NotYours))));
        store
            .restore(&proof, mine.id, Editor::Moderator)
            .await
            .unwrap();
        assert_eq!(store.node(&proof, theirs.id).await.unwrap(), Some(theirs));
    })
    .await;
}

#[tokio::test]
async fn a_deletion_and_a_newcomer_at_the_same_moment_leave_no_orphan() {
    both(async |store, db| {
        let space = space(&store).await;
        for round in 0..8 {
            let parent = folder(&store, &space, None, &format!("{round}")).await;
            let inside = draft(Some(parent.id), "new", PersonId::new());
            let proof = proof(space.clone());
            let (deleted, _) = futures::join!(
                store.trash(&proof, parent.id, deletion(Editor::Moderator)),
                store.create_folder(&proof, &inside, NOW),
            );
            deleted.unwrap();
        }
        assert_eq!(names(&store, &space, None).await, Vec::<String>::new());
        let live = "SELECT COUNT(*) FROM nodes WHERE trash_id IS NULL AND parent_id IS NOT NULL";
        let live = db.fetch_one(Scope::Platform, live, &[]).await.unwrap();
        assert_eq!(live.int(0).unwrap(), 0);
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
                MAX_TREE,
                space.id.to_string(),
                space.tenant.as_str(),
                parent.id.to_string(),
                person.as_str(),
            ],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();

        let proof = proof(space.clone());
        let all = deletion(Editor::Moderator);
        let refused = store.trash(&proof, parent.id, all).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::TooMany))), "{refused:?}");
        let refused = store
            .move_node(&proof, parent.id, &proof, None, Editor::Moderator)
            .await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::TooMany))), "{refused:?}");
        assert_eq!(store.node(&proof, parent.id).await.unwrap(), Some(parent.clone()));

        let mut tx = db.begin(Scope::Platform).await.unwrap();
        let one = "DELETE FROM nodes WHERE node_id = 'node 1'";
        assert_eq!(tx.execute(one, &[]).await.unwrap(), 1);
        tx.commit().await.unwrap();
        store.trash(&proof, parent.id, all).await.unwrap();
        let gone = store.purge(&proof, parent.id, Editor::Moderator).await;
        assert_eq!(gone.unwrap(), u64::from(MAX_TREE));
    })
    .await;
}

#[tokio::test]
async fn the_trash_lists_the_latest_first_and_to_makers_only_theirs() {
    both(async |store, _| {
        let space = space(&store).await;
        let proof = proof(space.clone());
        let (maker, deleter) = (PersonId::new(), PersonId::new());
        for (seconds, name, maker, person) in [
            (1, "made", maker, PersonId::new()),
            (2, "deleted", PersonId::new(), deleter),
            (2, "neither", PersonId::new(), PersonId::new()),
        ] {
            let draft = draft(None, name, maker);
            let node = store.create_folder(&proof, &draft, NOW).await.unwrap();
            let deletion = Deletion {
                editor: Editor::Moderator,
                person,
                at: NOW.plus(Duration::from_secs(seconds)),
            };
            store.trash(&proof, node.id, deletion).await.unwrap();
        }
        let first = (Timestamp(i64::MAX), String::new());
        let listed = async |only| {
            let nodes = store.trash_after(&proof, only, &first, 10).await.unwrap();
            let names = nodes.iter().map(|node| node.name.as_str().to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(listed(None).await, ["neither", "deleted", "made"]);
        assert_eq!(listed(Some(maker)).await, ["made"]);
        assert_eq!(listed(Some(deleter)).await, ["deleted"]);

        let all = store.trash_after(&proof, None, &first, 10).await.unwrap();
        let after = (all[0].deleted_at.unwrap(), all[0].id.to_string());
        let rest = store.trash_after(&proof, None, &after, 10).await.unwrap();
        assert_eq!(rest, all[1..]);
    })
    .await;
}

#[tokio::test]
async fn the_sweep_takes_what_is_old_and_nothing_else() {
    both(async |store, _| {
        let space = space(&store).await;
        let proof = proof(space.clone());
        let old = folder(&store, &space, None, "old").await;
        let inside = draft(Some(old.id), "a", PersonId::new());
        let inside = file(&store, &space, &inside, b"a").await;
        trash(&store, &space, &old).await;
        let live = file(&store, &space, &draft(None, "b", PersonId::new()), b"b").await;

        let due = NOW.plus(KEPT_IN_TRASH);
        store.sweep(Timestamp(due.0 - 1)).await.unwrap();
        assert_eq!(bytes(&store, &space, &inside).await.unwrap(), b"a");
        store.sweep(due).await.unwrap();
        assert_eq!(bytes(&store, &space, &inside).await, None);
        let gone = store.restore(&proof, old.id, Editor::Moderator).await;
        assert!(matches!(gone, Err(Error::Failed(_))), "{gone:?}");
        assert_eq!(bytes(&store, &space, &live).await.unwrap(), b"b");
    })
    .await;
}

#[tokio::test]
async fn restorations_and_purges_of_a_node_at_once_end_one_way_or_the_other() {
    both(async |store, _| {
        let space = space(&store).await;
        for round in 0..6 {
            let wanted = draft(None, &format!("{round}"), PersonId::new());
            let node = file(&store, &space, &wanted, b"bytes").await;
            trash(&store, &space, &node).await;
            let proof = proof(space.clone());
            let (restored, purged) = futures::join!(
                store.restore(&proof, node.id, Editor::Moderator),
                store.purge(&proof, node.id, Editor::Moderator),
            );
            let found = store.node(&proof, node.id).await.unwrap();
            match restored {
                Ok(_) => {
                    assert!(matches!(purged, Err(Error::Refused(Refusal::NotInTrash))));
                    assert_eq!(found, Some(node.clone()));
                    assert_eq!(bytes(&store, &space, &node).await.unwrap(), b"bytes");
                }
                Err(_) => {
                    assert_eq!((purged.unwrap(), found), (1, None));
                    assert_eq!(bytes(&store, &space, &node).await, None);
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_trash_hides_is_hidden_by_the_rows_themselves() {
    both(async |store, db| {
        let space = space(&store).await;
        let node = folder(&store, &space, None, "a").await;
        trash(&store, &space, &node).await;
        // The name is free, whoever asks the constraint.
        folder(&store, &space, None, "A").await;
        let proof = proof(space.clone());
        let live = store.children_after(&proof, Folder::ROOT, "", 10).await;
        assert_eq!(live.unwrap().len(), 1);
        if db.dialect() == Dialect::Postgres {
            let other = preau_kernel::ids::SchoolId::new().to_string();
            let sql = "SELECT node_id FROM nodes WHERE trashed_at IS NOT NULL";
            let rows = db.fetch_all(Scope::Tenant(&other), sql, &[]).await;
            assert_eq!(rows.unwrap(), []);
        }
    })
    .await;
}
