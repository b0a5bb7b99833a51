//! Somebody in a lesson, with an open Watch and the cursor from which to go on.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::Context as _;
use preau_harness::{Caller, Person};
use preau_proto::classroom::v1::lesson_event::What;
use preau_proto::classroom::v1::lesson_service_client::LessonServiceClient;
use preau_proto::classroom::v1::{
    Focus, GetLessonRequest, GetLessonResponse, HandChanged, Presence, PresenceChanged,
    ReceiptState, WatchRequest, WatchResponse,
};
use tonic::Streaming;

/// Longer than anything that is waited for: a lease of 15 s and the sweep that finds it.
const PATIENCE: Duration = Duration::from_secs(40);

pub(super) struct Seat {
    pub(super) person: Person,
    lesson_id: String,
    stream: Option<Streaming<WatchResponse>>,
    cursor: u64,
    waiting: VecDeque<What>,
    /// The place of each event, to see that none comes twice.
    last: u64,
}

pub(super) fn lessons(person: &Person) -> LessonServiceClient<Caller> {
    LessonServiceClient::new(person.caller())
}

impl Seat {
    /// Reads the lesson and follows it from there.
    pub(super) async fn take(person: Person, lesson_id: &str) -> anyhow::Result<Self> {
        let mut seat = Self {
            person,
            lesson_id: lesson_id.to_owned(),
            stream: None,
            cursor: 0,
            waiting: VecDeque::new(),
            last: 0,
        };
        seat.cursor = seat.state().await?.cursor;
        seat.open().await?;
        Ok(seat)
    }

    pub(super) async fn state(&self) -> anyhow::Result<GetLessonResponse> {
        let lesson_id = self.lesson_id.clone();
        let request = GetLessonRequest { lesson_id };
        Ok(lessons(&self.person)
            .get_lesson(request)
            .await?
            .into_inner())
    }

    /// Ids of those whose hands are up, in order.
    pub(super) async fn hands(&self) -> anyhow::Result<Vec<String>> {
        let mut raised = self.state().await?.participants;
        raised.retain(|one| one.hand > 0);
        raised.sort_by_key(|one| one.hand);
        Ok(raised.into_iter().map(|one| one.person_id).collect())
    }

    pub(super) fn cursor(&self) -> u64 {
        self.cursor
    }

    async fn open(&mut self) -> anyhow::Result<()> {
        let request = WatchRequest {
            lesson_id: self.lesson_id.clone(),
            cursor: self.cursor,
        };
        let answer = lessons(&self.person).watch(request).await?;
        self.stream = Some(answer.into_inner());
        Ok(())
    }

    /// The connection is gone, with whatever was under way in it.
    pub(super) fn leave(&mut self) {
        self.stream = None;
    }

    /// Over another connection, from the cursor.
    pub(super) async fn come_back(&mut self, url: &str) -> anyhow::Result<()> {
        self.person = self.person.elsewhere(url).await?;
        self.open().await
    }

    /// The next event; each comes once.
    pub(super) async fn event(&mut self) -> anyhow::Result<What> {
        loop {
            if let Some(what) = self.waiting.pop_front() {
                return Ok(what);
            }
            let stream = self.stream.as_mut().context("nobody watches")?;
            let answer = tokio::time::timeout(PATIENCE, stream.message()).await;
            let answer = answer
                .context("nothing happens")??
                .context("the stream ended")?;
            for event in answer.events {
                anyhow::ensure!(event.cursor > self.last, "{event:?} after {}", self.last);
                self.last = event.cursor;
                self.waiting.extend(event.what);
            }
            self.cursor = answer.cursor;
        }
    }

    /// The id of what was pushed next.
    pub(super) async fn pushed(&mut self) -> anyhow::Result<String> {
        loop {
            match self.event().await? {
                What::Pushed(pushed) => return Ok(pushed.push_id),
                // One's own coming and going, hand and receipts, and the teacher's.
                What::Presence(_) | What::Hand(_) | What::Receipt(_) => {}
                other => anyhow::bail!("{other:?} instead of a push"),
            }
        }
    }

    /// The next news of the focus.
    pub(super) async fn focus(&mut self) -> anyhow::Result<Option<Focus>> {
        loop {
            match self.event().await? {
                What::Focus(changed) => return Ok(changed.focus),
                What::Presence(_) => {}
                other => anyhow::bail!("{other:?} instead of a focus"),
            }
        }
    }

    /// Who gave the next receipt, and which.
    pub(super) async fn receipt(&mut self) -> anyhow::Result<(String, ReceiptState)> {
        match self.event().await? {
            What::Receipt(given) => {
                let receipt = given.receipt.context("a receipt")?;
                let state = receipt.state();
                Ok((receipt.person_id, state))
            }
            other => anyhow::bail!("{other:?} instead of a receipt"),
        }
    }

    /// Whether the stream ends without a failure.
    pub(super) async fn has_ended(&mut self) -> bool {
        let Some(stream) = &mut self.stream else {
            return false;
        };
        loop {
            match tokio::time::timeout(PATIENCE, stream.message()).await {
                Ok(Ok(Some(_))) => {}
                Ok(Ok(None)) => return true,
                Ok(Err(_)) | Err(_) => return false,
            }
        }
    }
}

pub(super) fn presence(person: &str, presence: Presence, is_teacher: bool) -> What {
    What::Presence(PresenceChanged {
        person_id: person.to_owned(),
        presence: presence.into(),
        is_teacher,
    })
}

pub(super) fn hand(person: &str, raised: bool) -> What {
    What::Hand(HandChanged {
        person_id: person.to_owned(),
        raised,
        is_teacher: false,
    })
}
