//! Wire messages to domain types, once, and back.

mod installation;
mod manifest;

pub(crate) use installation::{report, wire_assignment, wire_installation};
pub(crate) use manifest::{manifest, signed};

use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_kernel::paging::Keyset;
use preau_proto::apps::v1 as wire;
use preau_rpc::convert::wire_time;

use crate::domain::{AppId, Line, PublicKey, Publisher, Release, ReleaseState, Wanted};
use crate::service::Plan;
use crate::store::{InstallationKey, ReleaseKey};

pub(crate) fn app(text: &str) -> Result<AppId, Failure> {
    AppId::parse(text).map_err(|error| Failure::invalid("app", error.to_string()))
}

/// An app that a list is narrowed to; empty: every one.
pub(crate) fn optional_app(text: &str) -> Result<Option<AppId>, Failure> {
    if text.is_empty() {
        Ok(None)
    } else {
        app(text).map(Some)
    }
}

pub(crate) fn label(field: &str, text: &str) -> Result<Line, Failure> {
    Line::label(text).map_err(|error| Failure::invalid(field, error.to_string()))
}

pub(crate) fn public_key(bytes: &[u8]) -> Result<PublicKey, Failure> {
    PublicKey::parse(bytes).map_err(|error| Failure::invalid("public_key", error.to_string()))
}

/// A hash of 32 bytes.
pub(crate) fn hash(field: &str, bytes: &[u8]) -> Result<[u8; 32], Failure> {
    bytes
        .try_into()
        .map_err(|_| Failure::invalid(field, format!("{} bytes long: a hash has 32", bytes.len())))
}

/// A hash of 32 bytes, or none at all.
pub(crate) fn optional_hash(field: &str, bytes: &[u8]) -> Result<Option<[u8; 32]>, Failure> {
    if bytes.is_empty() {
        Ok(None)
    } else {
        hash(field, bytes).map(Some)
    }
}

/// The release that a page starts after.
pub(crate) fn after_release(token: &str) -> Result<Option<ReleaseKey>, Failure> {
    let Some(Keyset(parts)) = Keyset::parse(token, 3)? else {
        return Ok(None);
    };
    let key = match <[String; 3]>::try_from(parts) {
        Ok([app, at, release]) => at.parse().ok().map(|at| ReleaseKey {
            app,
            at: Timestamp(at),
            release,
        }),
        Err(_) => None,
    };
    key.ok_or_else(not_a_token).map(Some)
}

/// The installation that a page starts after: before all for the first page.
pub(crate) fn after_installation(token: &str) -> Result<InstallationKey, Failure> {
    let parts = Keyset::parse(token, 2)?.map(|Keyset(parts)| parts);
    match parts.map(<[String; 2]>::try_from) {
        None => Ok(InstallationKey::default()),
        Some(Ok([device, app])) => Ok(InstallationKey { device, app }),
        Some(Err(_)) => Err(not_a_token()),
    }
}

fn not_a_token() -> Failure {
    let problem = "not a token of this list: start from the first page";
    Failure::invalid("page_token", problem)
}

pub(crate) fn wire_publisher(publisher: &Publisher) -> wire::Publisher {
    wire::Publisher {
        key_id: publisher.key.id().as_str().to_owned(),
        name: publisher.name.as_str().to_owned(),
        public_key: publisher.key.bytes().to_vec(),
        added_at: Some(wire_time(publisher.added_at)),
    }
}

pub(crate) fn wire_release(release: &Release) -> wire::Release {
    let state = match release.state {
        ReleaseState::Uploading(_) => wire::ReleaseState::Uploading,
        ReleaseState::Available(_) => wire::ReleaseState::Available,
    };
    wire::Release {
        release_id: release.id.to_string(),
        app: release.app.as_str().to_owned(),
        name: release.name.as_str().to_owned(),
        version: release.version.as_str().to_owned(),
        size: release.size,
        state: state.into(),
        publisher_key_id: release.publisher.as_str().to_owned(),
        created_at: Some(wire_time(release.created_at)),
    }
}

pub(crate) fn wire_plan(plan: Plan) -> wire::UploadPlan {
    let run = |(first, count)| wire::MissingRun { first, count };
    wire::UploadPlan {
        part_size: plan.part_size,
        part_count: plan.part_count,
        missing: plan.missing.into_iter().map(run).collect(),
    }
}

pub(crate) fn wire_wanted(wanted: Wanted) -> wire::Wanted {
    wire::Wanted {
        release_id: wanted.release.to_string(),
        manifest: wanted.signed.manifest,
        signature: wanted.signed.signature.to_vec(),
        publisher_key_id: wanted.publisher.as_str().to_owned(),
    }
}
