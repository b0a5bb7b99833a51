//! What the vault answers instead of doing what it was asked.

use preau_storage_database::DbError;
use preau_storage_seal::KeyError;
use preau_storage_sites::SiteError;

/// Ranges of part indices, each a first index and a count, ascending. At most [`MAX_RANGES`] of them.
pub type Ranges = Vec<(u32, u32)>;

/// Most ranges in one answer: a client asks again once it has sent those.
pub const MAX_RANGES: usize = 4096;

/// The vault did not do what it was asked; unless a variant says otherwise, nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Never begun, or its remains are gone. The caller's fault.
    #[error("no such upload")]
    NoSuchUpload,
    /// Never committed, or released since. The caller's fault.
    #[error("no such content")]
    NoSuchContent,
    /// The caller's fault.
    #[error("part {index} is outside the upload's {count} parts")]
    WrongIndex {
        /// The index given.
        index: u32,
        /// How many parts the upload has.
        count: u32,
    },
    /// The caller's fault, or bytes were lost on the way.
    #[error("part {index} must have {expected} bytes, {got} arrived")]
    WrongLength {
        /// The part's index.
        index: u32,
        /// Its length by the upload's plan.
        expected: u64,
        /// Bytes that arrived.
        got: u64,
    },
    /// The bytes were changed on the way: send the part again.
    #[error("part {index} does not match its sha-256: send it again")]
    WrongHash {
        /// The part's index.
        index: u32,
    },
    /// Other bytes are already stored under this index: the file changed while it was sent. The caller's fault.
    #[error(
        "part {index} is already stored with other bytes: abort the upload and begin a new one"
    )]
    PartConflict {
        /// The part's index.
        index: u32,
    },
    /// Commit came too early.
    #[error("parts are missing: send them, then commit again")]
    PartsMissing {
        /// Which ones.
        missing: Ranges,
    },
    /// The parts do not make the file the caller meant. The upload stays open; to send other bytes, begin a new one.
    #[error("the file's blake3 hash is not the expected one: abort the upload and begin a new one")]
    FileHashMismatch,
    /// It has been committed or aborted.
    #[error("the upload is closed")]
    UploadClosed,
    /// It was not committed in time.
    #[error("the upload has expired: begin a new one")]
    UploadExpired,
    /// The caller's fault.
    #[error("the file is larger than the vault accepts")]
    TooLarge,
    /// The range begins after the file's end. The caller's fault.
    #[error("the range is outside the file")]
    OutOfRange,
    /// No space left in the database or on a site. The operator's to resolve; what was acknowledged is safe.
    #[error("the storage is full: free space or extend it, then try again")]
    Full,
    /// What a site returned is not what was stored there. None of it was given out.
    #[error("content {content}, part {part}: the copy on site {site} is corrupt: {reason}")]
    Corrupt {
        /// The content's id.
        content: String,
        /// The part's index.
        part: u32,
        /// The site's name.
        site: String,
        /// How it shows.
        reason: String,
    },
    /// The database names a site that this process was not given. The operator's to resolve.
    #[error("content {content}, part {part}: its site {site} is not configured")]
    UnknownSite {
        /// The content's id.
        content: String,
        /// The part's index.
        part: u32,
        /// The site's name.
        site: String,
    },
    /// The key file and the data do not belong together, or a stored key is damaged. The operator's to resolve.
    #[error("keys of tenant {tenant}")]
    Key {
        /// Whose keys.
        tenant: String,
        /// What is wrong.
        #[source]
        source: KeyError,
    },
    /// The configuration cannot work. The operator's to resolve.
    #[error("vault configuration: {0}")]
    Config(String),
    /// Rows contradict each other: the database was damaged or changed by hand.
    #[error("the vault's database is inconsistent: {0}")]
    Inconsistent(String),
    /// A site failed. Whether it keeps what was put is unknown; if it does, the sweep removes it.
    #[error("a site failed")]
    Site(#[source] SiteError),
    /// The database failed.
    #[error("the vault's database failed")]
    Db(#[source] DbError),
    /// The process is shutting down or a worker thread died.
    #[error("the work was interrupted: try again")]
    Interrupted,
}

impl From<SiteError> for VaultError {
    fn from(error: SiteError) -> VaultError {
        match error {
            SiteError::Full { .. } => VaultError::Full,
            other => VaultError::Site(other),
        }
    }
}

impl From<DbError> for VaultError {
    fn from(error: DbError) -> VaultError {
        match error {
            DbError::Full { .. } => VaultError::Full,
            other => VaultError::Db(other),
        }
    }
}

impl VaultError {
    /// Whether nothing changed and the same call may succeed if its transaction is run again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, VaultError::Db(error) if error.is_retryable())
    }
}
