//! One lesson: its teacher, who publishes, and 35 Watches, which tell how long each event took to arrive.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use preau_harness::Caller;
use preau_proto::classroom::v1::lesson_event::What;
use preau_proto::classroom::v1::lesson_service_client::LessonServiceClient;
use preau_proto::classroom::v1::{
    GetLessonRequest, PushRequest, StartLessonRequest, WatchRequest, WatchResponse, push_request,
};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::Streaming;

pub(crate) type Client = LessonServiceClient<Caller>;

/// Watches opened at the same time: a class comes in bit by bit.
const COMING: usize = 16;
/// Longer than anything takes that is worth measuring.
const PATIENCE: Duration = Duration::from_secs(20);

/// A class and who is in it, each over a connection of their own.
#[derive(Clone)]
pub(crate) struct Class {
    pub(crate) id: String,
    pub(crate) teacher: Client,
    pub(crate) pupils: Vec<Client>,
}

/// A lesson that goes on.
#[derive(Clone)]
pub(crate) struct Room {
    lesson_id: String,
    teacher: Client,
    clock: Instant,
}

/// What all Watches of a side tell: milliseconds from the call that published to the arrival.
pub(crate) struct Arrivals {
    clock: Instant,
    tell: mpsc::UnboundedSender<anyhow::Result<f64>>,
    told: mpsc::UnboundedReceiver<anyhow::Result<f64>>,
}

impl Arrivals {
    pub(crate) fn new() -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let clock = Instant::now();
        Self { clock, tell, told }
    }

    /// The next `count` of them.
    pub(crate) async fn take(&mut self, count: usize) -> anyhow::Result<Vec<f64>> {
        let mut arrivals = Vec::with_capacity(count);
        while arrivals.len() < count {
            let next = tokio::time::timeout(PATIENCE, self.told.recv()).await;
            let next = next.with_context(|| format!("{} of {count} arrived", arrivals.len()))?;
            arrivals.push(next.context("this side holds a sender")??);
        }
        Ok(arrivals)
    }
}

impl Room {
    /// Starts the lesson, opens a Watch for every pupil, and sees that an event arrives at each.
    pub(crate) async fn open(class: &Class, arrivals: &mut Arrivals) -> anyhow::Result<Self> {
        let mut teacher = class.teacher.clone();
        let class_id = class.id.clone();
        let started = teacher
            .start_lesson(StartLessonRequest { class_id })
            .await?;
        let lesson = started.into_inner().lesson.context("a lesson")?;
        let lesson_id = lesson.lesson_id;
        let request = GetLessonRequest {
            lesson_id: lesson_id.clone(),
        };
        let cursor = teacher.get_lesson(request).await?.into_inner().cursor;
        let request = WatchRequest {
            lesson_id: lesson_id.clone(),
            cursor,
        };
        let (clock, tell) = (arrivals.clock, arrivals.tell.clone());
        stream::iter(class.pupils.iter().map(|pupil| {
            let (mut pupil, request, tell) = (pupil.clone(), request.clone(), tell.clone());
            async move {
                let watch = tokio::time::timeout(PATIENCE, pupil.watch(request)).await;
                let answers = watch.context("a Watch is not answered")??.into_inner();
                tokio::spawn(follow(answers, clock, tell));
                anyhow::Ok(())
            }
        }))
        .buffer_unordered(COMING)
        .try_collect::<()>()
        .await?;
        let room = Self {
            lesson_id,
            teacher,
            clock,
        };
        room.publish().await?;
        arrivals.take(class.pupils.len()).await?;
        Ok(room)
    }

    /// Shows the class a link whose title is the time of the call.
    pub(crate) async fn publish(&self) -> anyhow::Result<()> {
        static PUSHES: AtomicU64 = AtomicU64::new(1);
        let push = PUSHES.fetch_add(1, Ordering::Relaxed);
        let request = PushRequest {
            lesson_id: self.lesson_id.clone(),
            push_id: format!("01890000-0000-7000-8000-{push:012x}"),
            title: self.clock.elapsed().as_micros().to_string(),
            what: Some(push_request::What::Link("https://exemple.fr/12".into())),
        };
        let pushed = self.teacher.clone().push(request).await?;
        ensure!(pushed.get_ref().pushed.is_some(), "nothing was pushed");
        Ok(())
    }
}

/// Tells of every event until the stream breaks, which is told too.
async fn follow(
    mut answers: Streaming<WatchResponse>,
    clock: Instant,
    tell: mpsc::UnboundedSender<anyhow::Result<f64>>,
) {
    let failure = loop {
        match next(&mut answers, clock).await {
            Ok(arrived) => {
                for arrival in arrived {
                    // Nobody listens any more: the benchmark is over.
                    let _ = tell.send(Ok(arrival));
                }
            }
            Err(failure) => break failure,
        }
    };
    let _ = tell.send(Err(failure));
}

async fn next(answers: &mut Streaming<WatchResponse>, clock: Instant) -> anyhow::Result<Vec<f64>> {
    let Some(answer) = answers.message().await? else {
        bail!("a Watch ended");
    };
    let now = clock.elapsed();
    let mut arrived = Vec::new();
    for event in answer.events {
        if let Some(What::Pushed(pushed)) = event.what {
            let sent = Duration::from_micros(pushed.title.parse()?);
            arrived.push(now.saturating_sub(sent).as_secs_f64() * 1000.0);
        }
    }
    Ok(arrived)
}
