use bytes::Bytes;
use futures::Stream;
use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::{NodeId, SpaceId};
use preau_rpc::Incoming;

use super::Files;
use crate::error::Error;
use crate::store::Range;

/// Which bytes of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) offset: u64,
    /// `None`: to the end.
    pub(crate) length: Option<u64>,
}

impl Files {
    /// The bytes of a file. Everything that can be refused is refused before the first of them: who may read is decided
    /// when reading begins, and a stream that has begun goes on for as long as the method's deadline allows.
    pub(crate) async fn read(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        node: NodeId,
        span: Span,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + 'static + use<>, Error> {
        let space = self.reach(incoming, &incoming.caller()?, space).await?;
        let node = self.node_in(&space, node, "file").await?;
        let file = node.as_file()?;
        if span.offset > file.size {
            return Err(beyond(span.offset, file.size).into());
        }
        let range = Range {
            node: node.id,
            file,
            offset: span.offset,
            length: span.length,
        };
        Ok(self.store.read(&space, &range))
    }
}

pub(super) fn beyond(offset: u64, size: u64) -> Failure {
    let text = format!("{offset} is beyond the file's end: it has {size} bytes");
    Failure::new(Kind::OutOfRange, "RANGE_OUTSIDE", format!("offset: {text}"))
        .field("offset", text)
        .meta("size", size.to_string())
}
