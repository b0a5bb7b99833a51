use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ObjectId, ReleaseId};
use preau_kernel::paging::Keyset;
use preau_storage_database::{Tx, params};

use super::rows::{release, release_columns};
use super::{CATALOGUE, PLATFORM, Store, retrying};
use crate::domain::{
    Announcement, AppId, Catalogue, KeyId, Manifest, Release, ReleaseState, Signed,
};
use crate::error::Error;

/// Where a release stands in the list of them.
#[derive(Clone, Debug)]
pub(crate) struct ReleaseKey {
    pub(crate) app: String,
    pub(crate) at: Timestamp,
    pub(crate) release: String,
}

impl ReleaseKey {
    pub(crate) fn of(release: &Release) -> Keyset {
        Keyset(vec![
            release.app.as_str().to_owned(),
            release.created_at.0.to_string(),
            release.id.to_string(),
        ])
    }
}

const OF_VERSION: &str = concat!(
    "SELECT ",
    release_columns!(),
    " FROM releases WHERE app = $1 AND version = $2"
);

impl Store {
    pub(crate) async fn release(&self, id: ReleaseId) -> Result<Option<Release>, Error> {
        let row = self
            .db
            .fetch_optional(
                CATALOGUE,
                concat!(
                    "SELECT ",
                    release_columns!(),
                    " FROM releases WHERE release_id = $1"
                ),
                params![id.to_string()],
            )
            .await?;
        row.as_ref().map(release).transpose()
    }

    /// Announces a release, unless its app has one of that version: then answers that one. `expires_at`: when it is
    /// given up if nothing comes.
    pub(crate) async fn announce(
        &self,
        _: &Authorized<Catalogue>,
        wanted: &Release,
        by: Announcement,
        expires_at: Timestamp,
    ) -> Result<Release, Error> {
        retrying(|| self.insert_release(wanted, by, expires_at)).await
    }

    async fn insert_release(
        &self,
        wanted: &Release,
        by: Announcement,
        expires_at: Timestamp,
    ) -> Result<Release, Error> {
        let mut tx = self.db.begin(CATALOGUE).await?;
        tx.execute(
            "INSERT INTO releases
                 (release_id, tenant, app, version, name, size, manifest, signature, key_id, state, created_at,
                  created_by, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12)
             ON CONFLICT (app, version) DO NOTHING",
            params![
                wanted.id.to_string(),
                PLATFORM,
                wanted.app.as_str(),
                wanted.version.as_str(),
                wanted.name.as_str(),
                // A manifest's size is at most 4 GiB.
                i64::try_from(wanted.size).unwrap_or(i64::MAX),
                wanted.signed.manifest.as_slice(),
                wanted.signed.signature.as_slice(),
                wanted.publisher.as_str(),
                by.at.0,
                by.by.to_string(),
                expires_at.0,
            ],
        )
        .await?;
        let of = params![wanted.app.as_str(), wanted.version.as_str()];
        let found = release(&tx.fetch_one(OF_VERSION, of).await?)?;
        tx.commit().await?;
        Ok(found)
    }

    /// Gives an uploading release another object for its bytes, or none; the one it had is discarded. Answers whether
    /// the release was as the caller saw it.
    pub(crate) async fn replace_object(
        &self,
        id: ReleaseId,
        old: Option<ObjectId>,
        new: Option<(ObjectId, Timestamp)>,
    ) -> Result<bool, Error> {
        retrying(|| self.replace_object_once(id, old, new)).await
    }

    async fn replace_object_once(
        &self,
        id: ReleaseId,
        old: Option<ObjectId>,
        new: Option<(ObjectId, Timestamp)>,
    ) -> Result<bool, Error> {
        let mut tx = self.db.begin(CATALOGUE).await?;
        let expires_at = new.map(|(_, expires_at)| expires_at.0);
        let replaced = tx
            .execute(
                "UPDATE releases SET object_id = $3, expires_at = COALESCE(CAST($4 AS BIGINT), expires_at)
                 WHERE release_id = $1 AND state = 0 AND COALESCE(object_id, '') = $2",
                params![
                    id.to_string(),
                    old.map(|old| old.to_string()).unwrap_or_default(),
                    new.map(|(new, _)| new.to_string()),
                    expires_at,
                ],
            )
            .await?;
        if let (1, Some(old)) = (replaced, old) {
            discard(&mut tx, old).await?;
        }
        tx.commit().await?;
        Ok(replaced == 1)
    }

