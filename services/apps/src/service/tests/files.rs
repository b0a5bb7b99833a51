//! A `files` that keeps objects in memory, behind the contract's own service: as strict as the real one.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::ObjectId;
use preau_mesh::RoleServer;
use preau_proto::files::v1 as wire;
use preau_proto::files::v1::object_service_server::{ObjectService, ObjectServiceServer};
use preau_rpc::Incoming;
use preau_rpc::convert::wire_time;
use tonic::{Request, Response, Status};

use super::publisher::sha256;

/// Bytes of a part here.
pub(super) const PART: usize = 1024;
/// Bytes of a frame here.
const FRAME: usize = 400;

/// How long an object may take.
pub(super) const LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);

#[derive(Clone)]
pub(super) struct TestFiles {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    objects: HashMap<String, Object>,
    is_away: bool,
    /// Frames until a read breaks off.
    breaks_after: Option<usize>,
    /// Frames until a read waits for ever.
    holds_after: Option<usize>,
}

#[derive(Clone)]
struct Object {
    size: usize,
    parts: BTreeMap<usize, Vec<u8>>,
    committed: bool,
    expires_at: Timestamp,
}

impl Object {
    fn count(&self) -> usize {
        self.size.div_ceil(PART)
    }

    fn missing(&self) -> Vec<usize> {
        let all = 0..self.count();
        all.filter(|index| !self.parts.contains_key(index))
            .collect()
    }

    fn bytes(&self) -> Vec<u8> {
        self.parts.values().flatten().copied().collect()
    }
}

impl TestFiles {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Arc::default(),
        }
    }

    pub(super) fn server(&self) -> RoleServer {
        RoleServer::new("files").add_service(ObjectServiceServer::new(self.clone()))
    }

    /// How many objects there are.
    pub(super) fn count(&self) -> usize {
        self.state.lock().unwrap().objects.len()
    }

    /// Answers nothing but UNAVAILABLE, or works again.
    pub(super) fn be_away(&self, is_away: bool) {
        self.state.lock().unwrap().is_away = is_away;
    }

    /// The next read breaks off after this many frames.
    pub(super) fn break_after(&self, frames: usize) {
        self.state.lock().unwrap().breaks_after = Some(frames);
    }

    /// Readers get so many frames, and then wait for ever.
    pub(super) fn hold_after(&self, frames: usize) {
        self.state.lock().unwrap().holds_after = Some(frames);
    }

    fn with<T>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Object) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut state = self.state.lock().unwrap();
        check_here(&state)?;
        let object = state.objects.get_mut(id);
        let object = object.ok_or_else(|| Failure::not_found("object"))?;
        if !object.committed && object.expires_at <= self.clock.now() {
            return Err(precondition("OBJECT_EXPIRED"));
        }
        change(object)
    }
}

fn check_here(state: &State) -> Result<(), Failure> {
    if state.is_away {
        return Err(Failure::new(Kind::Unavailable, "AWAY", "away, for a test"));
    }
    Ok(())
}

fn precondition(reason: &'static str) -> Failure {
    Failure::new(Kind::FailedPrecondition, reason, "as files says it")
}

fn wrong(reason: &'static str, field: &str) -> Failure {
    Failure::new(Kind::InvalidArgument, reason, "as files says it").field(field, "as files says it")
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap()
}

fn put(object: &mut Object, message: wire::PutObjectPartRequest) -> Result<u32, Failure> {
    let index = usize::try_from(message.index).unwrap();
    let expected = object.size.saturating_sub(index * PART).min(PART);
    let known = object.parts.get(&index);
    if object.committed {
        return Err(precondition("OBJECT_COMMITTED"));
    }
    if index >= object.count() {
        return Err(wrong("PART_INDEX_WRONG", "index"));
    }
    if message.data.len() != expected {
        return Err(wrong("PART_LENGTH_WRONG", "data"));
    }
    if sha256(&message.data) != message.sha256 {
        return Err(wrong("PART_HASH_WRONG", "sha256"));
    }
    if known.is_some_and(|known| known[..] != message.data[..]) {
        return Err(precondition("PART_CONFLICT"));
    }
    object.parts.insert(index, message.data.to_vec());
    Ok(number(object.missing().len()))
}

fn commit(object: &mut Object, blake3: &[u8]) -> Result<u64, Failure> {
    if !object.missing().is_empty() {
        return Err(precondition("PARTS_MISSING").meta("missing", "0"));
    }
    if blake3::hash(&object.bytes()).as_bytes() != blake3 {
        return Err(wrong("HASH_MISMATCH", "blake3"));
    }
    object.committed = true;
    Ok(u64::try_from(object.size).unwrap())
}

