use preau_kernel::access::Relation;
use preau_kernel::ids::PersonId;

use super::Refusal;

/// Nodes one deletion takes at most: it is one transaction, and others wait for it.
pub(crate) const MAX_DELETED: u32 = 10_000;

/// Somebody who deletes, as the rule sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deleter {
    /// Teaches the class: deletes anything in its space.
    Teacher,
    /// Is in the class: deletes what they made, and folders that hold nothing of others.
    Member(PersonId),
}

impl Deleter {
    /// By the relation that was proved.
    pub(crate) fn new(relation: Relation, person: PersonId) -> Self {
        match relation {
            Relation::Teaches => Deleter::Teacher,
            _ => Deleter::Member(person),
        }
    }

    /// Whether nodes made by these people may go.
    pub(crate) fn may_delete(
        self,
        makers: impl IntoIterator<Item = PersonId>,
    ) -> Result<(), Refusal> {
        match self {
            Deleter::Teacher => Ok(()),
            Deleter::Member(person) if makers.into_iter().all(|maker| maker == person) => Ok(()),
            Deleter::Member(_) => Err(Refusal::NotYours),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teacher_of_the_class_deletes_anything() {
        let deleter = Deleter::new(Relation::Teaches, PersonId::new());
        assert_eq!(deleter.may_delete([PersonId::new()]), Ok(()));
    }

    #[test]
    fn a_member_deletes_only_what_is_all_theirs() {
        let (me, other) = (PersonId::new(), PersonId::new());
        let deleter = Deleter::new(Relation::Member, me);
        assert_eq!(deleter.may_delete([me, me]), Ok(()));
        assert_eq!(deleter.may_delete([me, other]), Err(Refusal::NotYours));
    }
}
