use preau_kernel::ids::{NodeId, PersonId, SchoolId};
use preau_kernel::names::Name;
use preau_storage_database::{Dialect, Scope};

use super::{NOW, both, class, draft, folder, proof, space};
use crate::domain::{Folder, Holder, Refusal, Tenant};
use crate::error::Error;

#[tokio::test]
async fn a_class_has_one_space_however_often_and_by_whomever_it_is_asked_for() {
    both(async |store, _| {
        let mut classes: Vec<_> = (0..45).map(|number| class(&format!("{number}"))).collect();
        let person = proof(PersonId::new());
        let first = store.spaces_of(&person, &classes[..30], NOW).await.unwrap();
        let again = store
            .spaces_of(&proof(PersonId::new()), &classes, NOW)
            .await
            .unwrap();
        assert_eq!(again[..30], first);
        for (space, class) in again.iter().zip(&classes) {
            let holder = Holder::Class {
                id: class.id,
                school: class.school,
                authority: class.authority,
            };
            assert_eq!(space.holder, holder);
            assert_eq!(space.tenant, class.school.into());
            assert_eq!(store.space(space.id).await.unwrap().as_ref(), Some(space));
        }

        classes[7].name = "renamed".into();
        let renamed = store.spaces_of(&person, &classes, NOW).await.unwrap();
        assert_eq!((renamed[7].id, &*renamed[7].name), (first[7].id, "renamed"));
        assert_eq!(renamed[8..], again[8..]);
    })
    .await;
}

