//! What both databases answer alike.

use super::{IDS, INSERT, MIGRATIONS, add, ids};
use crate::testing::both;
use crate::{Db, DbError, Dialect, Scope, Tx, Value, params};

const NOTE: &str = "SELECT id, number, data FROM note WHERE tenant = $1 AND id = $2";

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    both(&MIGRATIONS, async |db| {
        let every_byte: Vec<u8> = (0..=255).collect();
        let rows = [
            ("plain", Value::Int(1), Value::Bytes(every_byte)),
            ("least", Value::Int(i64::MIN), Value::Bytes(Vec::new())),
            ("most", Value::Int(i64::MAX), Value::Null),
            ("", Value::Null, Value::Bytes(vec![0; 100_000])),
            ("d'Été 學校 👩‍🏫 \u{1}\u{7f}", Value::Int(-1), Value::Null),
        ];
        for (id, number, data) in rows {
            let mut tx = db.begin(Scope::Tenant("a")).await.unwrap();
            let written = params!["a", id, &number, &data];
            assert_eq!(tx.execute(INSERT, written).await.unwrap(), 1);
            tx.commit().await.unwrap();
            let key = params!["a", id];
            let row = db.fetch_one(Scope::Tenant("a"), NOTE, key).await.unwrap();
            assert_eq!(row.values(), [Value::from(id), number, data]);
        }
    })
    .await;
}

