//! A release's bytes on their way in.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::{ObjectId, ReleaseId};
use preau_mesh::Call;
use preau_rpc::{Incoming, failure_of};
use tonic::Code;

use super::objects::{Committed, Created};
use super::{Apps, Plan};
use crate::audit;
use crate::convert;
use crate::domain::{Manifest, Refusal, Release, ReleaseState};
use crate::error::Error;

/// How long a release may stay announced before its first object is there.
pub(super) const UPLOAD_TIME: Duration = Duration::from_secs(48 * 60 * 60);

/// Attempts to begin an upload beside others who do the same.
const ATTEMPTS: u32 = 3;

impl Apps {
    /// Stores a part; answers how many are still missing.
    pub(crate) async fn put_part(
        &self,
        incoming: &Incoming,
        id: ReleaseId,
        index: u32,
        sha256: [u8; 32],
        data: Bytes,
    ) -> Result<u32, Error> {
        self.operate(&incoming.caller()?)?;
        let object = self.release(id).await?.uploading()?;
        let call = incoming.call();
        let missing = self.objects.put(call, object, index, sha256, data).await?;
        Ok(missing.ok_or(Refusal::UploadExpired)?)
    }

    /// Makes a release available whose bytes are those of its manifest, by both of its hashes. Others are dropped.
    pub(crate) async fn finish_release(
        &self,
        incoming: &Incoming,
        id: ReleaseId,
    ) -> Result<Release, Error> {
        let caller = incoming.caller()?;
        let catalogue = self.operate(&caller)?;
        let release = self.release(id).await?;
        if let ReleaseState::Available(_) = release.state {
            return Ok(release);
        }
        let object = release.uploading()?;
        let manifest = stored_manifest(&release)?;
        if !self.is_whole(incoming.call(), object, &manifest).await? {
            self.drop_bytes(incoming.call(), release, object).await?;
            return Err(Refusal::HashWrong.into());
        }
        if self.store.make_available(&catalogue, id, object).await? {
            audit::done("release made available", &caller, id);
        }
        let release = self.release(id).await?;
        // Finished by another call meanwhile, or dropped by it: the bytes we looked at are not the release's then.
        release.available().map_err(|_| Refusal::UploadExpired)?;
        Ok(release)
    }

    /// The release with what is to be sent of it: an upload is begun where there is none.
    pub(super) async fn planned(
        &self,
        call: &Call,
        mut release: Release,
    ) -> Result<(Release, Option<Plan>), Error> {
        for _ in 0..ATTEMPTS {
            let object = match release.state {
                ReleaseState::Available(_) => return Ok((release, None)),
                ReleaseState::Uploading(object) => object,
            };
            if let Some(object) = object
                && let Some(plan) = self.objects.plan(call, object).await?
            {
                return Ok((release, Some(plan)));
            }
            let created = self.objects.create(call, release.size).await?;
            if let Some(plan) = self.begin(&mut release, object, created).await? {
                return Ok((release, Some(plan)));
            }
            release = self.release(release.id).await?;
        }
        let text = "somebody else begins to send this release too: try again in a moment";
        Err(Failure::new(Kind::Aborted, "CONCURRENT_CHANGE", text).into())
    }

    /// Lets a release's bytes come into a new object, unless somebody else was faster.
    async fn begin(
        &self,
        release: &mut Release,
        old: Option<ObjectId>,
        created: Created,
    ) -> Result<Option<Plan>, Error> {
        let new = Some((created.object, created.expires_at));
        if !self.store.replace_object(release.id, old, new).await? {
            if let Err(failure) = self.objects.delete(created.object).await {
                // It is not committed and will not be: files forgets it by itself.
                tracing::debug!(object = %created.object, cause = %failure.internal, "an object was left to expire");
            }
            return Ok(None);
        }
        release.state = ReleaseState::Uploading(Some(created.object));
        Ok(Some(created.plan))
    }

    /// Whether an object's bytes are those of the manifest. Commits it, if they are by BLAKE3, which is known already;
    /// for SHA-256 it is read once, since parts come in any order.
    async fn is_whole(
        &self,
        call: &Call,
        object: ObjectId,
        manifest: &Manifest,
    ) -> Result<bool, Error> {
        match self.objects.commit(call, object, manifest.blake3).await? {
            Committed::Whole => {}
            Committed::WrongHash => return Ok(false),
            Committed::Gone => return Err(Refusal::UploadExpired.into()),
        }
        let frames = self.objects.read(call, object, 0, 0).await?;
        let mut frames = frames.ok_or(Refusal::UploadExpired)?;
        let mut sha256 = Context::new(&SHA256);
        loop {
            match frames.message().await {
                Ok(Some(frame)) => sha256.update(&frame.data),
                Ok(None) => break,
                Err(status) if status.code() == Code::NotFound => {
                    return Err(Refusal::UploadExpired.into());
                }
                Err(status) => return Err(failure_of("files", &status).into()),
            }
        }
        Ok(sha256.finish().as_ref() == manifest.sha256)
    }

    /// Lets go of what was sent, and begins anew.
    async fn drop_bytes(
        &self,
        call: &Call,
        mut release: Release,
        object: ObjectId,
    ) -> Result<(), Error> {
        tracing::warn!(release = %release.id, %object, "a release's bytes are not its manifest's and are dropped");
        let old = Some(object);
        if self.store.replace_object(release.id, old, None).await? {
            release.state = ReleaseState::Uploading(None);
            self.planned(call, release).await?;
        }
        self.discard().await?;
        Ok(())
    }
}

/// The manifest was read when the release was announced.
fn stored_manifest(release: &Release) -> Result<Manifest, Error> {
    convert::manifest(&release.signed.manifest).map_err(|failure| Error::Unreadable {
        what: "a release",
        detail: failure.message.into(),
    })
}
