//! People who use the classroom in few words.

use preau_kernel::ids::{ClassId, PersonId, PushId};
use preau_mesh::{Channel, with_principal};
use preau_proto::classroom::v1 as wire;
use preau_proto::classroom::v1::lesson_event::What;
use preau_proto::classroom::v1::lesson_service_client::LessonServiceClient;
use tonic::{Request, Status, Streaming};

use super::world::Answer;

pub(super) struct Person {
    pub(super) id: PersonId,
    token: String,
    channel: Channel,
}

impl Person {
    pub(super) fn new(id: PersonId, token: String, channel: Channel) -> Self {
        Self { id, token, channel }
    }

    fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        with_principal(&mut request, &self.token);
        request
    }

    fn client(&self) -> LessonServiceClient<Channel> {
        LessonServiceClient::new(self.channel.clone())
    }

    pub(super) async fn start(&self, class: ClassId) -> Answer<wire::Lesson> {
        let request = self.request(wire::StartLessonRequest {
            class_id: class.to_string(),
        });
        let answer = self.client().start_lesson(request).await?;
        Ok(answer.into_inner().lesson.unwrap())
    }

    /// Ids of the lessons that go on.
    pub(super) async fn lessons(&self) -> Vec<String> {
        let request = self.request(wire::ListLessonsRequest {});
        let answer = self.client().list_lessons(request).await.unwrap();
        let lessons = answer.into_inner().lessons.into_iter();
        lessons.map(|lesson| lesson.lesson_id).collect()
    }

    pub(super) async fn get(&self, lesson: &str) -> Answer<wire::GetLessonResponse> {
        let request = self.request(wire::GetLessonRequest {
            lesson_id: lesson.into(),
        });
        Ok(self.client().get_lesson(request).await?.into_inner())
    }

    /// What is said of somebody.
    pub(super) async fn sees(&self, lesson: &str, person: &Person) -> Option<wire::Participant> {
        let answer = self.get(lesson).await.unwrap();
        let id = person.id.to_string();
        answer
            .participants
            .into_iter()
            .find(|one| one.person_id == id)
    }

    pub(super) async fn end(&self, lesson: &str) -> Answer<()> {
        let request = self.request(wire::EndLessonRequest {
            lesson_id: lesson.into(),
        });
        self.client().end_lesson(request).await.map(drop)
    }

    pub(super) async fn watch(&self, lesson: &str, cursor: u64) -> Answer<Watching> {
        let request = self.request(wire::WatchRequest {
            lesson_id: lesson.into(),
            cursor,
        });
        let answers = self.client().watch(request).await?.into_inner();
        Ok(Watching {
            answers,
            waiting: Vec::new(),
            cursor,
        })
    }

    pub(super) async fn hand(&self, lesson: &str, raised: bool) -> Answer<()> {
        self.set_hand(lesson, raised, "").await
    }

    pub(super) async fn lower(&self, lesson: &str, person: &Person) -> Answer<()> {
        self.set_hand(lesson, false, &person.id.to_string()).await
    }

    pub(super) async fn set_hand(&self, lesson: &str, raised: bool, person: &str) -> Answer<()> {
        let request = self.request(wire::SetHandRequest {
            lesson_id: lesson.into(),
            raised,
            person_id: person.into(),
        });
        self.client().set_hand(request).await.map(drop)
    }

    pub(super) async fn push(
        &self,
        lesson: &str,
        push_id: PushId,
        what: wire::push_request::What,
    ) -> Answer<wire::Pushed> {
        let request = self.request(wire::PushRequest {
            lesson_id: lesson.into(),
            push_id: push_id.to_string(),
            title: "Page 12".into(),
            what: Some(what),
        });
        let answer = self.client().push(request).await?;
        Ok(answer.into_inner().pushed.unwrap())
    }

    pub(super) async fn push_link(
        &self,
        lesson: &str,
        push_id: PushId,
        link: &str,
    ) -> Answer<wire::Pushed> {
        let link = wire::push_request::What::Link(link.into());
        self.push(lesson, push_id, link).await
    }

    pub(super) async fn acknowledge(
        &self,
        lesson: &str,
        push_id: PushId,
        state: wire::ReceiptState,
    ) -> Answer<()> {
        let request = self.request(wire::AcknowledgeRequest {
            lesson_id: lesson.into(),
            push_id: push_id.to_string(),
            state: state.into(),
        });
        self.client().acknowledge(request).await.map(drop)
    }

    pub(super) async fn hold(&self, lesson: &str, message: &str) -> Answer<wire::Focus> {
        let request = self.request(wire::HoldFocusRequest {
            lesson_id: lesson.into(),
            message: message.into(),
        });
        let answer = self.client().hold_focus(request).await?;
        Ok(answer.into_inner().focus.unwrap())
    }

    pub(super) async fn release(&self, lesson: &str) -> Answer<()> {
        let request = self.request(wire::ReleaseFocusRequest {
            lesson_id: lesson.into(),
        });
        self.client().release_focus(request).await.map(drop)
    }
}

/// An open Watch; dropped, the connection is gone.
pub(super) struct Watching {
    answers: Streaming<wire::WatchResponse>,
    waiting: Vec<wire::LessonEvent>,
    /// From where to go on.
    pub(super) cursor: u64,
}

impl Watching {
    /// The next answer, keep-alives included; `None` when the stream has ended.
    pub(super) async fn answer(&mut self) -> Result<Option<wire::WatchResponse>, Status> {
        let answer = self.answers.message().await?;
        if let Some(answer) = &answer {
            self.cursor = answer.cursor;
        }
        Ok(answer)
    }

    /// The next event.
    pub(super) async fn event(&mut self) -> What {
        loop {
            if !self.waiting.is_empty() {
                return self.waiting.remove(0).what.unwrap();
            }
            let answer = self.answer().await.unwrap();
            self.waiting = answer.expect("the stream goes on").events;
        }
    }

    /// Every event until the stream ends.
    pub(super) async fn rest(mut self) -> Vec<What> {
        let mut events = std::mem::take(&mut self.waiting);
        while let Some(answer) = self.answer().await.unwrap() {
            events.extend(answer.events);
        }
        events
            .into_iter()
            .map(|event| event.what.unwrap())
            .collect()
    }
}

pub(super) fn presence(person: &Person, presence: wire::Presence, is_teacher: bool) -> What {
    What::Presence(wire::PresenceChanged {
        person_id: person.id.to_string(),
        presence: presence.into(),
        is_teacher,
    })
}

pub(super) fn hand(person: &Person, raised: bool) -> What {
    What::Hand(wire::HandChanged {
        person_id: person.id.to_string(),
        raised,
        is_teacher: false,
    })
}

pub(super) fn no_focus() -> What {
    What::Focus(wire::FocusChanged { focus: None })
}

pub(super) fn ended() -> What {
    What::Ended(wire::LessonEnded {})
}
