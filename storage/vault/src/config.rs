//! What an operator or a test may choose, and the one clock.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use preau_storage_sites::Site;

use crate::VaultError;

/// Tells the time. Everything in the vault that depends on time asks it.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// How the vault works. The defaults are right for production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultConfig {
    /// Plaintext of a part in bytes: a power of two from 1 KiB to 2 MiB. It is recorded with each upload, so it may change.
    pub part_size: u32,
    /// Largest file in bytes.
    pub max_size: u64,
    /// How long an upload may take from its creation to its commit.
    pub upload_lifetime: Duration,
    /// To how many sites, the first of the list, a part goes before it is acknowledged.
    pub durable: usize,
    /// Whether equal parts of one tenant are stored once.
    pub dedup: bool,
    /// How long an object without a placement row is left alone after it was first seen: far longer than any request that may
    /// be about to write that row.
    pub orphan_grace: Duration,
    /// How often a sweep lists the sites for such objects.
    pub orphan_interval: Duration,
}

impl Default for VaultConfig {
    fn default() -> VaultConfig {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        VaultConfig {
            part_size: 2 << 20,
            max_size: 1 << 40,
            upload_lifetime: 48 * HOUR,
            durable: 1,
            dedup: true,
            orphan_grace: 24 * HOUR,
            orphan_interval: 6 * HOUR,
        }
    }
}

impl VaultConfig {
    /// The parts' subtrees must join into one BLAKE3 tree and their count must fit 32 bits.
    pub(crate) fn check(&self, sites: &[Arc<dyn Site>]) -> Result<(), VaultError> {
        let names: HashSet<&str> = sites.iter().map(|site| site.name()).collect();
        let problem = if !self.part_size.is_power_of_two()
            || !(1 << 10..=2 << 20).contains(&self.part_size)
        {
            "part_size must be a power of two from 1024 to 2097152".to_owned()
        } else if self.max_size.div_ceil(u64::from(self.part_size)) > u64::from(u32::MAX) {
            "max_size must not need more than 4294967295 parts".to_owned()
        } else if self.durable == 0 || self.durable > sites.len() {
            format!(
                "durable must be from 1 to the number of sites, {}",
                sites.len()
            )
        } else if names.len() < sites.len() {
            "two sites have the same name".to_owned()
        } else {
            return Ok(());
        };
        Err(VaultError::Config(problem))
    }
}

/// Unix microseconds, as the database keeps them.
pub(crate) fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
