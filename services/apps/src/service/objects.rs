use bytes::Bytes;
use preau_kernel::clock::Timestamp;
use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::ObjectId;
use preau_mesh::{Call, Channel, Reported, own_request};
use preau_proto::files::v1 as wire;
use preau_proto::files::v1::object_service_client::ObjectServiceClient;
use preau_rpc::convert::time;
use preau_rpc::{failure_of, reason_of};
use tonic::{Status, Streaming};

/// The bytes of releases, which are objects of `files`: it alone holds the vault. All calls are this workload's own.
pub(crate) struct Objects {
    client: ObjectServiceClient<Channel>,
}

/// How bytes are to be cut, and runs (first, count) of parts that are not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) part_size: u32,
    pub(crate) part_count: u32,
    pub(crate) missing: Vec<(u32, u32)>,
}

/// A new object.
pub(crate) struct Created {
    pub(crate) object: ObjectId,
    pub(crate) plan: Plan,
    pub(crate) expires_at: Timestamp,
}

/// What an object turned out to be when it was to be committed.
pub(crate) enum Committed {
    Whole,
    /// Its bytes hash to something else.
    WrongHash,
    /// Its time was up, or it was deleted.
    Gone,
}

impl Objects {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            client: ObjectServiceClient::new(channel),
        }
    }

    pub(crate) async fn create(&self, call: &Call, size: u64) -> Result<Created, Failure> {
        let request = call.detached_request(wire::CreateObjectRequest { size });
        let answer = self.client.clone().create_object(request).await;
        let created = answer.map_err(|status| relayed(&status))?.into_inner();
        let broken = |what: &dyn std::fmt::Display| {
            Failure::internal(format!("files answered an object: {what}"))
        };
        let object = created.object_id.parse().map_err(|error| broken(&error))?;
        let expires_at = time("expires_at", &created.expires_at.unwrap_or_default());
        let (part_size, part_count) = (created.part_size, created.part_count);
        Ok(Created {
            object,
            plan: Plan {
                part_size,
                part_count,
                missing: vec![(0, part_count)],
            },
            expires_at: expires_at.map_err(|failure| broken(&failure.message))?,
        })
    }

    /// How far an object has come; `None`: it is gone.
    pub(crate) async fn plan(
        &self,
        call: &Call,
        object: ObjectId,
    ) -> Result<Option<Plan>, Failure> {
        let object_id = object.to_string();
        let request = call.detached_request(wire::GetObjectRequest { object_id });
        let state = match self.client.clone().get_object(request).await {
            Ok(state) => state.into_inner(),
            Err(status) if is_gone(&status) => return Ok(None),
            Err(status) => return Err(relayed(&status)),
        };
        let runs = state.missing.into_iter();
        Ok(Some(Plan {
            part_size: state.part_size,
            part_count: state.part_count,
            missing: runs.map(|run| (run.first, run.count)).collect(),
        }))
    }

    /// Stores a part; answers how many are missing, or `None` when the object is gone.
    pub(crate) async fn put(
        &self,
        call: &Call,
        object: ObjectId,
        index: u32,
        sha256: [u8; 32],
        data: Bytes,
    ) -> Result<Option<u32>, Failure> {
        let request = call.detached_request(wire::PutObjectPartRequest {
            object_id: object.to_string(),
            index,
            sha256: sha256.to_vec(),
            data,
        });
        match self.client.clone().put_object_part(request).await {
            Ok(answer) => Ok(Some(answer.get_ref().missing)),
            Err(status) if is_gone(&status) => Ok(None),
            Err(status) => Err(relayed(&status)),
        }
    }

    pub(crate) async fn commit(
        &self,
        call: &Call,
        object: ObjectId,
        blake3: [u8; 32],
    ) -> Result<Committed, Failure> {
        let request = call.detached_request(wire::CommitObjectRequest {
            object_id: object.to_string(),
            blake3: blake3.to_vec(),
        });
        match self.client.clone().commit_object(request).await {
            Ok(_) => Ok(Committed::Whole),
            Err(status) if is_gone(&status) => Ok(Committed::Gone),
            Err(status) if reason_of(&status).as_deref() == Some("HASH_MISMATCH") => {
                Ok(Committed::WrongHash)
            }
            Err(status) => Err(relayed(&status)),
        }
    }

    /// The bytes of a committed object from an offset; a length of 0 reaches to the end. `None`: it is gone.
    pub(crate) async fn read(
        &self,
        call: &Call,
        object: ObjectId,
        offset: u64,
        length: u64,
    ) -> Result<Option<Streaming<wire::ReadObjectResponse>>, Failure> {
        let request = call.detached_request(wire::ReadObjectRequest {
            object_id: object.to_string(),
            offset,
            length,
        });
        match self.client.clone().read_object(request).await {
            Ok(frames) => Ok(Some(frames.into_inner())),
            Err(status) if is_gone(&status) => Ok(None),
            Err(status) => Err(relayed(&status)),
        }
    }

    /// Lets go of an object. Nobody's call: nobody waits for it.
    pub(crate) async fn delete(&self, object: ObjectId) -> Result<(), Failure> {
        let object_id = object.to_string();
        let request = own_request(wire::DeleteObjectRequest { object_id });
        let deleted = self.client.clone().delete_object(request).await;
        deleted.map_err(|status| relayed(&status))?;
        Ok(())
    }
}

fn is_gone(status: &Status) -> bool {
    matches!(
        reason_of(status).as_deref(),
        Some("NOT_FOUND" | "OBJECT_EXPIRED")
    )
}

/// What `files` finds wrong with what our caller sent is our caller's to mend; anything else is not.
fn relayed(status: &Status) -> Failure {
    let reported = Reported::of(status);
    let text = |own: &'static str| own.to_owned();
    let said = || status.message().to_owned();
    let (kind, reason, text) = match reported.reason.as_str() {
        "PART_INDEX_WRONG" => (Kind::InvalidArgument, "PART_INDEX_WRONG", said()),
        "PART_LENGTH_WRONG" => (Kind::InvalidArgument, "PART_LENGTH_WRONG", said()),
        "PART_HASH_WRONG" => (Kind::InvalidArgument, "PART_HASH_WRONG", said()),
        "PART_CONFLICT" => (
            Kind::FailedPrecondition,
            "PART_CONFLICT",
            text(
                "other bytes are stored under this index: send the other parts and finish the release, which drops \
                 bytes that are not the manifest's",
            ),
        ),
        "PARTS_MISSING" => (
            Kind::FailedPrecondition,
            "PARTS_MISSING",
            text("parts are missing: send them, then finish the release again"),
        ),
        "OBJECT_COMMITTED" => (
            Kind::FailedPrecondition,
            "PARTS_COMPLETE",
            text("the release's bytes are all there: finish it"),
        ),
        "STORAGE_FULL" => (Kind::Exhausted, "STORAGE_FULL", said()),
        _ => return failure_of("files", status),
    };
    let mut failure = Failure::new(kind, reason, text);
    failure.fields = reported.fields;
    let missing = reported.metadata.get("missing").cloned();
    match missing {
        Some(missing) => failure.meta("missing", missing),
        None => failure,
    }
}
