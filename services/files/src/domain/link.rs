use preau_kernel::clock::Timestamp;
use preau_kernel::ids::ContentId;
use preau_kernel::names::Name;

use super::{FileBody, Tenant};

/// The version of the form that [`Link::to_bytes`] writes.
const FORM: u8 = 1;

/// What a download link is for: bytes that never change, and what they were called when the link was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) tenant: Tenant,
    pub(crate) file: FileBody,
    pub(crate) name: Name,
    pub(crate) expires_at: Timestamp,
}

impl Link {
    /// As the inside of a token.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        bytes.extend(self.expires_at.0.to_be_bytes());
        bytes.extend(self.file.size.to_be_bytes());
        bytes.extend(self.file.blake3);
        for text in [self.tenant.as_str(), &self.file.content.to_string()] {
            // Ids: 36 bytes each.
            bytes.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
            bytes.extend(text.as_bytes());
        }
        bytes.extend(self.name.as_str().as_bytes());
        bytes
    }

    /// Reads [`Link::to_bytes`]; `None` for anything else.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[FORM])?;
        let (expires_at, rest) = rest.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (blake3, rest) = rest.split_first_chunk()?;
        let (tenant, rest) = text(rest)?;
        let (content, rest) = text(rest)?;
        let content: ContentId = content.parse().ok()?;
        Some(Self {
            tenant: Tenant::stored(tenant.to_owned()),
            file: FileBody {
                content,
                size: u64::from_be_bytes(*size),
                blake3: *blake3,
            },
            name: Name::parse(std::str::from_utf8(rest).ok()?).ok()?,
            expires_at: Timestamp(i64::from_be_bytes(*expires_at)),
        })
    }
}

fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
pub(super) mod tests {
    use preau_kernel::ids::SchoolId;

    use super::*;

    pub(in super::super) fn link() -> Link {
        Link {
            tenant: SchoolId::new().into(),
            file: FileBody {
                content: ContentId::new(),
                size: u64::MAX - 7,
                blake3: [3; 32],
            },
            name: Name::parse("Été – devoir.pdf").expect("a name"),
            expires_at: Timestamp(1_700_000_000_000_000),
        }
    }

    #[test]
    fn a_link_reads_back() {
        let link = link();
        assert_eq!(Link::from_bytes(&link.to_bytes()), Some(link));
    }

    #[test]
    fn a_link_that_is_cut_anywhere_is_none_or_has_a_shorter_name() {
        let link = link();
        let bytes = link.to_bytes();
        let name = bytes.len() - link.name.as_str().len();
        for length in 0..=name {
            assert_eq!(Link::from_bytes(&bytes[..length]), None, "{length}");
        }
    }
}
