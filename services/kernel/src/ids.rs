//! One type per id, one registry: here. UUIDv7 inside, hyphenated lower-case text outside.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// A text that is no id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{kind}: not an id: expected the 36 characters of a UUID")]
pub struct InvalidId {
    /// Which kind of id was expected, as in "space id".
    pub kind: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id; later ones sort after earlier ones (UUIDv7, RFC 9562).
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default id would hide a fresh one in derived code")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                // Only the canonical form: two spellings of one id would be two cache keys and two log entries.
                let invalid = InvalidId { kind: $kind };
                let id = Uuid::try_parse(text).map_err(|_| invalid)?;
                if text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    Ok(Self(id))
                } else {
                    Err(InvalidId { kind: $kind })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!($kind, " {}"), self.0)
            }
        }
    )*};
}

ids! {
    /// A local authority that equips schools.
    AuthorityId "authority id";
    /// A school. Also the tenant of everything that belongs to it.
    SchoolId "school id";
    /// A pupil, a teacher, an administrator.
    PersonId "person id";
    /// A role on a scope, with dates.
    GrantId "grant id";
    /// One sign-in.
    SessionId "session id";
    /// A class of a school.
    ClassId "class id";
    /// A place for files.
    SpaceId "space id";
    /// A folder or a file in a space.
    NodeId "node id";
    /// A file on its way in.
    UploadId "upload id";
    /// The immutable bytes of a version of a file.
    ContentId "content id";
    /// A roster file on its way in, and the people staged from it.
    ImportId "import id";
    /// A lesson of a class.
    LessonId "lesson id";
    /// Something that a teacher pushed to a class.
    PushId "push id";
    /// One open Watch of somebody who is in a lesson.
    AttendanceId "attendance id";
    /// What a process holds while it vouches for the Watches it serves.
    LeaseId "lease id";
    /// An enrolled device. As a caller it stands where a person does: [`PersonId`] with the same text.
    DeviceId "device id";
    /// What devices of a school may enrol with.
    EnrolmentTokenId "enrolment token id";
    /// Something a device is to do.
    CommandId "command id";
    /// A version of an app.
    ReleaseId "release id";
    /// Bytes that another service keeps with `files`.
    ObjectId "object id";
    /// A one-use invitation to the mesh.
    JoinTokenId "join token id";
}

#[cfg(test)]
mod tests {
    use super::{PersonId, SpaceId};

    #[test]
    fn an_id_reads_back_from_its_own_text() {
        let id = PersonId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn only_the_canonical_spelling_is_an_id() {
        let text = SpaceId::new().to_string();
        for wrong in [
            text.to_uppercase(),
            text.replace('-', ""),
            format!("{{{text}}}"),
            String::new(),
            "x".into(),
        ] {
            if wrong != text {
                assert!(wrong.parse::<SpaceId>().is_err(), "{wrong:?}");
            }
        }
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let ids: Vec<String> = (0..100).map(|_| PersonId::new().to_string()).collect();
        assert!(ids.is_sorted());
    }
}
