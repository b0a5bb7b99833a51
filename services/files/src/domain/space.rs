use preau_kernel::access::{Facts, Part};
use preau_kernel::ids::{AuthorityId, ClassId, SchoolId, SpaceId};

/// The place where a class keeps its files: one per class, named after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) id: SpaceId,
    pub(crate) class: ClassId,
    /// The tenant of everything in the space.
    pub(crate) school: SchoolId,
    pub(crate) authority: AuthorityId,
    /// The class's name when its space was last listed.
    pub(crate) name: String,
}

impl Space {
    /// What the space says about a caller who has `part` in its class.
    pub(crate) fn facts(&self, part: Option<Part>) -> Facts {
        Facts {
            owner: None,
            school: Some(self.school),
            authority: Some(self.authority),
            part,
        }
    }
}

/// A class of the caller's, as the roster tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MyClass {
    pub(crate) id: ClassId,
    pub(crate) school: SchoolId,
    pub(crate) authority: AuthorityId,
    pub(crate) name: String,
}
