//! A vault with a clock to turn and short ways to say what tests do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures::StreamExt;
use preau_storage_database::testing;
use preau_storage_database::{Db, Migrations, Scope};
use preau_storage_seal::Kek;
use preau_storage_sites::{CountingSite, FaultySite, MemorySite, Site};
use preau_storage_vault::{
    Clock, Content, POSTGRES, SQLITE, UploadPlan, UploadState, Vault, VaultConfig, VaultError,
};
use tempfile::TempDir;

pub(crate) const MIGRATIONS: Migrations = Migrations {
    service: "vault",
    sqlite: SQLITE,
    postgres: POSTGRES,
};
pub(crate) const TENANT: &str = "rennes";
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A vault, the layers of its site, and a clock.
pub(crate) struct Rig {
    pub(crate) vault: Vault,
    pub(crate) db: Db,
    pub(crate) memory: Arc<MemorySite>,
    pub(crate) faulty: Arc<FaultySite>,
    pub(crate) counting: Arc<CountingSite>,
    micros: Arc<AtomicU64>,
    _folder: Option<TempDir>,
}

/// Parts of 1 KiB, so that small files have many.
pub(crate) fn small_parts() -> VaultConfig {
    VaultConfig {
        part_size: 1024,
        ..VaultConfig::default()
    }
}

pub(crate) fn kek() -> Kek {
    Kek::from_bytes([5; 32])
}

/// Runs a suite over a vault on SQLite, then on PostgreSQL.
pub(crate) async fn on_both(suite: impl AsyncFn(Rig)) {
    testing::both(&MIGRATIONS, async |db| {
        suite(Rig::over(db, small_parts()).await).await;
    })
    .await;
}

impl Rig {
    /// On SQLite.
    pub(crate) async fn new(config: VaultConfig) -> Rig {
        let (db, folder) = testing::sqlite(&MIGRATIONS).await;
        let mut rig = Rig::over(db, config).await;
        rig._folder = Some(folder);
        rig
    }

    pub(crate) async fn over(db: Db, config: VaultConfig) -> Rig {
        let memory = Arc::new(MemorySite::new("cave"));
        let faulty = Arc::new(FaultySite::new(memory.clone()));
        let counting = Arc::new(CountingSite::new(faulty.clone()));
        let micros = Arc::new(AtomicU64::new(1_800_000_000_000_000));
        let sites: Vec<Arc<dyn Site>> = vec![counting.clone()];
        let vault = Vault::open(db.clone(), sites, kek(), config, clock(&micros)).await;
        Rig {
            vault: vault.unwrap(),
            db,
            memory,
            faulty,
            counting,
            micros,
            _folder: None,
        }
    }

    /// Another vault over the same database and clock, with other sites.
    pub(crate) async fn with_sites(&self, sites: Vec<Arc<dyn Site>>, config: VaultConfig) -> Vault {
        let vault = Vault::open(self.db.clone(), sites, kek(), config, clock(&self.micros)).await;
        vault.unwrap()
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.micros
            .fetch_add(time.as_micros() as u64, Ordering::SeqCst);
    }

    pub(crate) async fn create(&self, size: usize) -> UploadPlan {
        create(&self.vault, &self.db, TENANT, size).await.unwrap()
    }

    pub(crate) async fn put(
        &self,
        plan: &UploadPlan,
        index: u32,
        data: &[u8],
    ) -> Result<u32, VaultError> {
        put(&self.vault, TENANT, plan, index, data).await
    }

    pub(crate) async fn commit(&self, plan: &UploadPlan) -> Result<Content, VaultError> {
        commit(&self.vault, &self.db, TENANT, plan, None).await
    }

    pub(crate) async fn state(&self, plan: &UploadPlan) -> Result<UploadState, VaultError> {
        self.vault.state(TENANT, &plan.upload).await
    }

