use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use preau_kernel::clock::Timestamp;
use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::{NodeId, SpaceId};
use preau_rpc::Incoming;

use super::reading::beyond;
use super::{Files, Span};
use crate::domain::{Link, LinkToken, link_lifetime};
use crate::error::Error;

/// A link as its maker receives it.
pub(crate) struct MintedLink {
    pub(crate) token: String,
    pub(crate) expires_at: Timestamp,
}

impl Files {
    /// Makes a link to a file: whoever holds it may download the file's bytes for as long as [`link_lifetime`] says,
    /// whatever becomes of its maker's membership or of the file's name meanwhile.
    pub(crate) async fn create_link(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        node: NodeId,
    ) -> Result<MintedLink, Error> {
        let space = self.reach(incoming, &incoming.caller()?, space).await?;
        let node = self.node_in(&space, node, "file").await?;
        let now = self.clock.now();
        let file = node.as_file()?.clone();
        let link = Link {
            tenant: space.get().tenant.clone(),
            name: node.name.clone(),
            expires_at: now.plus(link_lifetime(file.size)),
            file,
        };
        let key = self.link_keys.sealing(&self.store, now).await?;
        let token = key
            .seal(&link)
            .map_err(|_| Failure::internal("a download link could not be sealed"))?;
        Ok(MintedLink {
            token,
            expires_at: link.expires_at,
        })
    }

    /// What a link is for, and the bytes. The first of them are fetched before anything is answered, so that bytes which
    /// are gone are a refusal and not a download that breaks off.
    pub(crate) async fn open_link(
        &self,
        token: &str,
        span: Span,
    ) -> Result<(Link, BoxStream<'static, Result<Bytes, Error>>), Error> {
        let link = self.verified(token).await?;
        if span.offset > link.file.size {
            return Err(beyond(span.offset, link.file.size).into());
        }
        let mut bytes = self
            .store
            .read_linked(&link, span.offset, span.length)
            .boxed();
        let first = bytes.next().await.transpose()?;
        let first = stream::iter(first.map(Ok));
        Ok((link, first.chain(bytes).boxed()))
    }

    async fn verified(&self, token: &str) -> Result<Link, Error> {
        let now = self.clock.now();
        let token = LinkToken::parse(token).ok_or_else(invalid)?;
        let key = self.link_keys.of(&self.store, &token, now).await?;
        let link = key.and_then(|key| key.open(&token)).ok_or_else(invalid)?;
        if link.expires_at <= now {
            return Err(expired().into());
        }
        Ok(link)
    }
}

fn invalid() -> Failure {
    let text = "this is no download link of ours: download from the file's folder again";
    Failure::new(Kind::NotFound, "LINK_INVALID", text)
}

fn expired() -> Failure {
    let text = "the download link has expired: download from the file's folder again";
    Failure::new(Kind::NotFound, "LINK_EXPIRED", text)
}
