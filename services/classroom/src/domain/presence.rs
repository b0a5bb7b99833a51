use preau_kernel::access::Part;
use preau_kernel::ids::PersonId;

use super::{Happening, Receipt};

/// Whether somebody of the class is in the lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Has a Watch open, or lost it a moment ago.
    Here,
    /// Was here.
    Offline,
    /// Never came.
    Absent,
}

/// Somebody of the class, as the roster says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) person: PersonId,
    pub(crate) part: Part,
}

/// Somebody of the class in a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Participant {
    pub(crate) member: Member,
    pub(crate) presence: Presence,
    /// 1 for the hand raised first; 0: none raised.
    pub(crate) hand: u32,
}

/// What somebody of the class may see of a lesson: teachers everything, pupils what is theirs and what teachers do.
impl Member {
    pub(crate) fn sees_member(self, other: Member) -> bool {
        self.part == Part::Teacher || other.part == Part::Teacher || other.person == self.person
    }

    pub(crate) fn sees_receipt(self, receipt: &Receipt) -> bool {
        self.part == Part::Teacher || receipt.person == self.person
    }

    pub(crate) fn sees(self, happening: &Happening) -> bool {
        match happening {
            Happening::Presence(member, _) | Happening::Hand { member, .. } => {
                self.sees_member(*member)
            }
            Happening::Receipt(_, receipt) => self.sees_receipt(receipt),
            Happening::Focus(_) | Happening::Pushed(_) | Happening::Ended => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(part: Part) -> Member {
        Member {
            person: PersonId::new(),
            part,
        }
    }

    #[test]
    fn pupils_see_themselves_and_teachers_and_teachers_everybody() {
        let (pupil, neighbour) = (member(Part::Student), member(Part::Student));
        let (teacher, colleague) = (member(Part::Teacher), member(Part::Teacher));
        let raised = |member| Happening::Hand {
            member,
            raised: true,
        };
        assert!(pupil.sees(&raised(pupil)) && pupil.sees(&raised(teacher)));
        assert!(!pupil.sees(&raised(neighbour)));
        assert!(!pupil.sees(&Happening::Presence(neighbour, Presence::Here)));
        assert!(teacher.sees(&raised(neighbour)) && teacher.sees(&raised(colleague)));
        assert!(pupil.sees(&Happening::Focus(None)) && pupil.sees(&Happening::Ended));
    }
}
