//! What a site can answer instead of doing what it was asked.

use std::io;

/// A site did not do what it was asked. Unless a variant says otherwise the fault is the site's or its network's.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// No object of that name. The caller's fault, or an object was lost.
    #[error("site {site} has no object {key}")]
    NotFound {
        /// Name of the site.
        site: String,
        /// Name of the object.
        key: String,
    },
    /// The name is taken; nothing was overwritten. The caller's fault: names are meant to be random.
    #[error("site {site} already has an object {key}")]
    AlreadyExists {
        /// Name of the site.
        site: String,
        /// Name of the object.
        key: String,
    },
    /// The object ends before the range does: it was cut, or the caller's idea of its length is wrong.
    #[error("object {key} on site {site} ends at byte {length}, before byte {wanted}")]
    TooShort {
        /// Name of the site.
        site: String,
        /// Name of the object.
        key: String,
        /// The object's length.
        length: u64,
        /// End of the range asked for.
        wanted: u64,
    },
    /// No space left. The operator's to resolve; the object is not there.
    #[error("site {site} is full: free space or extend its volume")]
    Full {
        /// Name of the site.
        site: String,
    },
    /// Not a name objects can have. The caller's fault.
    #[error("{key:?} cannot name an object: {reason}")]
    InvalidKey {
        /// The refused name.
        key: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// Anything else that the storage reports. Whether a put or delete happened is unknown.
    #[error("site {site} failed to {operation} {key}")]
    Io {
        /// Name of the site.
        site: String,
        /// What was being done.
        operation: &'static str,
        /// Name of the object or directory.
        key: String,
        /// What the storage said.
        #[source]
        source: io::Error,
    },
}

impl SiteError {
    /// Sorts an I/O error: the absent, the taken and the full have variants of their own.
    pub(crate) fn from_io(
        site: &str,
        operation: &'static str,
        key: &str,
        source: io::Error,
    ) -> SiteError {
        let (site, key) = (site.to_owned(), key.to_owned());
        match source.kind() {
            io::ErrorKind::NotFound => SiteError::NotFound { site, key },
            io::ErrorKind::AlreadyExists => SiteError::AlreadyExists { site, key },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SiteError::Full { site },
            _ => SiteError::Io {
                site,
                operation,
                key,
                source,
            },
        }
    }
}
