//! Bare tonic on a free loopback port: what the `lesson` benchmark compares the platform with.
//!
//! One thing to know: [`serve`], which hands every push of a lesson to whoever watches it and keeps nothing.
//! `preau-bench-bare-lessons` is it in a process of its own, so that processor time can be told apart.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use futures::stream::{BoxStream, StreamExt as _};
use preau_proto::classroom::v1 as wire;
use preau_proto::classroom::v1::lesson_event::What;
use preau_proto::classroom::v1::lesson_service_server::{LessonService, LessonServiceServer};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// Events that wait for a slow reader; one that falls behind them ends the benchmark.
const WAITING: usize = 64;

/// Serves until the process ends, after telling `ready` where.
///
/// # Errors
/// A port that cannot be bound.
pub async fn serve(ready: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    let address: SocketAddr = ([127, 0, 0, 1], 0).into();
    let incoming = TcpIncoming::bind(address)
        .map_err(|error| anyhow::anyhow!("{error}"))?
        .with_nodelay(Some(true));
    ready(incoming.local_addr().context("the bound address")?);
    Server::builder()
        .add_service(LessonServiceServer::new(Bare::default()))
        .serve_with_incoming(incoming)
        .await
        .context("serving")
}

/// Lessons by id, made when somebody asks for one.
#[derive(Default)]
struct Bare(Mutex<HashMap<String, broadcast::Sender<wire::Pushed>>>);

impl Bare {
    fn lesson(&self, id: String) -> broadcast::Sender<wire::Pushed> {
        let mut lessons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lessons
            .entry(id)
            .or_insert_with(|| broadcast::Sender::new(WAITING))
            .clone()
    }
}

fn not_needed<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("not needed by the benchmark"))
}

fn told(pushed: wire::Pushed) -> wire::WatchResponse {
    let event = wire::LessonEvent {
        cursor: 1,
        at: pushed.pushed_at,
        what: Some(What::Pushed(pushed)),
    };
    wire::WatchResponse {
        events: vec![event],
        cursor: 1,
    }
}

#[tonic::async_trait]
impl LessonService for Bare {
    type WatchStream = BoxStream<'static, Result<wire::WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<wire::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let pushes = self.lesson(request.into_inner().lesson_id).subscribe();
        let answers = BroadcastStream::new(pushes).map(|pushed| match pushed {
            Ok(pushed) => Ok(told(pushed)),
            Err(lagged) => Err(Status::data_loss(lagged.to_string())),
        });
        Ok(Response::new(answers.boxed()))
    }

    async fn push(
        &self,
        request: Request<wire::PushRequest>,
    ) -> Result<Response<wire::PushResponse>, Status> {
        let request = request.into_inner();
        let pushed = wire::Pushed {
            push_id: request.push_id,
            what: request.what.map(what),
            title: request.title,
            pushed_at: None,
            receipts: Vec::new(),
        };
        // Nobody watches yet: nothing to hand on.
        let _ = self.lesson(request.lesson_id).send(pushed.clone());
        Ok(Response::new(wire::PushResponse {
            pushed: Some(pushed),
        }))
    }

    async fn start_lesson(
        &self,
        request: Request<wire::StartLessonRequest>,
    ) -> Result<Response<wire::StartLessonResponse>, Status> {
        let lesson = wire::Lesson {
            lesson_id: request.into_inner().class_id,
            ..wire::Lesson::default()
        };
        Ok(Response::new(wire::StartLessonResponse {
            lesson: Some(lesson),
        }))
    }

    async fn get_lesson(
        &self,
        _: Request<wire::GetLessonRequest>,
    ) -> Result<Response<wire::GetLessonResponse>, Status> {
        Ok(Response::new(wire::GetLessonResponse::default()))
    }

    async fn list_lessons(
        &self,
        _: Request<wire::ListLessonsRequest>,
    ) -> Result<Response<wire::ListLessonsResponse>, Status> {
        not_needed()
    }

    async fn end_lesson(
        &self,
        _: Request<wire::EndLessonRequest>,
    ) -> Result<Response<wire::EndLessonResponse>, Status> {
        not_needed()
    }

    async fn set_hand(
        &self,
        _: Request<wire::SetHandRequest>,
    ) -> Result<Response<wire::SetHandResponse>, Status> {
        not_needed()
    }

    async fn acknowledge(
        &self,
        _: Request<wire::AcknowledgeRequest>,
    ) -> Result<Response<wire::AcknowledgeResponse>, Status> {
        not_needed()
    }

    async fn hold_focus(
        &self,
        _: Request<wire::HoldFocusRequest>,
    ) -> Result<Response<wire::HoldFocusResponse>, Status> {
        not_needed()
    }

    async fn release_focus(
        &self,
        _: Request<wire::ReleaseFocusRequest>,
    ) -> Result<Response<wire::ReleaseFocusResponse>, Status> {
        not_needed()
    }
}

fn what(what: wire::push_request::What) -> wire::pushed::What {
    match what {
        wire::push_request::What::Link(link) => wire::pushed::What::Link(link),
        wire::push_request::What::NodeId(node) => wire::pushed::What::NodeId(node),
    }
}
