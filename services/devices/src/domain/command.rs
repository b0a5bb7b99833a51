//! Commands, and the states they go through.
//!
//! ```text
//! QUEUED ─▶ SENT ─▶ ACCEPTED ─▶ DONE | FAILED
//!    │       │ ╲       ▲ │
//!    │       │  ╲      │ ▼
//!    │       │   ╰▶ NOT_NOW ─▶ DONE | FAILED
//!    ╰───────┴────────┴──────▶ EXPIRED          (an accepted one a day later)
//! ```

use std::time::Duration;

use preau_kernel::access::Facts;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{CommandId, DeviceId, PersonId, SchoolId};
use preau_storage_database::events::Cursor;

use super::{Line, Refusal, Text, as_caller};

/// How long an accepted command that is overdue is waited for: the device has it and said that it will do it.
pub(crate) const ACCEPTED_GRACE: Duration = Duration::from_secs(24 * 3600);

/// Commands of one device that are not final, at most: what one answer of a Watch may hold.
pub(crate) const MAX_OPEN: i64 = 100;

/// Changes of state of one command that a device may bring about before it has to come to an end.
const MAX_CHANGES: i64 = 100;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Message(Text),
    /// With what is shown on the locked screen.
    Lock(Line),
    Unlock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Queued,
    Sent,
    Accepted,
    Done,
    Failed,
    Expired,
    NotNow,
}

impl State {
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Expired)
    }
}

/// What a device says became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Accepted,
    Done,
    NotNow(Line),
    Failed(Line),
}

impl Told {
    pub(crate) fn state(&self) -> State {
        match self {
            Self::Accepted => State::Accepted,
            Self::Done => State::Done,
            Self::NotNow(_) => State::NotNow,
            Self::Failed(_) => State::Failed,
        }
    }

    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Accepted | Self::Done => "",
            Self::NotNow(reason) | Self::Failed(reason) => reason.as_str(),
        }
    }
}

/// What somebody asks a device to do, before it is a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// Chosen by the client, once for each command it means.
    pub(crate) key: String,
    pub(crate) action: Action,
    pub(crate) time_to_live: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) id: CommandId,
    pub(crate) device: DeviceId,
    pub(crate) school: SchoolId,
    /// Its place in the log of the device: commands are told in this order.
    pub(crate) number: Cursor,
    pub(crate) action: Action,
    pub(crate) state: State,
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) issued_by: PersonId,
    /// When it came to its present state.
    pub(crate) changed: Timestamp,
    /// How often its state changed.
    pub(crate) changes: i64,
    /// Of `NotNow` and `Failed`, in the device's words.
    pub(crate) reason: Line,
}

/// Whether what a device says changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Nothing,
    To(State),
}

impl Command {
    /// Its device's own.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            owner: Some(as_caller(self.device)),
            school: Some(self.school),
            ..Facts::default()
        }
    }

    /// Whether it is what this order asks for.
    pub(crate) fn is_of(&self, order: &Order) -> bool {
        self.action == order.action && self.expires == self.issued.plus(order.time_to_live)
    }

    /// Whether its device is told of it.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        match self.state {
            State::Queued | State::Sent | State::NotNow => now < self.expires,
            // The device took it in time, and may have forgotten: it is to bring it to an end.
            State::Accepted => true,
            State::Done | State::Failed | State::Expired => false,
        }
    }

    /// What follows from the device's word.
    ///
    /// # Errors
    /// [`Refusal::CommandExpired`], [`Refusal::OutOfOrder`], [`Refusal::TooManyChanges`].
    pub(crate) fn hear(&self, told: State, now: Timestamp) -> Result<Step, Refusal> {
        if self.state == told {
            return Ok(Step::Nothing);
        }
        match self.state {
            State::Expired => return Err(Refusal::CommandExpired),
            // Its end may not be written down yet; it has come all the same.
            State::Sent | State::NotNow if now >= self.expires => {
                return Err(Refusal::CommandExpired);
            }
            State::Sent | State::NotNow | State::Accepted => {}
            State::Queued | State::Done | State::Failed => {
                return Err(Refusal::OutOfOrder { state: self.state });
            }
        }
        if self.changes >= MAX_CHANGES && !told.is_final() {
            return Err(Refusal::TooManyChanges);
        }
        Ok(Step::To(told))
    }
}

#[cfg(test)]
mod tests {
    use State::{Accepted, Done, Expired, Failed, NotNow, Queued, Sent};

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn command(state: State) -> Command {
        Command {
            id: CommandId::new(),
            device: DeviceId::new(),
            school: SchoolId::new(),
            number: Cursor(1),
            action: Action::Unlock,
            state,
            issued: NOW,
            expires: NOW.plus(HOUR),
            issued_by: PersonId::new(),
            changed: NOW,
            changes: 0,
            reason: Line::default(),
        }
    }

    #[test]
    fn a_device_may_say_these_and_nothing_else() {
        for (from, allowed) in [
            (Queued, vec![]),
            (Sent, vec![Accepted, NotNow, Done, Failed]),
            (NotNow, vec![Accepted, Done, Failed]),
            (Accepted, vec![Done, Failed, NotNow]),
            (Done, vec![]),
            (Failed, vec![]),
            (Expired, vec![]),
        ] {
            for told in [Accepted, NotNow, Done, Failed] {
                let heard = command(from).hear(told, NOW);
                let expected = match from {
                    _ if from == told => Ok(Step::Nothing),
                    _ if allowed.contains(&told) => Ok(Step::To(told)),
                    Expired => Err(Refusal::CommandExpired),
                    state => Err(Refusal::OutOfOrder { state }),
                };
                assert_eq!(heard, expected, "{from:?} {told:?}");
            }
        }
    }

    #[test]
    fn what_was_not_accepted_in_time_cannot_be_any_more() {
        let end = NOW.plus(HOUR);
        for from in [Sent, NotNow] {
            let heard = command(from).hear(Accepted, end);
            assert_eq!(heard, Err(Refusal::CommandExpired));
            assert!(!command(from).is_due(end));
            assert!(command(from).is_due(Timestamp(end.0 - 1)));
        }
        assert_eq!(command(Accepted).hear(Done, end), Ok(Step::To(Done)));
        assert!(command(Accepted).is_due(end));
    }

    #[test]
    fn a_device_cannot_change_its_mind_for_ever() {
        let tired = Command {
            changes: MAX_CHANGES,
            ..command(Accepted)
        };
        assert_eq!(tired.hear(NotNow, NOW), Err(Refusal::TooManyChanges));
        assert_eq!(tired.hear(Done, NOW), Ok(Step::To(Done)));
    }
}
