//! Publishers and releases, as the operators keep them and administrators read them.

use preau_kernel::access::{Authorized, Caller, Facts};
use preau_kernel::failure::Failure;
use preau_kernel::ids::ReleaseId;
use preau_kernel::paging::cut;
use preau_rpc::Incoming;

use super::{Apps, Page, Plan};
use crate::audit;
use crate::domain::{
    Announcement, AppId, Catalogue, KeyId, Line, Manifest, PublicKey, Publisher, Refusal, Release,
    ReleaseState, Signed,
};
use crate::error::Error;
use crate::service::uploading::UPLOAD_TIME;
use crate::store::ReleaseKey;

impl Apps {
    /// Makes somebody's signature count; adding a key again answers whose it is.
    pub(crate) async fn add_publisher(
        &self,
        incoming: &Incoming,
        name: Line,
        key: PublicKey,
    ) -> Result<Publisher, Error> {
        let caller = incoming.caller()?;
        let catalogue = self.operate(&caller)?;
        let wanted = Publisher {
            key,
            name,
            added_at: self.clock.now(),
        };
        let by = caller.principal().person;
        let publisher = self.store.add_publisher(&catalogue, &wanted, by).await?;
        audit::done("publisher added", &caller, publisher.key.id());
        Ok(publisher)
    }

    /// Everybody whose signature counts.
    pub(crate) async fn publishers(&self, incoming: &Incoming) -> Result<Vec<Publisher>, Error> {
        incoming.caller()?.authorize_self()?;
        self.store.publishers().await
    }

    /// Announces a release, or answers the same one as it stands; with what is to be sent of it.
    pub(crate) async fn create_release(
        &self,
        incoming: &Incoming,
        manifest: &Manifest,
        signed: Signed,
    ) -> Result<(Release, Option<Plan>), Error> {
        let caller = incoming.caller()?;
        let catalogue = self.operate(&caller)?;
        let publisher = self.signer(&signed).await?;
        let by = Announcement {
            by: caller.principal().person,
            at: self.clock.now(),
        };
        let wanted = Release::announced(manifest, signed, publisher, by.at);
        let until = by.at.plus(UPLOAD_TIME);
        let found = self.store.announce(&catalogue, &wanted, by, until).await?;
        if found.signed != wanted.signed {
            return Err(Refusal::ReleaseExists { release: found.id }.into());
        }
        if found.id == wanted.id {
            audit::done("release announced", &caller, found.id);
        }
        self.planned(incoming.call(), found).await
    }

    /// A release; while it is uploading, with what is missing of it, unless the upload is over.
    pub(crate) async fn get_release(
        &self,
        incoming: &Incoming,
        id: ReleaseId,
    ) -> Result<(Release, Option<Plan>), Error> {
        incoming.caller()?.authorize_self()?;
        let release = self.release(id).await?;
        let plan = match release.state {
            ReleaseState::Uploading(Some(object)) => {
                self.objects.plan(incoming.call(), object).await?
            }
            ReleaseState::Uploading(None) | ReleaseState::Available(_) => None,
        };
        Ok((release, plan))
    }

    /// Releases of one app or of all: by app, the newest first.
    pub(crate) async fn releases(
        &self,
        incoming: &Incoming,
        app: Option<&AppId>,
        after: Option<&ReleaseKey>,
        size: u32,
    ) -> Result<Page<Release>, Error> {
        incoming.caller()?.authorize_self()?;
        let rows = self.store.releases_after(app, after, size + 1).await?;
        let (rows, next) = cut(rows, size, ReleaseKey::of);
        Ok(Page { rows, next })
    }

    /// The proof of an operator of the platform.
    pub(super) fn operate(&self, caller: &Caller) -> Result<Authorized<Catalogue>, Failure> {
        caller.authorize(&Facts::default(), Catalogue)
    }

    pub(super) async fn release(&self, id: ReleaseId) -> Result<Release, Error> {
        let release = self.store.release(id).await?;
        Ok(release.ok_or_else(|| Failure::not_found("release"))?)
    }

    /// Whose signature it is.
    async fn signer(&self, signed: &Signed) -> Result<KeyId, Error> {
        let publishers = self.store.publishers().await?;
        let signer = publishers
            .iter()
            .find(|publisher| publisher.key.signed(&signed.manifest, &signed.signature));
        let signer = signer.ok_or(Refusal::SignatureWrong)?;
        Ok(signer.key.id())
    }
}
