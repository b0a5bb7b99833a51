//! Lessons and what happens in them: types and rules, no I/O.

mod focus;
mod lesson;
mod line;
mod link;
mod presence;
mod push;

pub(crate) use focus::{Focus, Hold, Release};
pub(crate) use lesson::{Lesson, MyClass};
pub(crate) use line::Line;
pub(crate) use link::Link;
pub(crate) use presence::{Member, Participant, Presence};
pub(crate) use push::{Given, MAX_PUSHES, Push, Receipt, What};

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{LessonId, PushId};

/// One thing that happened in a lesson, as its log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    Presence(Member, Presence),
    Hand {
        member: Member,
        raised: bool,
    },
    /// `None`: nobody holds the focus any more.
    Focus(Option<Focus>),
    Pushed(Push),
    Receipt(PushId, Receipt),
    Ended,
}

/// Why a rule of the classroom says no: the state is such, the request is not wrong in itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Nothing changes in a lesson that has ended.
    #[error("the lesson is over: join the class's next one")]
    LessonOver,
    /// Another teacher of the class is giving one.
    #[error("another teacher is giving a lesson to this class: join it, or end it first")]
    LessonRunning {
        /// Which.
        lesson: LessonId,
    },
    /// Another teacher has the pupils' attention.
    #[error("another teacher holds the focus: ask again when it has ended")]
    FocusHeld {
        /// Unless it is renewed.
        until: Timestamp,
    },
    /// Somebody else's hand, by somebody who does not teach the class.
    #[error(
        "only a teacher of the class lowers somebody else's hand: leave person_id empty for your own"
    )]
    NotTheTeacher,
    /// Enough for a lesson.
    #[error(
        "{} things were pushed in this lesson, the most there can be: end it and start another",
        MAX_PUSHES
    )]
    TooManyPushes,
    /// The same id for two things.
    #[error("something else was pushed under this id: choose a new one for each thing")]
    PushIdTaken,
}