    /// Makes a release available whose bytes are in this object. Answers whether it was uploading into it.
    pub(crate) async fn make_available(
        &self,
        _: &Authorized<Catalogue>,
        id: ReleaseId,
        object: ObjectId,
    ) -> Result<bool, Error> {
        retrying(|| self.make_available_once(id, object)).await
    }

    async fn make_available_once(&self, id: ReleaseId, object: ObjectId) -> Result<bool, Error> {
        let mut tx = self.db.begin(CATALOGUE).await?;
        let changed = tx
            .execute(
                "UPDATE releases SET state = 1 WHERE release_id = $1 AND state = 0 AND object_id = $2",
                params![id.to_string(), object.to_string()],
            )
            .await?;
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// Releases after a key, of one app or of all, at most `limit`: by app, the newest first.
    pub(crate) async fn releases_after(
        &self,
        app: Option<&AppId>,
        after: Option<&ReleaseKey>,
        limit: u32,
    ) -> Result<Vec<Release>, Error> {
        let first = ReleaseKey {
            app: String::new(),
            at: Timestamp(i64::MAX),
            release: String::new(),
        };
        let after = after.unwrap_or(&first);
        let sql = concat!(
            "SELECT ",
            release_columns!(),
            " FROM releases
              WHERE ($1 = '' OR app = $1)
                AND (app > $2 OR (app = $2 AND (created_at < $3 OR (created_at = $3 AND release_id < $4))))
              ORDER BY app, created_at DESC, release_id DESC LIMIT $5"
        );
        let params = params![
            app.map(AppId::as_str).unwrap_or_default(),
            &after.app,
            after.at.0,
            &after.release,
            limit,
        ];
        let rows = self.db.fetch_all(CATALOGUE, sql, params).await?;
        rows.iter().map(release).collect()
    }

    /// Whether any release is of this app.
    pub(crate) async fn has_app(&self, app: &AppId) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM releases WHERE app = $1 LIMIT 1";
        let found = self
            .db
            .fetch_optional(CATALOGUE, sql, params![app.as_str()])
            .await?;
        Ok(found.is_some())
    }

    /// Removes releases that nobody finished by `before`, and discards their objects. Answers how many.
    pub(crate) async fn give_up(&self, before: Timestamp) -> Result<u64, Error> {
        retrying(|| self.give_up_once(before)).await
    }

    async fn give_up_once(&self, before: Timestamp) -> Result<u64, Error> {
        let mut tx = self.db.begin(CATALOGUE).await?;
        let gone = tx
            .fetch_all(
                "DELETE FROM releases WHERE state = 0 AND expires_at < $1 RETURNING object_id",
                params![before.0],
            )
            .await?;
        for row in &gone {
            if let Some(object) = row.opt_text(0)? {
                discard(&mut tx, super::rows::parse(&object, "a release")?).await?;
            }
        }
        tx.commit().await?;
        Ok(gone.len() as u64)
    }
}

async fn discard(tx: &mut Tx, object: ObjectId) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO discarded_objects (object_id, tenant) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        params![object.to_string(), PLATFORM],
    )
    .await?;
    Ok(())
}

impl Release {
    /// As it is announced: without a byte.
    pub(crate) fn announced(
        manifest: &Manifest,
        signed: Signed,
        publisher: KeyId,
        at: Timestamp,
    ) -> Self {
        Self {
            id: ReleaseId::new(),
            app: manifest.app.clone(),
            version: manifest.version.clone(),
            name: manifest.name.clone(),
            size: manifest.size,
            signed,
            publisher,
            created_at: at,
            state: ReleaseState::Uploading(None),
        }
    }
}
