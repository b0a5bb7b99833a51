//! The second wall: row-level security, as the plain role that services run as.

use super::{IDS, INSERT, MIGRATIONS, ids};
use crate::testing::{both, postgres};
use crate::{DbError, Scope, params};

#[tokio::test]
async fn on_postgres_a_tenant_never_sees_the_rows_of_another() {
    let db = postgres(&MIGRATIONS).await;
    for tenant in ["a", "b"] {
        let mut tx = db.begin(Scope::Tenant(tenant)).await.unwrap();
        let given = params![tenant, tenant, 1_i64, None::<i64>];
        tx.execute(INSERT, given).await.unwrap();
        tx.commit().await.unwrap();
    }
    for tenant in ["a", "b", "c"] {
        let rows = db.fetch_all(Scope::Tenant(tenant), IDS, &[]).await.unwrap();
        let seen: Vec<_> = rows.iter().map(|row| row.text(0).unwrap()).collect();
        let own: &[&str] = if tenant == "c" { &[] } else { &[tenant] };
        assert_eq!(seen, own);
    }
    let mut tx = db.begin(Scope::Tenant("b")).await.unwrap();
    let update = "UPDATE note SET number = 2";
    assert_eq!(tx.execute(update, &[]).await.unwrap(), 1, "its own only");
    assert_eq!(
        tx.execute("DELETE FROM note WHERE tenant = 'a'", &[])
            .await
            .unwrap(),
        0
    );
    tx.commit().await.unwrap();
    assert_eq!(ids(&db).await, ["a", "b"], "the platform sees all");
}

#[tokio::test]
async fn on_postgres_a_tenant_cannot_write_rows_of_another() {
    let db = postgres(&MIGRATIONS).await;
    let mut tx = db.begin(Scope::Tenant("b")).await.unwrap();
    let given = params!["a", "foisted", 1_i64, None::<i64>];
    let error = tx.execute(INSERT, given).await.unwrap_err();
    assert!(error.to_string().contains("row-level security"), "{error}");
    drop(tx);
    assert!(ids(&db).await.is_empty());
}

#[tokio::test]
async fn on_postgres_services_cannot_change_definitions() {
    let db = postgres(&MIGRATIONS).await;
    for sql in [
        "ALTER TABLE note DISABLE ROW LEVEL SECURITY",
        "DROP TABLE note",
        "CREATE TABLE mine (id BIGINT)",
        "DELETE FROM schema_migrations",
        "SET ROLE preau_owner",
    ] {
        let mut tx = db.begin(Scope::Platform).await.unwrap();
        let error = tx.execute(sql, &[]).await.unwrap_err();
        assert!(matches!(error, DbError::Other(_)), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_tenant_cannot_be_named_like_the_platform_or_like_sql() {
    both(&MIGRATIONS, async |db| {
        for name in ["", "*", "a', true); DROP TABLE note; --", "a b", "é", "a\0"] {
            let scope = Scope::Tenant(name);
            let read = db.fetch_all(scope, IDS, &[]).await;
            assert!(matches!(read, Err(DbError::Mismatch { .. })), "{name}");
            assert!(
                matches!(db.begin(scope).await, Err(DbError::Mismatch { .. })),
                "{name}"
            );
        }
    })
    .await;
}
