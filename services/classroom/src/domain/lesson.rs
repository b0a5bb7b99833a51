use std::time::Duration;

use preau_kernel::access::{Facts, Part};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{AuthorityId, ClassId, LessonId, PersonId, SchoolId};

use super::{Focus, Refusal};

/// A lesson ends by itself after this long: nobody forgets one overnight.
const LONGEST: Duration = Duration::from_secs(4 * 3600);

/// A lesson of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lesson {
    pub(crate) id: LessonId,
    pub(crate) class: ClassId,
    /// As it was when the lesson began.
    pub(crate) class_name: String,
    pub(crate) school: SchoolId,
    pub(crate) authority: AuthorityId,
    /// Who started it.
    pub(crate) teacher: PersonId,
    pub(crate) started: Timestamp,
    /// When it is over at the latest.
    pub(crate) ends: Timestamp,
    /// `None`: nobody ended it yet, see [`Lesson::is_over`].
    pub(crate) ended: Option<Timestamp>,
    /// As it is stored; see [`Lesson::focus_at`].
    pub(crate) focus: Option<Focus>,
}

impl Lesson {
    /// A lesson that begins.
    pub(crate) fn begin(class: MyClass, teacher: PersonId, now: Timestamp) -> Self {
        Self {
            id: LessonId::new(),
            class: class.id,
            class_name: class.name,
            school: class.school,
            authority: class.authority,
            teacher,
            started: now,
            ends: now.plus(LONGEST),
            ended: None,
            focus: None,
        }
    }

    /// What the lesson says about a caller who has `part` in its class.
    pub(crate) fn facts(&self, part: Option<Part>) -> Facts {
        Facts {
            owner: None,
            school: Some(self.school),
            authority: Some(self.authority),
            part,
        }
    }

    /// Over, whether or not that was written down yet.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.ended.is_some() || self.ends <= now
    }

    /// The focus that is held; never one whose lease has run out.
    pub(crate) fn focus_at(&self, now: Timestamp) -> Option<&Focus> {
        self.focus
            .as_ref()
            .filter(|focus| focus.is_held(now) && !self.is_over(now))
    }

    /// Whether `teacher`, who wants to start a lesson of the class, is answered this one, which is not over.
    pub(crate) fn resumed_by(&self, teacher: PersonId) -> Result<(), Refusal> {
        if self.teacher == teacher {
            Ok(())
        } else {
            Err(Refusal::LessonRunning { lesson: self.id })
        }
    }
}

/// A class the caller is in, as the roster tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MyClass {
    pub(crate) id: ClassId,
    pub(crate) name: String,
    pub(crate) school: SchoolId,
    pub(crate) authority: AuthorityId,
    pub(crate) part: Part,
}

impl MyClass {
    /// What the class says about the caller.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            owner: None,
            school: Some(self.school),
            authority: Some(self.authority),
            part: Some(self.part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    fn lesson(teacher: PersonId) -> Lesson {
        let class = MyClass {
            id: ClassId::new(),
            name: "2nde B".into(),
            school: SchoolId::new(),
            authority: AuthorityId::new(),
            part: Part::Teacher,
        };
        Lesson::begin(class, teacher, NOW)
    }

    #[test]
    fn a_lesson_is_over_when_ended_or_after_its_longest() {
        let mut lesson = lesson(PersonId::new());
        let last = NOW.plus(LONGEST);
        assert!(!lesson.is_over(Timestamp(last.0 - 1)));
        assert!(lesson.is_over(last));
        lesson.ended = Some(NOW);
        assert!(lesson.is_over(NOW));
    }

    #[test]
    fn another_teacher_hears_which_lesson_runs() {
        let teacher = PersonId::new();
        let lesson = lesson(teacher);
        assert_eq!(lesson.resumed_by(teacher), Ok(()));
        let refused = Refusal::LessonRunning { lesson: lesson.id };
        assert_eq!(lesson.resumed_by(PersonId::new()), Err(refused));
    }
}
