use bytes::Bytes;
use preau_kernel::access::{Authorized, Caller};
use preau_kernel::failure::Failure;
use preau_kernel::ids::{NodeId, SpaceId, UploadId};
use preau_kernel::names::Name;
use preau_rpc::Incoming;
use preau_storage_vault::UploadPlan;

use super::Files;
use crate::domain::{Draft, Holder, Node, Refusal, Space, Upload, UploadState};
use crate::error::Error;
use crate::store::Commitment;

/// Parts worth sending at once: enough to fill a fast line over a long way, few enough for a school's slow one.
pub(crate) const MAX_PARALLEL: u32 = 4;

/// How an upload is cut, and runs (first, count) of parts that are not stored yet.
pub(crate) struct Progress {
    pub(crate) plan: UploadPlan,
    pub(crate) missing: Vec<(u32, u32)>,
}

impl Files {
    /// Announces a file of `size` bytes at a place that is free.
    pub(crate) async fn create_upload(
        &self,
        incoming: &Incoming,
        space: SpaceId,
        parent: Option<NodeId>,
        name: Name,
        size: u64,
    ) -> Result<Progress, Error> {
        let caller = incoming.caller()?;
        let space = self.reach(incoming, &caller, space).await?;
        let person = caller.principal().person;
        let draft = Draft {
            parent,
            name,
            person,
        };
        let plan = self.store.create_upload(&space, &draft, size).await?;
        let all = (0, plan.part_count);
        let missing = (plan.part_count > 0).then_some(all).into_iter().collect();
        Ok(Progress { plan, missing })
    }

    /// Stores a part; answers how many are still missing. Being the upload's maker is enough: membership was asked for
    /// when it began, and will be before anybody can see the file.
    pub(crate) async fn put_part(
        &self,
        incoming: &Incoming,
        upload: UploadId,
        index: u32,
        sha256: &[u8; 32],
        data: Bytes,
    ) -> Result<u32, Error> {
        let upload = self.reach_upload(&incoming.caller()?, upload).await?;
        upload.get().check_open()?;
        self.store.put_part(&upload, index, sha256, data).await
    }

    /// How far an upload has come.
    pub(crate) async fn upload(
        &self,
        incoming: &Incoming,
        upload: UploadId,
    ) -> Result<Progress, Error> {
        let upload = self.reach_upload(&incoming.caller()?, upload).await?;
        upload.get().check_open()?;
        let state = self.store.progress(&upload).await?;
        Ok(Progress {
            plan: state.plan,
            missing: state.missing,
        })
    }

    /// Makes the file appear, once; committing again answers the same node.
    pub(crate) async fn commit(
        &self,
        incoming: &Incoming,
        upload: UploadId,
        blake3: Option<[u8; 32]>,
    ) -> Result<Node, Error> {
        let caller = incoming.caller()?;
        let upload = self.reach_upload(&caller, upload).await?;
        let space = self.space_for(incoming, &caller, &upload).await?;
        let state = match upload.get().state {
            UploadState::Open => {
                let now = self.clock.now();
                match self
                    .store
                    .commit_upload(&upload, &space, blake3, now)
                    .await?
                {
                    Commitment::Made(node) => return Ok(node),
                    // Closed since we looked, by the same person elsewhere: a retry beside its original.
                    Commitment::Closed(state) => state,
                }
            }
            closed => closed,
        };
        match state {
            UploadState::Committed(node) => self.committed(upload, space, node).await,
            UploadState::Open | UploadState::Aborted => Err(Refusal::Aborted.into()),
        }
    }

    /// Gives an upload up; nothing when it was given up already.
    pub(crate) async fn abort(&self, incoming: &Incoming, upload: UploadId) -> Result<(), Error> {
        let upload = self.reach_upload(&incoming.caller()?, upload).await?;
        match self.store.abort_upload(&upload).await? {
            UploadState::Committed(_) => Err(Refusal::Committed.into()),
            UploadState::Open | UploadState::Aborted => Ok(()),
        }
    }

    /// The upload, if it is the caller's; else the same answer as for an unknown id.
    async fn reach_upload(
        &self,
        caller: &Caller,
        upload: UploadId,
    ) -> Result<Authorized<Upload>, Error> {
        let upload = self
            .store
            .upload(upload)
            .await?
            .ok_or_else(|| Failure::not_found("upload"))?;
        Ok(caller.authorize_hidden("upload", &upload.facts(), upload)?)
    }

    /// The upload's space, if its maker is at home there still: in the class as the roster says now, not lately.
    async fn space_for(
        &self,
        incoming: &Incoming,
        caller: &Caller,
        upload: &Authorized<Upload>,
    ) -> Result<Space, Error> {
        let space = self.store.space(upload.get().space).await?;
        let space = space.ok_or_else(|| Failure::not_found("space"))?;
        let person = caller.principal().person;
        let is_at_home = match space.holder {
            Holder::Person(owner) => owner == person,
            Holder::Class { id, .. } => {
                let part = self
                    .memberships
                    .part_now(incoming.call(), id, person)
                    .await?;
                part.is_some() && caller.principal().reaches(&space.facts(part))
            }
        };
        if !is_at_home {
            return Err(Failure::not_found("space").into());
        }
        Ok(space)
    }

    /// The node an upload became, unless somebody has deleted it since.
    async fn committed(
        &self,
        upload: Authorized<Upload>,
        space: Space,
        node: NodeId,
    ) -> Result<Node, Error> {
        let space = upload.map(|_| space);
        self.node_in(&space, node, "file").await
    }
}
