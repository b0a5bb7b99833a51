use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::{NodeId, SpaceId};
use preau_rpc::Incoming;

use super::Files;
use crate::domain::Refusal;
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
        let caller = incoming.caller()?;
        let space = self.reach(incoming, &caller, space).await?;
        let node = self.node_in(&space, node, "file").await?;
        let file = node.as_file()?;
        if span.offset > file.size {
            return Err(beyond(span.offset, file.size).into());
        }
        // Last, so that nobody learns of a file by it.
        let under_way = self.reads.begin(caller.principal().person);
        let under_way = under_way.ok_or(Refusal::TooManyReads)?;
        let range = Range {
            node: node.id,
            file,
            offset: span.offset,
            length: span.length,
        };
        let frames = self.store.read(&space, &range).map(move |frame| {
            // It goes with the stream, however that ends.
            let _ = &under_way;
            frame
        });
        Ok(frames)
    }
}

pub(super) fn beyond(offset: u64, size: u64) -> Failure {
    let text = format!("{offset} is beyond the file's end: it has {size} bytes");
    Failure::new(Kind::OutOfRange, "RANGE_OUTSIDE", format!("offset: {text}"))
        .field("offset", text)
        .meta("size", size.to_string())
}
