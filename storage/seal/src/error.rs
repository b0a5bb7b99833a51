//! Why a key or a record was refused. Nothing here repeats key material or plaintext.

/// A key could not be read, made or unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The operator's key file is not a key.
    #[error("the key file must hold exactly 64 hexadecimal digits (32 bytes)")]
    NotAKek,
    /// The operating system gave no random bytes.
    #[error("the operating system's random generator failed")]
    NoRandomness,
    /// The stored blob is no wrapped tenant key: damaged, or of another program.
    #[error("the wrapped tenant key is damaged: restore the database")]
    Malformed,
    /// A later program wrote it.
    #[error(
        "the wrapped tenant key has version {version} and suite {suite}, unknown to this program: upgrade it"
    )]
    Unsupported {
        /// Its version byte.
        version: u8,
        /// Its suite byte.
        suite: u8,
    },
    /// It was wrapped under another KEK, or for another tenant. The operator's to resolve.
    #[error(
        "the wrapped tenant key does not open under this key file: check that it belongs to this data"
    )]
    WrongKek,
}

/// A record's bytes cannot be trusted, so none of them is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It does not begin like a record.
    #[error("it does not begin with a record's header")]
    Malformed,
    /// A later program wrote it.
    #[error("its version {version} and suite {suite} are unknown to this program")]
    Unsupported {
        /// Its version byte.
        version: u8,
        /// Its suite byte.
        suite: u8,
    },
    /// The header's length is not the one the database knows, or the bytes are not as many as it says.
    #[error("its length is {found}, not {expected}")]
    WrongLength {
        /// What it should be.
        expected: u64,
        /// What it is.
        found: u64,
    },
    /// Key, salt or header are not those it was sealed with.
    #[error("it was sealed under another key")]
    WrongKey,
    /// A segment was changed, moved or sealed for another tenant.
    #[error("its segment {segment} does not authenticate")]
    Forged {
        /// The segment's index.
        segment: u32,
    },
}