    pub(crate) async fn abort(&self, plan: &UploadPlan) -> Result<(), VaultError> {
        let mut tx = self.db.begin(Scope::Tenant(TENANT)).await?;
        self.vault.abort(&mut tx, TENANT, &plan.upload).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn release(&self, content: &str) -> Result<(), VaultError> {
        let mut tx = self.db.begin(Scope::Tenant(TENANT)).await?;
        self.vault.release(&mut tx, TENANT, content).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn upload(&self, data: &[u8]) -> Content {
        upload(&self.vault, &self.db, TENANT, data).await
    }

    pub(crate) async fn read(&self, content: &str) -> Result<Vec<u8>, VaultError> {
        read(&self.vault, TENANT, content, 0, None).await
    }

    /// No invariant is broken.
    pub(crate) async fn assert_sound(&self) {
        assert_eq!(self.vault.audit().await.unwrap(), []);
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let row = self.db.fetch_one(Scope::Platform, sql, &[]).await;
        row.unwrap().int(0).unwrap()
    }
}

fn clock(micros: &Arc<AtomicU64>) -> Clock {
    let micros = micros.clone();
    Arc::new(move || UNIX_EPOCH + Duration::from_micros(micros.load(Ordering::SeqCst)))
}

/// The clock of a test that needs no control over time.
pub(crate) fn standing_clock() -> Clock {
    let time: SystemTime = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    Arc::new(move || time)
}

pub(crate) async fn create(
    vault: &Vault,
    db: &Db,
    tenant: &str,
    size: usize,
) -> Result<UploadPlan, VaultError> {
    let mut tx = db.begin(Scope::Tenant(tenant)).await?;
    let plan = vault.create(&mut tx, tenant, size as u64).await?;
    tx.commit().await?;
    Ok(plan)
}

pub(crate) async fn put(
    vault: &Vault,
    tenant: &str,
    plan: &UploadPlan,
    index: u32,
    data: &[u8],
) -> Result<u32, VaultError> {
    let bytes = Bytes::copy_from_slice(data);
    vault
        .put_part(tenant, &plan.upload, index, &sha256(data), bytes)
        .await
}

pub(crate) async fn commit(
    vault: &Vault,
    db: &Db,
    tenant: &str,
    plan: &UploadPlan,
    expected: Option<[u8; 32]>,
) -> Result<Content, VaultError> {
    let mut tx = db.begin(Scope::Tenant(tenant)).await?;
    let content = vault
        .commit(&mut tx, tenant, &plan.upload, expected)
        .await?;
    tx.commit().await?;
    Ok(content)
}

pub(crate) async fn upload(vault: &Vault, db: &Db, tenant: &str, data: &[u8]) -> Content {
    let plan = create(vault, db, tenant, data.len()).await.unwrap();
    for (index, part) in (0..).zip(data.chunks(plan.part_size as usize)) {
        put(vault, tenant, &plan, index, part).await.unwrap();
    }
    let hash = *blake3::hash(data).as_bytes();
    commit(vault, db, tenant, &plan, Some(hash)).await.unwrap()
}

pub(crate) async fn read(
    vault: &Vault,
    tenant: &str,
    content: &str,
    offset: u64,
    length: Option<u64>,
) -> Result<Vec<u8>, VaultError> {
    let (bytes, error) = read_until_error(vault, tenant, content, offset, length).await;
    error.map_or(Ok(bytes), Err)
}

/// What came before the error, and the error.
pub(crate) async fn read_until_error(
    vault: &Vault,
    tenant: &str,
    content: &str,
    offset: u64,
    length: Option<u64>,
) -> (Vec<u8>, Option<VaultError>) {
    let mut stream = vault.read(tenant, content, offset, length);
    let mut bytes = Vec::new();
    while let Some(frame) = stream.next().await {
        match frame {
            Ok(frame) => bytes.extend(frame),
            Err(error) => return (bytes, Some(error)),
        }
    }
    (bytes, None)
}

pub(crate) fn sha256(data: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data);
    digest.as_ref().try_into().unwrap()
}

/// Bytes that look random and differ between seeds.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&seed.to_be_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}
