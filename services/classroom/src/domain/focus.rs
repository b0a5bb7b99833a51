use std::time::Duration;

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::PersonId;

use super::{Line, Refusal};

/// How long a focus lasts when nobody renews it.
const LEASE: Duration = Duration::from_secs(15);

/// Asked again when more than this is left, with the same message, a focus stays as it is: whoever asks without pause
/// fills no log.
const LONG_ENOUGH: Duration = Duration::from_secs(12);

/// A teacher has every pupil's attention, until a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Focus {
    pub(crate) teacher: PersonId,
    pub(crate) message: Line,
    pub(crate) ends: Timestamp,
}

/// What asking for the focus changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Nothing: it was renewed a moment ago.
    AsItIs(Focus),
    /// The caller's own goes on, for longer or with other words.
    Renewed(Focus),
    /// It is the caller's now.
    Taken {
        /// An earlier one ran out and its end was not written down yet.
        after_expired: bool,
        focus: Focus,
    },
}

/// What releasing the focus changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// Nobody had it.
    Nothing,
    /// It ends.
    Ends,
}

impl Focus {
    pub(crate) fn is_held(&self, now: Timestamp) -> bool {
        now < self.ends
    }

    /// `teacher` asks for the focus while `current` is what is stored.
    pub(crate) fn hold(
        current: Option<&Focus>,
        teacher: PersonId,
        message: Line,
        now: Timestamp,
    ) -> Result<Hold, Refusal> {
        let focus = Focus {
            teacher,
            message,
            ends: now.plus(LEASE),
        };
        let Some(held) = current.filter(|held| held.is_held(now)) else {
            return Ok(Hold::Taken {
                after_expired: current.is_some(),
                focus,
            });
        };
        if held.teacher != teacher {
            return Err(Refusal::FocusHeld { until: held.ends });
        }
        if held.message == focus.message && held.ends.since(now) > LONG_ENOUGH {
            return Ok(Hold::AsItIs(held.clone()));
        }
        Ok(Hold::Renewed(focus))
    }

    /// `teacher` lets go of the focus while `current` is what is stored.
    pub(crate) fn release(
        current: Option<&Focus>,
        teacher: PersonId,
        now: Timestamp,
    ) -> Result<Release, Refusal> {
        match current {
            None => Ok(Release::Nothing),
            Some(held) if held.is_held(now) && held.teacher != teacher => {
                Err(Refusal::FocusHeld { until: held.ends })
            }
            Some(_) => Ok(Release::Ends),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    fn focus(teacher: PersonId) -> Focus {
        Focus {
            teacher,
            message: Line::default(),
            ends: NOW.plus(LEASE),
        }
    }

    fn later(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn one_teacher_at_a_time_holds_it() {
        let (one, other) = (PersonId::new(), PersonId::new());
        let held = focus(one);
        let until = held.ends;
        let refused = Err(Refusal::FocusHeld { until });
        assert_eq!(
            Focus::hold(Some(&held), other, Line::default(), later(14)),
            refused
        );
        assert_eq!(
            Focus::release(Some(&held), other, later(14)),
            Err(Refusal::FocusHeld { until })
        );
        let Ok(Hold::Taken {
            after_expired,
            focus,
        }) = Focus::hold(Some(&held), other, Line::default(), later(15))
        else {
            panic!("a lease that ran out holds nobody up")
        };
        assert!(after_expired && focus.teacher == other && focus.ends == later(30));
    }

    #[test]
    fn asking_again_renews_but_not_at_every_breath() {
        let one = PersonId::new();
        let held = focus(one);
        let again = |at| Focus::hold(Some(&held), one, Line::default(), at);
        assert_eq!(again(later(2)), Ok(Hold::AsItIs(held.clone())));
        let Ok(Hold::Renewed(renewed)) = again(later(5)) else {
            panic!("5 s later it is renewed")
        };
        assert_eq!(renewed.ends, later(20));
        let words = Line::parse("Regardez le tableau").expect("a line");
        assert!(matches!(
            Focus::hold(Some(&held), one, words, NOW),
            Ok(Hold::Renewed(_))
        ));
    }

    #[test]
    fn releasing_ends_it_once() {
        let one = PersonId::new();
        assert_eq!(Focus::release(None, one, NOW), Ok(Release::Nothing));
        let held = focus(one);
        assert_eq!(Focus::release(Some(&held), one, NOW), Ok(Release::Ends));
        let late = Focus::release(Some(&held), PersonId::new(), later(15));
        assert_eq!(late, Ok(Release::Ends));
    }
}