#[tokio::test]
async fn two_who_ask_for_a_new_space_at_once_get_the_same() {
    both(async |store, _| {
        let classes = [class("2nde B")];
        let (one, other) = (proof(PersonId::new()), proof(PersonId::new()));
        let (one, other) = futures::join!(
            store.spaces_of(&one, &classes, NOW),
            store.spaces_of(&other, &classes, NOW),
        );
        assert_eq!(one.unwrap(), other.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_person_has_one_space_which_stays_with_its_first_tenant() {
    both(async |store, _| {
        let (one, other) = (proof(PersonId::new()), proof(PersonId::new()));
        let here = Tenant::from(SchoolId::new());
        let (first, second) = futures::join!(
            store.personal_space(&one, &here, NOW),
            store.personal_space(&one, &here, NOW),
        );
        let first = first.unwrap();
        assert_eq!(second.unwrap(), first);
        assert_eq!(first.holder, Holder::Person(*one.get()));
        assert_eq!(first.tenant, here);
        let elsewhere = Tenant::from(SchoolId::new());
        let later = store.personal_space(&one, &elsewhere, NOW).await.unwrap();
        assert_eq!(later, first);
        let theirs = store.personal_space(&other, &here, NOW).await.unwrap();
        assert_ne!(theirs.id, first.id);
        assert_eq!(store.space(first.id).await.unwrap(), Some(first));
    })
    .await;
}

#[tokio::test]
async fn a_name_is_unique_in_its_folder_under_folding_the_root_included() {
    both(async |store, _| {
        let space = space(&store).await;
        let taken = folder(&store, &space, None, "Été").await;
        let inside = folder(&store, &space, Some(taken.id), "Été").await;
        for (parent, holder) in [(None, taken.id), (Some(taken.id), inside.id)] {
            let draft = draft(parent, "E\u{301}TE\u{301}", PersonId::new());
            let refused = store
                .create_folder(&proof(space.clone()), &draft, NOW)
                .await;
            assert!(
                matches!(refused, Err(Error::NameTaken { by: Some(by) }) if by == holder),
                "{refused:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn of_two_who_want_a_name_at_once_one_gets_it() {
    both(async |store, _| {
        let space = proof(space(&store).await);
        let (one, other) = (
            draft(None, "a", PersonId::new()),
            draft(None, "A", PersonId::new()),
        );
        let (one, other) = futures::join!(
            store.create_folder(&space, &one, NOW),
            store.create_folder(&space, &other, NOW),
        );
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
        let refused = one.and(other);
        assert!(
            matches!(refused, Err(Error::NameTaken { .. })),
            "{refused:?}"
        );
        let all = store
            .children_after(&space, Folder::ROOT, "", 10)
            .await
            .unwrap();
        assert_eq!(all.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn children_page_in_the_order_of_their_folded_names_on_both_databases() {
    both(async |store, _| {
        let space = space(&store).await;
        let parent = folder(&store, &space, None, "parent").await;
        for name in ["Zoo", "alpha", "éclair", "_x", "Beta", "a-b", "日本", "a b"] {
            folder(&store, &space, Some(parent.id), name).await;
        }
        let space = proof(space);
        let mut names = Vec::new();
        let mut after = String::new();
        loop {
            let parent = parent.as_folder().unwrap();
            let page = store
                .children_after(&space, parent, &after, 3)
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            after = last.name.folded();
            names.extend(page.iter().map(|node| node.name.as_str().to_owned()));
        }
        let expected = ["_x", "a b", "a-b", "alpha", "Beta", "Zoo", "éclair", "日本"];
        assert_eq!(names, expected);
    })
    .await;
}

#[tokio::test]
async fn a_node_reads_back_and_is_found_by_its_name() {
    both(async |store, _| {
        let space = space(&store).await;
        let outer = folder(&store, &space, None, "outer").await;
        let inner = folder(&store, &space, Some(outer.id), "Inner").await;
        assert_eq!((outer.depth, outer.parent), (1, None));
        assert_eq!((inner.depth, inner.parent), (2, Some(outer.id)));

        let proof = proof(space);
        assert_eq!(
            store.node(&proof, inner.id).await.unwrap(),
            Some(inner.clone())
        );
        let name = Name::parse("INNER").unwrap();
        assert_eq!(
            store.child(&proof, Some(outer.id), &name).await.unwrap(),
            Some(inner)
        );
        assert_eq!(store.child(&proof, None, &name).await.unwrap(), None);
        assert_eq!(store.node(&proof, NodeId::new()).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn another_space_holds_none_of_it() {
    both(async |store, _| {
        let (here, elsewhere) = (space(&store).await, space(&store).await);
        let node = folder(&store, &here, None, "a").await;
        let elsewhere = proof(elsewhere);
        assert_eq!(store.node(&elsewhere, node.id).await.unwrap(), None);
        let inside = draft(Some(node.id), "b", PersonId::new());
        assert!(store.create_folder(&elsewhere, &inside, NOW).await.is_err());
        let listed = node.as_folder().unwrap();
        assert_eq!(
            store
                .children_after(&elsewhere, listed, "", 10)
                .await
                .unwrap(),
            []
        );
    })
    .await;
}

#[tokio::test]
async fn folders_end_at_the_greatest_depth() {
    both(async |store, _| {
        let space = space(&store).await;
        let mut parent = None;
        for _ in 0..crate::domain::MAX_DEPTH {
            parent = Some(folder(&store, &space, parent, "a").await.id);
        }
        let deeper = draft(parent, "a", PersonId::new());
        let refused = store.create_folder(&proof(space), &deeper, NOW).await;
        assert!(
            matches!(refused, Err(Error::Refused(Refusal::TooDeep))),
            "{refused:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_statement_scoped_to_another_school_sees_no_rows_on_postgresql() {
    both(async |store, db| {
        if db.dialect() == Dialect::Sqlite {
            // Knows no row-level security: the statements' own conditions are tested above.
            return;
        }
        let space = space(&store).await;
        folder(&store, &space, None, "a").await;
        let own = space.tenant.to_string();
        let other = preau_kernel::ids::SchoolId::new().to_string();
        for sql in ["SELECT space_id FROM spaces", "SELECT node_id FROM nodes"] {
            assert!(
                !db.fetch_all(Scope::Tenant(&own), sql, &[])
                    .await
                    .unwrap()
                    .is_empty()
            );
            assert_eq!(
                db.fetch_all(Scope::Tenant(&other), sql, &[]).await.unwrap(),
                []
            );
        }
    })
    .await;
}
