//! Following a device's log: what it is told, from a cursor, for as long as it is in service.

use std::sync::Arc;
use std::time::Duration;

use preau_rpc::Incoming;
use preau_storage_database::events::{Cursor, Event, Watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Fleet;
use super::sightings::Watched;
use crate::domain::{Command, Device, of_caller};
use crate::error::Error;
use crate::store::RETIRED;
use preau_kernel::failure::Failure;

/// What a Watch tells at once.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) commands: Vec<Command>,
    /// From where to go on.
    pub(crate) cursor: Cursor,
    /// The hash of what is to be installed; empty: no news of it.
    pub(crate) desired: Vec<u8>,
}

/// A device follows its log; dropped when the stream of answers is.
pub(crate) struct Following {
    fleet: Arc<Fleet>,
    device: Device,
    own: Watch,
    desired: Watch,
    /// Up to where commands were told.
    cursor: Cursor,
    /// What is told before any news.
    first: Option<Answer>,
    _watched: Watched,
    stopping: CancellationToken,
    ends_at: Instant,
}

/// What a Watch waits for.
enum Next {
    Own(Vec<Arc<Event>>),
    Desired(Vec<Arc<Event>>),
    KeepAlive,
    End,
}

impl Fleet {
    /// Tells the calling device what it is to do from a cursor on; the device is seen as long as the answer lives.
    pub(crate) async fn watch(
        self: Arc<Self>,
        incoming: &Incoming,
        cursor: Cursor,
    ) -> Result<Following, Error> {
        let caller = incoming.caller()?;
        let hidden = || Failure::not_found("device");
        let id = of_caller(caller.principal().person);
        // A device's principal names its school; no other has logs to be looked at.
        let school = caller.principal().school.ok_or_else(hidden)?;
        // First: what happens from here on is news, or is told twice.
        let (own, desired) = self.store.log_ends(school, id).await?;
        let found = self.store.device_and_desired(id, self.now()).await?;
        let (device, hash) = found
            .filter(|(device, _)| device.school.id == school)
            .ok_or_else(hidden)?;
        let device = caller.authorize_hidden("device", &device.facts(), device)?;
        device.get().in_service()?;
        if cursor > own {
            return Err(Error::CursorUnknown {
                detail: format!("the log ends at {}", own.0),
            });
        }
        let watched = self.sightings.watch(id, school)?;
        let commands = self
            .store
            .give_out(device.get(), cursor, own, self.now())
            .await?;
        let first = Answer {
            commands,
            cursor: own,
            desired: hash,
        };
        Ok(Following {
            own: self.store.follow_device(&device, own)?,
            desired: self.store.follow_desired(&device, desired)?,
            device: device.into_inner(),
            cursor: own,
            first: Some(first),
            _watched: watched,
            stopping: self.sightings.stopping(),
            ends_at: Instant::now() + self.longest(),
            fleet: self,
        })
    }

    /// Spread, so that a fleet that came at once does not come back at once.
    fn longest(&self) -> Duration {
        self.timing.longest + self.timing.longest.mul_f64(rand::random_range(0.0..0.2))
    }
}

impl Following {
    /// The next answer; `None` when the device was retired, and when it should ask again.
    pub(crate) async fn next(&mut self) -> Result<Option<Answer>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let keep_alive = Instant::now() + self.fleet.timing.keep_alive;
        loop {
            match self.wait(keep_alive).await? {
                Next::End => return Ok(None),
                Next::KeepAlive => return Ok(Some(self.answer())),
                Next::Desired(events) => {
                    if let Some(last) = events.last() {
                        let desired = last.payload.clone();
                        return Ok(Some(Answer {
                            desired,
                            ..self.answer()
                        }));
                    }
                }
                Next::Own(events) => {
                    if events.iter().any(|event| event.payload == RETIRED) {
                        return Ok(None);
                    }
                    let commands = self.give_out().await?;
                    if !commands.is_empty() {
                        return Ok(Some(Answer {
                            commands,
                            ..self.answer()
                        }));
                    }
                }
            }
        }
    }

    async fn wait(&mut self, keep_alive: Instant) -> Result<Next, Error> {
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => Ok(Next::End),
            () = sleep_until(self.ends_at) => Ok(Next::End),
            events = self.own.next() => Ok(Next::Own(events?)),
            events = self.desired.next() => Ok(Next::Desired(events?)),
            () = sleep_until(keep_alive) => Ok(Next::KeepAlive),
        }
    }

    fn answer(&self) -> Answer {
        Answer {
            cursor: self.cursor,
            ..Answer::default()
        }
    }

    /// What was issued up to the last event that was read.
    async fn give_out(&mut self) -> Result<Vec<Command>, Error> {
        let through = self.own.cursor();
        let store = &self.fleet.store;
        let now = self.fleet.now();
        let commands = store
            .give_out(&self.device, self.cursor, through, now)
            .await?;
        self.cursor = through;
        Ok(commands)
    }
}
