//! The contract's LessonService: decode → call → encode, nothing else.

use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use preau_proto::classroom::v1 as wire;
use preau_proto::classroom::v1::lesson_service_server::LessonService;
use preau_rpc::Incoming;
use preau_rpc::convert::{id, optional_id};
use preau_storage_database::events::Cursor;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::Error;
use crate::service::{Following, Lessons, Snapshot};

/// LessonService over the use cases.
pub(crate) struct Handler {
    lessons: Arc<Lessons>,
}

type Answers = Pin<Box<dyn Stream<Item = Result<wire::WatchResponse, Status>> + Send>>;

impl Handler {
    pub(crate) fn new(lessons: Arc<Lessons>) -> Self {
        Self { lessons }
    }

    async fn follow(
        &self,
        incoming: Incoming,
        message: &wire::WatchRequest,
    ) -> Result<Answers, Status> {
        let opened = async {
            let lesson = id("lesson_id", &message.lesson_id)?;
            let cursor = Cursor(message.cursor);
            Arc::clone(&self.lessons)
                .watch(&incoming, lesson, cursor)
                .await
        };
        let following = opened.await.map_err(|error| incoming.status(error))?;
        Ok(Box::pin(answers(incoming, following)))
    }
}

/// Ends after the first failure.
fn answers(
    incoming: Incoming,
    following: Following,
) -> impl Stream<Item = Result<wire::WatchResponse, Status>> + Send {
    let state = Some((incoming, following));
    futures::stream::unfold(state, async |state| {
        let (incoming, mut following) = state?;
        match following.next().await {
            Ok(None) => None,
            Ok(Some(answer)) => Some((Ok(answer), Some((incoming, following)))),
            Err(error) => Some((Err(incoming.status(error)), None)),
        }
    })
}

fn wire_snapshot(snapshot: &Snapshot) -> wire::GetLessonResponse {
    let pushed = snapshot.pushed.iter();
    wire::GetLessonResponse {
        lesson: Some(convert::wire_lesson(&snapshot.lesson)),
        participants: snapshot
            .participants
            .iter()
            .map(convert::wire_participant)
            .collect(),
        focus: snapshot.focus.as_ref().map(convert::wire_focus),
        pushed: pushed
            .map(|(push, receipts)| convert::wire_pushed(push, receipts))
            .collect(),
        cursor: snapshot.cursor.0,
    }
}

#[tonic::async_trait]
impl LessonService for Handler {
    type WatchStream = Answers;

    async fn start_lesson(
        &self,
        request: Request<wire::StartLessonRequest>,
    ) -> Result<Response<wire::StartLessonResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let class = id("class_id", &request.get_ref().class_id)?;
            let lesson = self.lessons.start(&incoming, class).await?;
            let lesson = Some(convert::wire_lesson(&lesson));
            Ok::<_, Error>(wire::StartLessonResponse { lesson })
        };
        incoming.answer(outcome.await)
    }

    async fn list_lessons(
        &self,
        request: Request<wire::ListLessonsRequest>,
    ) -> Result<Response<wire::ListLessonsResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let lessons = self.lessons.list(&incoming).await?;
            let lessons = lessons.iter().map(convert::wire_lesson).collect();
            Ok::<_, Error>(wire::ListLessonsResponse { lessons })
        };
        incoming.answer(outcome.await)
    }

    async fn get_lesson(
        &self,
        request: Request<wire::GetLessonRequest>,
    ) -> Result<Response<wire::GetLessonResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let lesson = id("lesson_id", &request.get_ref().lesson_id)?;
            let snapshot = self.lessons.get(&incoming, lesson).await?;
            Ok::<_, Error>(wire_snapshot(&snapshot))
        };
        incoming.answer(outcome.await)
    }

    async fn end_lesson(
        &self,
        request: Request<wire::EndLessonRequest>,
    ) -> Result<Response<wire::EndLessonResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let lesson = id("lesson_id", &request.get_ref().lesson_id)?;
            self.lessons.end(&incoming, lesson).await?;
            Ok::<_, Error>(wire::EndLessonResponse {})
        };
        incoming.answer(outcome.await)
    }

    async fn watch(
        &self,
        request: Request<wire::WatchRequest>,
    ) -> Result<Response<Answers>, Status> {
        let incoming = Incoming::of(&request)?;
        let answers = self.follow(incoming, request.get_ref()).await?;
        Ok(Response::new(answers))
    }

    async fn set_hand(
        &self,
        request: Request<wire::SetHandRequest>,
    ) -> Result<Response<wire::SetHandResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let message = request.get_ref();
            let lesson = id("lesson_id", &message.lesson_id)?;
            let person = optional_id("person_id", &message.person_id)?;
            self.lessons
                .set_hand(&incoming, lesson, person, message.raised)
                .await?;
            Ok::<_, Error>(wire::SetHandResponse {})
        };
        incoming.answer(outcome.await)
    }

    async fn push(
        &self,
        request: Request<wire::PushRequest>,
    ) -> Result<Response<wire::PushResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let lesson = id("lesson_id", &request.get_ref().lesson_id)?;
            let wanted = convert::push(request.get_ref(), self.lessons.now())?;
            let push = self.lessons.push(&incoming, lesson, &wanted).await?;
            let pushed = Some(convert::wire_pushed(&push, &[]));
            Ok::<_, Error>(wire::PushResponse { pushed })
        };
        incoming.answer(outcome.await)
    }

    async fn acknowledge(
        &self,
        request: Request<wire::AcknowledgeRequest>,
    ) -> Result<Response<wire::AcknowledgeResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let lesson = id("lesson_id", &request.get_ref().lesson_id)?;
            let push = id("push_id", &request.get_ref().push_id)?;
            let given = convert::given(request.get_ref())?;
            self.lessons
                .acknowledge(&incoming, lesson, push, given)
                .await?;
            Ok::<_, Error>(wire::AcknowledgeResponse {})
        };
        incoming.answer(outcome.await)
    }

    async fn hold_focus(
        &self,
        request: Request<wire::HoldFocusRequest>,
    ) -> Result<Response<wire::HoldFocusResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let lesson = id("lesson_id", &request.get_ref().lesson_id)?;
            let message = convert::line("message", &request.get_ref().message)?;
            let focus = self.lessons.hold_focus(&incoming, lesson, &message).await?;
            let focus = Some(convert::wire_focus(&focus));
            Ok::<_, Error>(wire::HoldFocusResponse { focus })
        };
        incoming.answer(outcome.await)
    }

    async fn release_focus(
        &self,
        request: Request<wire::ReleaseFocusRequest>,
    ) -> Result<Response<wire::ReleaseFocusResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let lesson = id("lesson_id", &request.get_ref().lesson_id)?;
            self.lessons.release_focus(&incoming, lesson).await?;
            Ok::<_, Error>(wire::ReleaseFocusResponse {})
        };
        incoming.answer(outcome.await)
    }
}