fn read(object: &Object, message: &wire::ReadObjectRequest) -> Result<Vec<u8>, Failure> {
    if !object.committed {
        return Err(precondition("OBJECT_OPEN"));
    }
    let bytes = object.bytes();
    let offset = usize::try_from(message.offset).unwrap();
    let rest = bytes.get(offset..);
    let rest = rest.ok_or_else(|| Failure::new(Kind::OutOfRange, "RANGE_OUTSIDE", "outside"))?;
    let length = match message.length {
        0 => rest.len(),
        length => rest.len().min(usize::try_from(length).unwrap()),
    };
    Ok(rest[..length].to_vec())
}

type Frames = Pin<Box<dyn Stream<Item = Result<wire::ReadObjectResponse, Status>> + Send>>;

#[tonic::async_trait]
impl ObjectService for TestFiles {
    type ReadObjectStream = Frames;

    async fn create_object(
        &self,
        request: Request<wire::CreateObjectRequest>,
    ) -> Result<Response<wire::CreateObjectResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let mut state = self.state.lock().unwrap();
        incoming.answer(check_here(&state).map(|()| {
            let object = Object {
                size: usize::try_from(request.get_ref().size).unwrap(),
                parts: BTreeMap::new(),
                committed: false,
                expires_at: self.clock.now().plus(LIFETIME),
            };
            let id = ObjectId::new().to_string();
            state.objects.insert(id.clone(), object.clone());
            wire::CreateObjectResponse {
                object_id: id,
                part_size: number(PART),
                part_count: number(object.count()),
                expires_at: Some(wire_time(object.expires_at)),
            }
        }))
    }

    async fn put_object_part(
        &self,
        request: Request<wire::PutObjectPartRequest>,
    ) -> Result<Response<wire::PutObjectPartResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let message = request.into_inner();
        let id = message.object_id.clone();
        let missing = self.with(&id, |object| put(object, message));
        incoming.answer(missing.map(|missing| wire::PutObjectPartResponse { missing }))
    }

    async fn get_object(
        &self,
        request: Request<wire::GetObjectRequest>,
    ) -> Result<Response<wire::GetObjectResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let found = self.with(&request.get_ref().object_id, |object| Ok(object.clone()));
        incoming.answer(found.map(|object| {
            let missing = object.missing().into_iter();
            wire::GetObjectResponse {
                size: u64::try_from(object.size).unwrap(),
                part_size: number(PART),
                part_count: number(object.count()),
                missing: missing
                    .map(|index| wire::ObjectRun {
                        first: number(index),
                        count: 1,
                    })
                    .collect(),
                committed: object.committed,
            }
        }))
    }

    async fn commit_object(
        &self,
        request: Request<wire::CommitObjectRequest>,
    ) -> Result<Response<wire::CommitObjectResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let message = request.get_ref();
        let size = self.with(&message.object_id, |object| commit(object, &message.blake3));
        incoming.answer(size.map(|size| wire::CommitObjectResponse { size }))
    }

    async fn read_object(
        &self,
        request: Request<wire::ReadObjectRequest>,
    ) -> Result<Response<Frames>, Status> {
        let incoming = Incoming::of(&request)?;
        let message = request.get_ref();
        let bytes = self.with(&message.object_id, |object| read(object, message));
        let bytes = bytes.map_err(|failure| incoming.status(failure))?;
        let breaks_after = self.state.lock().unwrap().breaks_after.take();
        let frame = |data: &[u8]| {
            Ok(wire::ReadObjectResponse {
                data: bytes::Bytes::copy_from_slice(data),
            })
        };
        let mut frames: Vec<_> = bytes.chunks(FRAME).map(frame).collect();
        if let Some(frames_left) = breaks_after {
            frames.truncate(frames_left);
            frames.push(Err(Status::unavailable("broken off, for a test")));
        }
        match self.state.lock().unwrap().holds_after {
            Some(frames_before) => {
                frames.truncate(frames_before);
                let held = stream::iter(frames).chain(stream::pending());
                Ok(Response::new(Box::pin(held)))
            }
            None => Ok(Response::new(Box::pin(stream::iter(frames)))),
        }
    }

    async fn delete_object(
        &self,
        request: Request<wire::DeleteObjectRequest>,
    ) -> Result<Response<wire::DeleteObjectResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let mut state = self.state.lock().unwrap();
        incoming.answer(check_here(&state).map(|()| {
            state.objects.remove(&request.get_ref().object_id);
            wire::DeleteObjectResponse {}
        }))
    }
}
