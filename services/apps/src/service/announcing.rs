//! Telling `devices` what schools want, at once and again until it has heard; and letting go of what nobody needs.

use std::time::Duration;

use preau_kernel::failure::Kind;
use preau_kernel::ids::SchoolId;
use preau_mesh::{Call, own_request};

use super::Apps;
use super::fleet::announcement;
use crate::domain::DesiredState;
use crate::error::Error;

/// How long an administrator waits for `devices` to hear of a change, which is made already.
const TELL_WITHIN: Duration = Duration::from_secs(1);

/// How long a release is remembered after its upload's time is up, so that who comes late hears why.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// Schools looked up at a time.
const BATCH: u32 = 200;

/// Objects let go of in one sweep at most: the next goes on.
const MAX_DISCARDED: u32 = 100;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Schools whose devices are told now what they are to have.
    pub announced: u64,
    /// Whether `devices` did not hear all of it; the next sweep tries again.
    pub is_behind: bool,
    /// Releases given up, which nobody finished.
    pub given_up: u64,
    /// Objects that `files` has let go of.
    pub discarded: u64,
}

impl Apps {
    /// Tells `devices` of a change that is durable. That it did not hear is not the caller's trouble: the sweep repeats.
    pub(super) async fn tell(&self, call: &Call, school: SchoolId, state: DesiredState) {
        let request = call.detached_request(announcement(school, state));
        let told = tokio::time::timeout(TELL_WITHIN, self.fleet.announce(request)).await;
        let cause = match told {
            Ok(Ok(())) => match self.store.announced(school, state.revision).await {
                Ok(()) => return,
                Err(error) => error.to_string(),
            },
            Ok(Err(failure)) => failure.internal.into(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(%school, revision = state.revision, cause, "devices did not hear of a change: it is told again");
    }

    pub(crate) async fn sweep(&self) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        self.tell_again(&mut swept).await?;
        let remembered = i64::try_from(REMEMBERED.as_micros()).unwrap_or(i64::MAX);
        let mut before = self.clock.now();
        before.0 = before.0.saturating_sub(remembered);
        swept.given_up = self.store.give_up(before).await?;
        swept.discarded = self.discard().await?;
        Ok(swept)
    }

    /// Tells what `devices` may not have heard of, until it does not answer.
    async fn tell_again(&self, swept: &mut Swept) -> Result<(), Error> {
        let mut after = None;
        loop {
            let waiting = self.store.unannounced(after, BATCH).await?;
            for (school, state) in &waiting {
                let request = own_request(announcement(*school, *state));
                if let Err(failure) = self.fleet.announce(request).await {
                    tracing::warn!(%school, cause = %failure.internal, "devices does not hear what a school wants: it is told again");
                    swept.is_behind = true;
                    if matches!(failure.kind, Kind::Unavailable | Kind::DeadlineExceeded) {
                        return Ok(());
                    }
                    // Something about this school alone: it must not keep the others from being heard.
                    continue;
                }
                self.store.announced(*school, state.revision).await?;
                swept.announced += 1;
            }
            match waiting.last() {
                Some((last, _)) if waiting.len() == BATCH as usize => after = Some(*last),
                _ => return Ok(()),
            }
        }
    }

    /// Lets `files` let go of objects that no release refers to any more; those it cannot now stay for the next sweep.
    pub(super) async fn discard(&self) -> Result<u64, Error> {
        let mut discarded = 0;
        for object in self.store.discarded(MAX_DISCARDED).await? {
            if let Err(failure) = self.objects.delete(object).await {
                tracing::warn!(%object, cause = %failure.internal, "files did not let go of an object: it is tried again");
                return Ok(discarded);
            }
            self.store.forget_object(object).await?;
            discarded += 1;
        }
        Ok(discarded)
    }
}