#[tokio::test]
async fn booleans_and_counts_are_numbers() {
    both(&MIGRATIONS, async |db| {
        add(&db, "one").await.unwrap();
        let sql = "SELECT COUNT(*), EXISTS (SELECT 1 FROM note), 1, CAST(SUM(number + $1) AS BIGINT), \
                   CAST($2 AS TEXT), CAST($3 AS TEXT) IS NULL FROM note";
        let given = params![41_i64, None::<String>, "there"];
        let row = db.fetch_one(Scope::Platform, sql, given).await.unwrap();
        let expected = [1_i64.into(), true.into(), 1.into(), 41.into(), Value::Null, 0.into()];
        assert_eq!(row.values(), expected);
        assert!(row.bool(1).unwrap());
        assert_eq!(row.opt_text(4).unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_parameter_may_be_null_in_one_call_and_not_in_the_next() {
    both(&MIGRATIONS, async |db| {
        let mut tx = db.begin(Scope::Platform).await.unwrap();
        for (id, number) in [("1", None), ("2", Some(5_i64)), ("3", None)] {
            let data = number.map(|_| vec![1_u8]);
            tx.execute(INSERT, params!["a", id, number, data])
                .await
                .unwrap();
        }
        let sql = "SELECT id FROM note WHERE number IS NULL \
                   AND (CAST($1 AS TEXT) IS NULL OR id > $1) ORDER BY id";
        assert_eq!(
            tx.fetch_all(sql, params![None::<&str>])
                .await
                .unwrap()
                .len(),
            2
        );
        assert_eq!(tx.fetch_all(sql, params!["1"]).await.unwrap().len(), 1);
        let sum = "SELECT CAST($1 + 1 AS BIGINT)";
        let row = tx.fetch_one(sum, params![Value::Null]).await.unwrap();
        assert_eq!(row.opt_int(0).unwrap(), None);
        let row = tx.fetch_one(sum, params![i64::MAX - 1]).await.unwrap();
        assert_eq!(row.int(0).unwrap(), i64::MAX);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn keys_are_paged_in_the_same_order_everywhere() {
    both(&MIGRATIONS, async |db| {
        let mut keys = [
            "Z", "a", "é", "e", "zz", "_", "10", "9", "A b", "ab", "aB", "ÿ", "Ω", "-",
        ];
        for key in keys {
            add(&db, key).await.unwrap();
        }
        keys.sort_unstable();
        assert_eq!(ids(&db).await, keys);
        let page = "SELECT id FROM note WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
        let mut last = String::new();
        let mut seen = Vec::new();
        loop {
            let given = params!["a", &last, 3_i64];
            let rows = db.fetch_all(Scope::Tenant("a"), page, given).await.unwrap();
            seen.extend(rows.iter().map(|row| row.text(0).unwrap()));
            match rows.last() {
                Some(row) => last = row.text(0).unwrap(),
                None => break,
            }
        }
        assert_eq!(seen, keys);
    })
    .await;
}

#[tokio::test]
async fn broken_rules_are_told_apart() {
    both(&MIGRATIONS, async |db| {
        add(&db, "here").await.unwrap();
        let error = add(&db, "here").await.unwrap_err();
        assert!(
            error.is_unique() && error.to_string().contains("note"),
            "{error}"
        );
        assert!(!error.is_retryable());

        let checked = params!["a", "x", 13_i64, None::<i64>];
        let error = refused(&db, INSERT, checked).await;
        assert!(matches!(error, DbError::Check { .. }), "{error}");

        let empty = params![Value::Null, "x", 1_i64, None::<i64>];
        let error = refused(&db, INSERT, empty).await;
        assert!(
            matches!(&error, DbError::Check { constraint } if constraint == "note.tenant"),
            "{error}"
        );

        let comment = "INSERT INTO comment (id, tenant, note) VALUES ($1, $2, $3)";
        let error = refused(&db, comment, params!["c", "a", "nowhere"]).await;
        assert!(matches!(error, DbError::ForeignKey { .. }), "{error}");
        assert_eq!(ids(&db).await, ["here"]);
    })
    .await;
}

#[tokio::test]
async fn a_failed_statement_spoils_its_transaction() {
    both(&MIGRATIONS, async |db| {
        add(&db, "taken").await.unwrap();
        let mut tx = db.begin(Scope::Platform).await.unwrap();
        let first = params!["a", "first", 1_i64, None::<i64>];
        tx.execute(INSERT, first).await.unwrap();
        let taken = params!["a", "taken", 1_i64, None::<i64>];
        assert!(tx.execute(INSERT, taken).await.unwrap_err().is_unique());
        let after = tx.fetch_all(IDS, &[]).await;
        assert!(matches!(after, Err(DbError::Spoiled)));
        assert!(matches!(tx.commit().await, Err(DbError::Spoiled)));
        assert_eq!(ids(&db).await, ["taken"]);
    })
    .await;
}

#[tokio::test]
async fn the_number_of_rows_tells_whether_a_key_was_free() {
    both(&MIGRATIONS, async |db| {
        let sql = "INSERT INTO note (tenant, id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let mut tx = db.begin(Scope::Platform).await.unwrap();
        assert_eq!(tx.execute(sql, params!["a", "key"]).await.unwrap(), 1);
        assert_eq!(tx.execute(sql, params!["a", "key"]).await.unwrap(), 0);
        let returning = "UPDATE note SET number = $1 WHERE id = $2 RETURNING number";
        let row = tx
            .fetch_one(returning, params![7_i64, "key"])
            .await
            .unwrap();
        assert_eq!(row.int(0).unwrap(), 7);
        let none = tx.fetch_one(returning, params![7_i64, "no such key"]).await;
        assert!(matches!(none, Err(DbError::NotFound)));
        tx.commit().await.unwrap();
        assert_eq!(ids(&db).await, ["key"]);
    })
    .await;
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    both(&MIGRATIONS, async |db| {
        add(&db, "before").await.unwrap();
        let mut tx = db.begin(Scope::Platform).await.unwrap();
        let given = params!["a", "dropped", 1_i64, None::<i64>];
        tx.execute(INSERT, given).await.unwrap();
        assert_eq!(tx.fetch_all(IDS, &[]).await.unwrap().len(), 2);
        assert_eq!(ids(&db).await, ["before"], "nobody else sees it");
        drop(tx);
        assert_eq!(ids(&db).await, ["before"]);
        add(&db, "later").await.unwrap();
        assert_eq!(ids(&db).await, ["before", "later"]);
    })
    .await;
}

#[tokio::test]
async fn a_read_sees_what_was_committed_before_it_began() {
    both(&MIGRATIONS, async |db| {
        for number in 0..50 {
            add(&db, &format!("{number:02}")).await.unwrap();
            assert_eq!(ids(&db).await.len(), number + 1);
        }
    })
    .await;
}

#[tokio::test]
async fn reads_cannot_write() {
    both(&MIGRATIONS, async |db| {
        let sql = "INSERT INTO note (tenant, id) VALUES ('a', 'sly') RETURNING id";
        assert!(db.fetch_all(Scope::Platform, sql, &[]).await.is_err());
        assert!(ids(&db).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn parameters_and_rows_that_do_not_fit_are_errors() {
    both(&MIGRATIONS, async |db| {
        let few = db.fetch_all(Scope::Platform, NOTE, params!["a"]).await;
        assert!(matches!(few, Err(DbError::Mismatch { .. })));
        let nul = db
            .fetch_all(Scope::Platform, NOTE, params!["a", "\0"])
            .await;
        assert!(matches!(nul, Err(DbError::Mismatch { .. })));
        let float = db
            .fetch_all(Scope::Platform, "SELECT CAST(1.5 AS REAL)", &[])
            .await;
        assert!(matches!(float, Err(DbError::Mismatch { .. })));
        let row = db
            .fetch_one(Scope::Platform, "SELECT 1", &[])
            .await
            .unwrap();
        assert!(matches!(row.text(0), Err(DbError::Mismatch { .. })));
        assert!(matches!(row.int(1), Err(DbError::Mismatch { .. })));
    })
    .await;
}

#[tokio::test]
async fn a_closed_database_says_so() {
    both(&MIGRATIONS, async |db| {
        db.close().await;
        let read = db.fetch_all(Scope::Platform, IDS, &[]).await;
        assert!(matches!(read, Err(DbError::Closed)));
        assert!(matches!(
            db.begin(Scope::Platform).await,
            Err(DbError::Closed)
        ));
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://someone:hunter2@127.0.0.1:{port}/none");
    let error = Db::open_postgres(&url, "notes", crate::PostgresOptions::default())
        .await
        .unwrap_err();
    assert!(matches!(error, DbError::Unavailable { .. }), "{error}");
    let text = format!("{error} {error:?}");
    assert!(
        text.contains(&port.to_string()) && !text.contains("hunter2"),
        "{text}"
    );
}

async fn refused(db: &Db, sql: &'static str, given: &[Value]) -> DbError {
    let mut tx = db.begin(Scope::Platform).await.unwrap();
    tx.execute(sql, given).await.unwrap_err()
}

#[tokio::test]
async fn a_bulk_transaction_is_planned_afresh_and_nothing_of_that_outlasts_it() {
    both(&MIGRATIONS, async |db| {
        let mut tx = db.begin_bulk(Scope::Tenant("a")).await.unwrap();
        if db.dialect() == Dialect::Postgres {
            assert_eq!(planning(&mut tx).await, ["force_custom_plan", "off"]);
        }
        let note = params!["a", "one", 1_i64, None::<Vec<u8>>];
        tx.execute(INSERT, note).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ids(&db).await, ["one"]);
        if db.dialect() == Dialect::Postgres {
            // On the same connection: nobody else has asked for another.
            let mut tx = db.begin(Scope::Tenant("a")).await.unwrap();
            assert_eq!(planning(&mut tx).await[0], "auto");
        }
    })
    .await;
}

async fn planning(tx: &mut Tx) -> [String; 2] {
    let sql = "SELECT current_setting('plan_cache_mode'), current_setting('jit')";
    let row = tx.fetch_one(sql, &[]).await.unwrap();
    [row.text(0).unwrap(), row.text(1).unwrap()]
}
