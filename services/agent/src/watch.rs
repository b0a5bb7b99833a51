//! The stream of commands: opened again whenever it ends, from where the journal says.

use std::time::Duration;

use preau_kernel::clock::Timestamp;
use preau_proto::devices::v1::action::What as Told;
use preau_proto::devices::v1::agent_service_client::AgentServiceClient;
use preau_proto::devices::v1::{Command, WatchRequest, WatchResponse};
use tokio::time::{Instant, timeout};
use tonic::{Code, Status};

use crate::device::{Device, Event, Using};
use crate::link::{Link, reason};
use crate::renew;
use crate::retry::Backoff;
use crate::state::{Taken, What};

/// How long a stream may take to begin.
const BEGIN: Duration = Duration::from_secs(15);
const CURSOR_UNKNOWN: &str = "CURSOR_UNKNOWN";
/// How often a renewed certificate may fail before the one before it is used again.
const DOUBTS: u32 = 3;

/// Watches for ever.
pub(crate) async fn watching(device: &Device) {
    let mut backoff = Backoff::default();
    let mut doubts = 0;
    loop {
        let began_at = Instant::now();
        let (link, using) = device.link();
        let mut began = false;
        let end = tokio::select! {
            end = watch(device, &link, &mut began) => end,
            () = device.relink.notified() => continue,
        };
        let status = end.err();
        let ended = device.store.read(|journal| journal.credential.expires_at);
        if !began && device.clock.now().0 > ended {
            tracing::error!(
                "the certificate has ended, or the clock of this machine is wrong: look at the clock, then enrol the device anew into an empty directory"
            );
        }
        if using == Using::Next && !began {
            doubts += 1;
            let refused = status.as_ref().map(Status::code) == Some(Code::Unauthenticated);
            if refused || doubts >= DOUBTS {
                renew::fall_back(device).await;
                doubts = 0;
            }
        } else {
            doubts = 0;
        }
        let wait = {
            let mut random = rand::rng();
            match began {
                true => backoff.after_use(began_at, status.as_ref(), &mut random),
                false => backoff.after(status.as_ref(), &mut random),
            }
        };
        let status = status.as_ref();
        device.event(Event::Unwatched {
            status,
            began,
            wait,
        });
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = device.relink.notified() => {}
        }
    }
}

/// Watches until the stream ends.
async fn watch(device: &Device, link: &Link, began: &mut bool) -> Result<(), Status> {
    let cursor = device.store.read(|journal| journal.cursor);
    let opened = link
        .call(BEGIN, WatchRequest { cursor }, |wire, request| {
            Box::pin(async move { AgentServiceClient::new(wire).watch(request).await })
        })
        .await;
    let mut stream = match opened {
        Ok(stream) => stream,
        Err(status) => return Err(lost_place(device, status).await),
    };
    loop {
        let Ok(said) = timeout(device.timing.silence, stream.message()).await else {
            // What lies between may have lost the connection without a word to either side.
            link.hang_up().await;
            let seconds = device.timing.silence.as_secs();
            return Err(Status::unavailable(format!(
                "not a word from the server for {seconds} s"
            )));
        };
        match said {
            Ok(Some(response)) => {
                if !std::mem::replace(began, true) {
                    device.event(Event::Watching);
                    renew::proven(device).await;
                }
                take(device, response).await?;
            }
            Ok(None) => return Ok(()),
            Err(status) => return Err(lost_place(device, status).await),
        }
    }
}

/// A cursor that the server cannot serve, of a database before this one perhaps: from the beginning then. What was
/// done is not done again.
async fn lost_place(device: &Device, status: Status) -> Status {
    let unknown =
        status.code() == Code::OutOfRange || reason(&status).as_deref() == Some(CURSOR_UNKNOWN);
    if !unknown {
        return status;
    }
    match device.store.change(|journal| journal.cursor = 0).await {
        Ok(()) => status,
        Err(error) => Status::internal(error.to_string()),
    }
}

/// Writes down what was told, before anything is done about it.
async fn take(device: &Device, response: WatchResponse) -> Result<(), Status> {
    let told: Vec<Taken> = response
        .commands
        .into_iter()
        .filter_map(understood)
        .collect();
    let (now, cursor, offset) = (device.clock.now(), response.cursor, device.clock.offset());
    let taken = device.store.change(|journal| {
        journal.clock_offset = offset;
        journal.take(told, cursor.max(journal.cursor), now)
    });
    // Not written down: the stream begins again from the cursor before it.
    let taken = taken
        .await
        .map_err(|error| Status::internal(error.to_string()))?;
    if taken > 0 {
        device.event(Event::Taken(taken));
        device.news.send_modify(|count| *count += 1);
    }
    if !response.desired_state.is_empty() || device.told.borrow().is_none() {
        let hash = response.desired_state;
        device.told.send_if_modified(|told| {
            let changed = told.as_ref() != Some(&hash);
            *told = Some(hash);
            changed
        });
    }
    Ok(())
}

/// A command as the journal keeps it. One without a readable id cannot be answered for.
fn understood(command: Command) -> Option<Taken> {
    let what = match command.action.and_then(|action| action.what) {
        Some(Told::Message(message)) => What::Message { text: message.text },
        Some(Told::Lock(lock)) => What::Lock {
            notice: lock.notice,
        },
        Some(Told::Unlock(_)) => What::Unlock,
        None => What::Unknown,
    };
    let expires_at = command
        .expires_at
        .and_then(|at| Timestamp::from_seconds_and_nanos(at.seconds, at.nanos));
    Some(Taken {
        id: command.command_id.parse().ok()?,
        what,
        expires_at: expires_at.map_or(i64::MAX, |at| at.0),
    })
}
