use preau_kernel::ids::{AuthorityId, ClassId, NodeId, PersonId, SchoolId, SpaceId};
use preau_storage_database::{Migrations, Scope, params, testing};

use super::{names, proof, store, trash};
use crate::domain::{Editor, Holder};
use crate::store::MIGRATIONS;

/// As it was before there were personal spaces and a trash.
fn before() -> Migrations {
    Migrations {
        sqlite: &MIGRATIONS.sqlite[..2],
        postgres: &MIGRATIONS.postgres[..2],
        ..MIGRATIONS
    }
}

#[tokio::test]
async fn spaces_and_files_of_before_the_trash_are_kept() {
    let (db, _folder) = testing::sqlite(&before()).await;
    let (space, node) = (SpaceId::new(), NodeId::new());
    let (class, school, authority) = (ClassId::new(), SchoolId::new(), AuthorityId::new());
    let mut tx = db.begin(Scope::Platform).await.unwrap();
    tx.execute(
        "INSERT INTO spaces (space_id, class_id, school_id, authority_id, name, created_at)
         VALUES ($1, $2, $3, $4, '2nde B', 0)",
        params![
            space.to_string(),
            class.to_string(),
            school.to_string(),
            authority.to_string()
        ],
    )
    .await
    .unwrap();
    let insert = "INSERT INTO nodes
             (node_id, space_id, school_id, parent_id, depth, name, name_fold, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7, 0)";
    let root = params![
        space.to_string(),
        space.to_string(),
        school.to_string(),
        None::<String>,
        0,
        "",
        ""
    ];
    tx.execute(insert, root).await.unwrap();
    let folder = params![
        node.to_string(),
        space.to_string(),
        school.to_string(),
        space.to_string(),
        1,
        "a",
        PersonId::new().to_string()
    ];
    tx.execute(insert, folder).await.unwrap();
    tx.execute(
        "INSERT INTO uploads (upload_id, space_id, class_id, school_id, parent_id, name, person_id, state, expires_at)
         VALUES ('u', $1, $2, $3, $1, 'b', 'p', 0, 0)",
        params![space.to_string(), class.to_string(), school.to_string()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();

    db.migrate(&MIGRATIONS).await.unwrap();
    let store = store(&db).await;
    let space = store.space(space).await.unwrap().unwrap();
    let expected = Holder::Class {
        id: class,
        school,
        authority,
    };
    assert_eq!((space.holder, &space.tenant), (expected, &school.into()));
    assert_eq!(names(&store, &space, None).await, ["a"]);
    let found = store.node(&proof(space.clone()), node).await;
    let found = found.unwrap().unwrap();
    trash(&store, &space, &found).await;
    let space = proof(space);
    let back = store.restore(&space, node, Editor::Moderator).await;
    assert_eq!(back.unwrap(), found);
}
