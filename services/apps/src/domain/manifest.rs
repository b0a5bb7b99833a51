use preau_kernel::names::Name;

use super::{AppId, Line, Version};

/// Bytes of a serialised manifest at most.
pub(crate) const MAX_MANIFEST: usize = 8 * 1024;
/// Bytes of a release at most: 4 GiB.
pub(crate) const MAX_SIZE: u64 = 4 << 30;
/// Characters of a file's name at most.
const MAX_FILE_NAME: usize = 100;

/// What a publisher says of a release, every field checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) app: AppId,
    pub(crate) name: Line,
    pub(crate) version: Version,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) sha256: [u8; 32],
    pub(crate) blake3: [u8; 32],
}

/// A manifest as it was signed: these very bytes are stored, hashed and given to devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) manifest: Vec<u8>,
    pub(crate) signature: [u8; 64],
}

/// Why a file's name is none that a device could use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidFileName {
    #[error(transparent)]
    Name(#[from] preau_kernel::names::InvalidName),
    #[error("{chars} characters, and the most is {MAX_FILE_NAME}: shorten it")]
    TooLong { chars: usize },
    #[error("not in the Unicode form NFC: a disk could change it: write it in that form")]
    Form,
}

/// Checks what a release is installed as. Not kept: devices read it in the manifest, and read what was checked here.
pub(crate) fn check_file_name(text: &str) -> Result<(), InvalidFileName> {
    let name = Name::parse_for_disk(text)?;
    if name.as_str() != text {
        return Err(InvalidFileName::Form);
    }
    let chars = text.chars().count();
    if chars > MAX_FILE_NAME {
        return Err(InvalidFileName::TooLong { chars });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_one_element_of_a_path_and_reads_back_as_it_was_signed() {
        let longest = "é".repeat(100);
        for name in ["geometrie", "geometrie 2.AppImage", ".profile", &longest] {
            assert_eq!(check_file_name(name), Ok(()), "{name:?}");
        }
        let longer = "a".repeat(101);
        for name in [
            "", ".", "..", "nul", "Aux.exe", "a/b", "a\\b", "a\0", "a\nb", " a", "e\u{301}",
            &longer,
        ] {
            assert!(check_file_name(name).is_err(), "{name:?}");
        }
    }
}
