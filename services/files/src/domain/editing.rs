use preau_kernel::access::Relation;
use preau_kernel::ids::PersonId;

use super::Refusal;

/// Nodes that one move, copy, deletion, restoration or purge takes at most: it is one transaction, and others wait for
/// it.
pub(crate) const MAX_TREE: u32 = 10_000;

/// Somebody who renames, moves, deletes, restores or purges, as the rule sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Editor {
    /// Teaches the space's class, or owns the space: changes anything in it.
    Moderator,
    /// Is in the class: changes what they made, and folders that hold nothing of others.
    Maker(PersonId),
}

impl Editor {
    /// By the relation that was proved.
    pub(crate) fn new(relation: Relation, person: PersonId) -> Self {
        match relation {
            Relation::Teaches | Relation::Itself => Editor::Moderator,
            _ => Editor::Maker(person),
        }
    }

    /// Whether nodes made by these people may be changed.
    pub(crate) fn may_change(
        self,
        makers: impl IntoIterator<Item = PersonId>,
    ) -> Result<(), Refusal> {
        match self {
            Editor::Moderator => Ok(()),
            Editor::Maker(person) if makers.into_iter().all(|maker| maker == person) => Ok(()),
            Editor::Maker(_) => Err(Refusal::NotYours),
        }
    }

    /// Whose things alone the editor sees in the trash; `None`: everybody's.
    pub(crate) fn sees_only(self) -> Option<PersonId> {
        match self {
            Editor::Moderator => None,
            Editor::Maker(person) => Some(person),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teacher_of_the_class_and_the_owner_of_a_space_change_anything() {
        for relation in [Relation::Teaches, Relation::Itself] {
            let editor = Editor::new(relation, PersonId::new());
            assert_eq!(editor.may_change([PersonId::new()]), Ok(()));
            assert_eq!(editor.sees_only(), None);
        }
    }

    #[test]
    fn a_member_changes_only_what_is_all_theirs() {
        let (me, other) = (PersonId::new(), PersonId::new());
        let editor = Editor::new(Relation::Member, me);
        assert_eq!(editor.may_change([me, me]), Ok(()));
        assert_eq!(editor.may_change([me, other]), Err(Refusal::NotYours));
        assert_eq!(editor.sees_only(), Some(me));
    }
}
