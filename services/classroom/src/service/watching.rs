//! Following a lesson: its log from a cursor, for as long as the caller is of the class.

use std::sync::Arc;

use preau_kernel::access::Caller;
use preau_kernel::failure::Failure;
use preau_kernel::ids::LessonId;
use preau_mesh::Call;
use preau_proto::classroom::v1 as wire;
use preau_rpc::Incoming;
use preau_storage_database::events::{Cursor, Event, Watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::presence::Attending;
use super::{Lessons, Reached};
use crate::convert;
use crate::domain::{Happening, Lesson, Member, Refusal};
use crate::error::Error;

/// Somebody follows a lesson; dropped when the stream of answers is.
pub(crate) struct Following {
    lessons: Arc<Lessons>,
    lesson: Lesson,
    viewer: Member,
    caller: Caller,
    call: Call,
    watch: Watch,
    /// None in a lesson that is over: what is left of its log is told, and nobody is here.
    attending: Option<Attending>,
    ends: CancellationToken,
    ends_at: Instant,
    check_at: Instant,
    /// When the caller was last known to be of the class.
    confirmed: Instant,
    is_over: bool,
}

/// What a Watch waits for.
enum Next {
    News(Vec<Arc<Event>>),
    KeepAlive,
    Check,
    End,
}

impl Lessons {
    /// Follows a lesson from a cursor; the caller is here as long as the answer lives.
    pub(crate) async fn watch(
        self: Arc<Self>,
        incoming: &Incoming,
        id: LessonId,
        cursor: Cursor,
    ) -> Result<Following, Error> {
        let Reached { lesson, caller } = self.reach(incoming, id).await?;
        let last = self.store.last_cursor(&lesson).await?;
        if cursor > last {
            return Err(Error::CursorUnknown {
                detail: format!("the log ends at {}", last.0),
            });
        }
        let watch = self.store.watch(&lesson, cursor)?;
        let attending = match self.presences.attend(&lesson, caller).await {
            Ok(attending) => Some(attending),
            Err(Error::Refused(Refusal::LessonOver)) => None,
            Err(error) => return Err(error),
        };
        let ends = match &attending {
            Some(attending) => attending.ends.clone(),
            None => self.presences.stopping(),
        };
        let now = Instant::now();
        // What ended the lesson may be the last thing the caller has seen: nothing follows then.
        let latest = self.store.lesson(id).await?;
        let is_over = latest.is_none_or(|lesson| lesson.ended.is_some())
            && cursor == self.store.last_cursor(&lesson).await?;
        Ok(Following {
            lesson: lesson.into_inner(),
            viewer: caller,
            caller: incoming.caller()?,
            call: incoming.call().clone(),
            watch,
            attending,
            ends,
            ends_at: now + self.longest(),
            check_at: now + self.timing.check,
            confirmed: now,
            is_over,
            lessons: self,
        })
    }

    /// Spread by the clock, so that a class that came at once does not come back at once.
    fn longest(&self) -> std::time::Duration {
        let spread = u32::try_from(self.now().0.rem_euclid(1_000)).unwrap_or(0);
        self.timing.longest + self.timing.longest * spread / 5_000
    }
}

impl Following {
    /// The next answer; `None` when the lesson is over, and when the caller should ask again.
    pub(crate) async fn next(&mut self) -> Result<Option<wire::WatchResponse>, Error> {
        let keep_alive = Instant::now() + self.lessons.timing.keep_alive;
        loop {
            if self.is_over {
                self.attending = None;
                return Ok(None);
            }
            match self.wait(keep_alive).await? {
                Next::End => self.is_over = true,
                Next::Check => self.check().await?,
                Next::KeepAlive => return Ok(Some(self.answer(Vec::new()))),
                Next::News(events) => {
                    let told = self.tell(&events)?;
                    if !told.is_empty() {
                        return Ok(Some(self.answer(told)));
                    }
                }
            }
        }
    }

    async fn wait(&mut self, keep_alive: Instant) -> Result<Next, Error> {
        tokio::select! {
            biased;
            () = self.ends.cancelled() => Ok(Next::End),
            () = sleep_until(self.ends_at) => Ok(Next::End),
            () = sleep_until(self.check_at) => Ok(Next::Check),
            events = self.watch.next() => Ok(Next::News(events?)),
            () = sleep_until(keep_alive) => Ok(Next::KeepAlive),
        }
    }

    fn answer(&self, events: Vec<wire::LessonEvent>) -> wire::WatchResponse {
        wire::WatchResponse {
            events,
            cursor: self.watch.cursor().0,
        }
    }

    /// What of it is for the caller.
    fn tell(&mut self, events: &[Arc<Event>]) -> Result<Vec<wire::LessonEvent>, Error> {
        let mut told = Vec::new();
        for event in events {
            let Some(happening) = convert::happening(event)? else {
                continue;
            };
            self.is_over |= happening == Happening::Ended;
            if self.viewer.sees(&happening) {
                told.push(convert::wire_event(event, &happening));
            }
        }
        Ok(told)
    }

    /// Whether the caller is still of the class. Who cannot be told from somebody who left is believed for a while.
    async fn check(&mut self) -> Result<(), Error> {
        let asked = Instant::now();
        let timing = self.lessons.timing;
        self.check_at = asked + timing.check;
        let (class, person) = (self.lesson.class, self.viewer.person);
        let memberships = &self.lessons.memberships;
        match memberships.part_now(&self.call, class, person).await {
            Ok(part) => {
                let is_the_same = part == Some(self.viewer.part);
                if !is_the_same || self.caller.relation(&self.lesson.facts(part)).is_none() {
                    return Err(Failure::not_found("lesson").into());
                }
                self.confirmed = asked;
                Ok(())
            }
            Err(failure) if self.confirmed + timing.trust <= asked + timing.check => {
                Err(failure.into())
            }
            Err(_) => Ok(()),
        }
    }
}
