//! Lessons of the tests' class.

use anyhow::Context as _;
use preau_harness::Caller;
use preau_proto::classroom::v1::lesson_service_client::LessonServiceClient;
use preau_proto::classroom::v1::{
    AcknowledgeRequest, EndLessonRequest, GetLessonRequest, HoldFocusRequest, ListLessonsRequest,
    PushRequest, ReceiptState, ReleaseFocusRequest, SetHandRequest, StartLessonRequest,
    WatchRequest, push_request::What,
};
use tonic::Status;

use super::{Cast, missing};

pub(super) async fn call(
    cast: &Cast,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut lessons = LessonServiceClient::new(caller);
    let lesson_id = lesson(cast).await?;
    Ok(match method {
        "StartLesson" => {
            let class_id = cast.class.id.clone();
            let request = StartLessonRequest { class_id };
            lessons.start_lesson(request).await.map(drop)
        }
        "ListLessons" => lessons.list_lessons(ListLessonsRequest {}).await.map(drop),
        "GetLesson" => {
            let request = GetLessonRequest { lesson_id };
            lessons.get_lesson(request).await.map(drop)
        }
        "EndLesson" => {
            let request = EndLessonRequest { lesson_id };
            lessons.end_lesson(request).await.map(drop)
        }
        "Watch" => {
            let cursor = 0;
            let request = WatchRequest { lesson_id, cursor };
            match lessons.watch(request).await {
                Ok(answers) => answers.into_inner().message().await.map(drop),
                Err(status) => Err(status),
            }
        }
        "SetHand" => {
            let request = SetHandRequest {
                lesson_id,
                raised: true,
                person_id: String::new(),
            };
            lessons.set_hand(request).await.map(drop)
        }
        "Push" => lessons.push(pushing(lesson_id, n)).await.map(drop),
        "Acknowledge" => {
            let request = pushing(lesson_id.clone(), n);
            let push_id = request.push_id.clone();
            let mut teacher = LessonServiceClient::new(cast.class.teacher.caller());
            teacher.push(request).await?;
            let request = AcknowledgeRequest {
                lesson_id,
                push_id,
                state: ReceiptState::Opened.into(),
            };
            lessons.acknowledge(request).await.map(drop)
        }
        "HoldFocus" => {
            let message = String::new();
            let request = HoldFocusRequest { lesson_id, message };
            lessons.hold_focus(request).await.map(drop)
        }
        "ReleaseFocus" => {
            let request = ReleaseFocusRequest { lesson_id };
            lessons.release_focus(request).await.map(drop)
        }
        other => return missing(other),
    })
}

/// The one that the class's teacher gives, started if an earlier cell has ended it.
async fn lesson(cast: &Cast) -> anyhow::Result<String> {
    let class_id = cast.class.id.clone();
    let mut teacher = LessonServiceClient::new(cast.class.teacher.caller());
    let answer = teacher
        .start_lesson(StartLessonRequest { class_id })
        .await?;
    Ok(answer.into_inner().lesson.context("a lesson")?.lesson_id)
}

fn pushing(lesson_id: String, n: usize) -> PushRequest {
    PushRequest {
        lesson_id,
        push_id: format!("01890000-0000-7000-8000-{n:012}"),
        title: "Page 12".into(),
        what: Some(What::Link("https://exemple.fr/".into())),
    }
}
