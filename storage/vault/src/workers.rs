//! Where hashing and sealing run: on blocking threads, no more at a time than there are processors, so that a burst of parts
//! neither stalls the async threads nor has hundreds of threads share two cores.

use std::thread;

use tokio::sync::Semaphore;
use tokio::task;

use crate::VaultError;

pub(crate) struct Workers {
    permits: Semaphore,
}

impl Workers {
    pub(crate) fn new() -> Workers {
        let processors = thread::available_parallelism().map_or(2, usize::from);
        Workers {
            permits: Semaphore::new(processors),
        }
    }

    /// Runs `work` on a worker thread. Work that has begun is finished even if the caller goes away.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, VaultError> {
        let permit = self.permits.acquire().await;
        let _permit = permit.map_err(|_| VaultError::Interrupted)?;
        task::spawn_blocking(work)
            .await
            .map_err(|_| VaultError::Interrupted)
    }
}
