//! Wire messages to domain types, once, and back.

use preau_kernel::clock::Timestamp;
use preau_kernel::failure::Failure;
use preau_kernel::names::Name;
use preau_kernel::paging::Keyset;
use preau_proto::files::v1 as wire;
use preau_proto::files::v1::get_node_request;
use preau_proto::roster::v1 as roster;
use preau_rpc::convert::{id, wire_time};

use crate::domain::{Body, MyClass, Node, NodePath, Space};
use crate::service::{MAX_PARALLEL, Progress, Span, Which};

pub(crate) fn name(text: &str) -> Result<Name, Failure> {
    Name::parse(text).map_err(|error| Failure::invalid("name", error.to_string()))
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

pub(crate) fn span(message: &wire::ReadRequest) -> Span {
    Span {
        offset: message.offset,
        length: (message.length > 0).then_some(message.length),
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
pub(crate) fn my_class(class: roster::Class) -> Result<MyClass, Failure> {
    let broken = |error: &dyn std::fmt::Display| {
        Failure::internal(format!("roster answered a class: {error}"))
    };
    Ok(MyClass {
        id: class.class_id.parse().map_err(|error| broken(&error))?,
        school: class.school_id.parse().map_err(|error| broken(&error))?,
        authority: class.authority_id.parse().map_err(|error| broken(&error))?,
        name: class.name,
    })
}

pub(crate) fn wire_space(space: Space) -> wire::Space {
    wire::Space {
        space_id: space.id.to_string(),
        name: space.name,
        class_id: space.class.to_string(),
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
