//! How a device comes by what it is to have.

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use preau_kernel::access::{Authorized, Caller, Facts, Role, Scope};
use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::ReleaseId;
use preau_proto::files::v1::ReadObjectResponse;
use preau_rpc::{Incoming, failure_of};
use tonic::Streaming;

use super::Apps;
use crate::domain::{Device, Refusal, Report, Wanted};
use crate::error::Error;

/// What a device is to have.
pub(crate) struct Desired {
    pub(crate) hash: [u8; 32],
    /// `None`: what the device knows already.
    pub(crate) wanted: Option<Vec<Wanted>>,
}

/// Which bytes of a release; a length of 0 reaches to the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// Bytes of a release, and where they belong.
pub(crate) struct Frame {
    pub(crate) offset: u64,
    pub(crate) data: Bytes,
}

impl Apps {
    /// What the calling device's school wants, unless that is what the device knows.
    pub(crate) async fn desired_state(
        &self,
        incoming: &Incoming,
        known: Option<[u8; 32]>,
    ) -> Result<Desired, Error> {
        let device = itself(&incoming.caller()?)?;
        let hash = self.store.desired_hash(&device).await?;
        if known == Some(hash) {
            return Ok(Desired { hash, wanted: None });
        }
        // Read by one statement and hashed again: what is answered is of one moment.
        let wanted = self.store.wanted(&device).await?;
        Ok(Desired {
            hash: crate::domain::desired_hash(&wanted),
            wanted: Some(wanted),
        })
    }

    /// The bytes of a release that is assigned to the calling device's school; to any other device there is none. Who may
    /// read is decided when reading begins. A device fetches [`MAX_FETCHES`](crate::domain::MAX_FETCHES) at once at most.
    pub(crate) async fn fetch(
        &self,
        incoming: &Incoming,
        id: ReleaseId,
        span: Span,
    ) -> Result<BoxStream<'static, Result<Frame, Failure>>, Error> {
        let caller = incoming.caller()?;
        let Device { id: device, school } = device(&caller)?;
        let release = self.store.assigned_release(school, id).await?;
        let facts = Facts {
            school: release.as_ref().map(|_| school),
            ..Facts::default()
        };
        let release = caller.authorize_hidden("release", &facts, release)?;
        let release = release
            .into_inner()
            .ok_or_else(|| Failure::not_found("release"))?;
        if span.offset > release.size {
            return Err(beyond(span.offset, release.size).into());
        }
        let object = release.available()?;
        let under_way = self.fetches.begin(device);
        let under_way = under_way.ok_or(Refusal::TooManyFetches)?;
        let frames = self
            .objects
            .read(incoming.call(), object, span.offset, span.length)
            .await?;
        let frames = frames.ok_or_else(|| {
            Failure::internal(format!("files has no object {object} of release {id}"))
        })?;
        let frames = placed(frames, span.offset).map(move |frame| {
            // It goes with the stream, however that ends.
            let _ = &under_way;
            frame
        });
        Ok(frames.boxed())
    }

    /// Writes down what the calling device says became of an app.
    pub(crate) async fn report(&self, incoming: &Incoming, report: &Report) -> Result<(), Error> {
        let device = itself(&incoming.caller()?)?;
        let version = match report.outcome.release() {
            Some(id) => {
                let release = self.release(id).await?;
                if release.app != report.app {
                    let problem = "a release of another app";
                    return Err(Failure::invalid("release_id", problem).into());
                }
                release.available()?;
                release.version.as_str().to_owned()
            }
            // Apps that nobody published are no news: a device's rows are no more than there are apps.
            None if self.store.has_app(&report.app).await? => String::new(),
            None => return Err(Failure::not_found("app").into()),
        };
        let now = self.clock.now();
        self.store.report(&device, report, &version, now).await
    }
}

/// Frames with their offsets, each handed on as it comes. Ends after the first failure.
fn placed(
    frames: Streaming<ReadObjectResponse>,
    offset: u64,
) -> impl futures::Stream<Item = Result<Frame, Failure>> + Send {
    stream::unfold(Some((frames, offset)), async |state| {
        let (mut frames, offset) = state?;
        match frames.message().await {
            Ok(None) => None,
            Ok(Some(ReadObjectResponse { data })) => {
                let next = offset.saturating_add(data.len() as u64);
                Some((Ok(Frame { offset, data }), Some((frames, next))))
            }
            Err(status) => Some((Err(failure_of("files", &status)), None)),
        }
    })
}

fn itself(caller: &Caller) -> Result<Authorized<Device>, Failure> {
    let device = device(caller)?;
    Ok(caller.authorize_self()?.map(|_| device))
}

/// A device stands where a person does; its school is that of its one grant.
fn device(caller: &Caller) -> Result<Device, Failure> {
    let principal = caller.principal();
    let school = principal.grants.iter().find_map(|grant| match grant.scope {
        Scope::School(school) if grant.role == Role::Device => Some(school),
        _ => None,
    });
    let school = school.ok_or_else(|| {
        let text = "only an enrolled device of a school has apps: enrol it first";
        Failure::new(Kind::PermissionDenied, "RELATION_MISSING", text)
    })?;
    let id = principal.person.to_string();
    let id = id
        .parse()
        .map_err(|error| Failure::internal(format!("a device's principal: {error}")))?;
    Ok(Device { id, school })
}

fn beyond(offset: u64, size: u64) -> Failure {
    let text = format!("{offset} is beyond the release's end: it has {size} bytes");
    Failure::new(Kind::OutOfRange, "RANGE_OUTSIDE", format!("offset: {text}"))
        .field("offset", text)
        .meta("size", size.to_string())
}
