//! Wire messages to domain types, once, and back.

use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_kernel::names::Name;
use preau_kernel::paging::Keyset;
use preau_proto::files::v1 as wire;
use preau_proto::files::v1::get_node_request;
use preau_proto::roster::v1 as roster;
use preau_rpc::convert::{id, optional_id, part, wire_time};

use crate::domain::{Body, Holder, Link, MyClass, Node, NodePath, Object, ObjectState};
use crate::service::{MAX_PARALLEL, MintedLink, MySpace, Place, Progress, Span, Which};
use crate::store::TrashKey;

/// A name that a node is given. What is stored is read by `Name::parse` alone: it may be older than a rule here.
pub(crate) fn name(text: &str) -> Result<Name, Failure> {
    Name::parse_for_disk(text).map_err(|error| Failure::invalid("name", error.to_string()))
}

pub(crate) fn which(message: &wire::GetNodeRequest) -> Result<Which, Failure> {
    match &message.which {
        Some(get_node_request::Which::NodeId(node)) => id("node_id", node).map(Which::Id),
        Some(get_node_request::Which::Path(path)) => NodePath::parse(path)
            .map(Which::Path)
            .map_err(|error| Failure::invalid("path", error.to_string())),
        None => Err(Failure::invalid("which", "say a node_id or a path")),
    }
}

/// The key a page starts after: empty, which sorts before every key, for the first page.
pub(crate) fn after(token: &str) -> Result<String, Failure> {
    let key = Keyset::parse(token, 1)?;
    let after = key
        .and_then(|Keyset(parts)| parts.into_iter().next())
        .unwrap_or_default();
    // A forged token may hold a NUL, which no name has and PostgreSQL refuses.
    if after.contains('\0') {
        let problem = "not a token of this list: start from the first page";
        return Err(Failure::invalid("page_token", problem));
    }
    Ok(after)
}

/// The node that a page of the trash starts after: one later than all for the first page.
pub(crate) fn after_in_trash(token: &str) -> Result<TrashKey, Failure> {
    let Some(Keyset(parts)) = Keyset::parse(token, 2)? else {
        return Ok((Timestamp(i64::MAX), String::new()));
    };
    let key = match <[String; 2]>::try_from(parts) {
        Ok([at, node]) => at.parse().ok().map(|at| (Timestamp(at), node)),
        Err(_) => None,
    };
    key.ok_or_else(|| {
        let problem = "not a token of this list: start from the first page";
        Failure::invalid("page_token", problem)
    })
}

/// A target of a move or a copy.
pub(crate) fn place(to_space: &str, to_parent: &str) -> Result<Place, Failure> {
    Ok(Place {
        space: id("to_space_id", to_space)?,
        parent: optional_id("to_parent_id", to_parent)?,
    })
}

/// A length of 0 reaches to the end.
pub(crate) fn span(offset: u64, length: u64) -> Span {
    Span {
        offset,
        length: (length > 0).then_some(length),
    }
}

/// Where the gateway serves a link.
pub(crate) fn wire_link(link: MintedLink) -> wire::CreateDownloadLinkResponse {
    wire::CreateDownloadLinkResponse {
        path: format!("/d/{}", link.token),
        expires_at: Some(wire_time(link.expires_at)),
    }
}

pub(crate) fn wire_opened(link: &Link) -> wire::Opened {
    wire::Opened {
        name: link.name.as_str().to_owned(),
        size: link.file.size,
        blake3: link.file.blake3.to_vec(),
    }
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

/// A class as the roster tells it; what does not read is the roster's fault, not the caller's.
pub(crate) fn my_class(mine: roster::Part, class: roster::Class) -> Result<MyClass, Failure> {
    let broken = |error: &dyn std::fmt::Display| {
        Failure::internal(format!("roster answered a class: {error}"))
    };
    Ok(MyClass {
        id: class.class_id.parse().map_err(|error| broken(&error))?,
        school: class.school_id.parse().map_err(|error| broken(&error))?,
        authority: class.authority_id.parse().map_err(|error| broken(&error))?,
        name: class.name,
        part: part(mine).ok_or_else(|| broken(&"without the caller's part"))?,
    })
}

pub(crate) fn wire_space(mine: MySpace) -> wire::Space {
    let MySpace {
        space,
        may_moderate,
    } = mine;
    let (kind, class_id) = match space.holder {
        Holder::Class { id, .. } => (wire::SpaceKind::Class, id.to_string()),
        Holder::Person(_) => (wire::SpaceKind::Personal, String::new()),
    };
    wire::Space {
        space_id: space.id.to_string(),
        name: space.name,
        class_id,
        kind: kind.into(),
        may_moderate,
    }
}

pub(crate) fn wire_node(node: &Node) -> wire::Node {
    let content = match &node.body {
        Body::Folder => None,
        Body::File(file) => Some(wire::FileContent {
            size: file.size,
            blake3: file.blake3.to_vec(),
        }),
    };
    wire::Node {
        node_id: node.id.to_string(),
        space_id: node.space.to_string(),
        parent_id: node
            .parent
            .map(|parent| parent.to_string())
            .unwrap_or_default(),
        name: node.name.as_str().to_owned(),
        content,
        created_by: node.created_by.to_string(),
        created_at: Some(wire_time(node.created_at)),
        deleted_at: node.deleted_at.map(wire_time),
    }
}

pub(crate) fn wire_upload(progress: Progress) -> wire::Upload {
    let Progress { plan, missing } = progress;
    let range = |(first, count)| wire::PartRange { first, count };
    wire::Upload {
        upload_id: plan.upload,
        part_size: plan.part_size,
        part_count: plan.part_count,
        max_parallel: MAX_PARALLEL,
        expires_at: Some(wire_time(Timestamp(plan.expires_at))),
        missing: missing.into_iter().map(range).collect(),
    }
}

pub(crate) fn wire_created(object: &Object) -> wire::CreateObjectResponse {
    wire::CreateObjectResponse {
        object_id: object.id.to_string(),
        part_size: object.part_size,
        part_count: object.part_count,
        expires_at: Some(wire_time(object.expires_at)),
    }
}

pub(crate) fn wire_object(object: &Object, missing: Vec<(u32, u32)>) -> wire::GetObjectResponse {
    let run = |(first, count)| wire::ObjectRun { first, count };
    wire::GetObjectResponse {
        size: object.size,
        part_size: object.part_size,
        part_count: object.part_count,
        missing: missing.into_iter().map(run).collect(),
        committed: matches!(object.state, ObjectState::Committed(_)),
    }
}
