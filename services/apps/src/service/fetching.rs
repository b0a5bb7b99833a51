use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use preau_kernel::ids::DeviceId;

use crate::domain::{MAX_FETCHES, Refusal};

/// Which devices are fetching, and how often each at once. Of one process: what is counted is what a reader that does
/// not read keeps in its memory, some megabytes between here and the gateway.
#[derive(Clone, Default)]
pub(super) struct Fetches(Arc<Mutex<HashMap<DeviceId, u32>>>);

/// A fetch under way. Dropped, it is over.
pub(super) struct UnderWay {
    fetches: Fetches,
    device: DeviceId,
}

impl Fetches {
    /// One more of a device.
    ///
    /// # Errors
    /// [`Refusal::TooManyFetches`].
    pub(super) fn begin(&self, device: DeviceId) -> Result<UnderWay, Refusal> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(device).or_default();
        if *count >= MAX_FETCHES {
            return Err(Refusal::TooManyFetches);
        }
        *count += 1;
        let fetches = self.clone();
        Ok(UnderWay { fetches, device })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut counts = self
            .fetches
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(count) = counts.get_mut(&self.device) else {
            return;
        };
        *count -= 1;
        // Devices come and go: only those that are fetching are held.
        if *count == 0 {
            counts.remove(&self.device);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_forgotten_with_its_last_fetch_and_takes_no_others_place() {
        let fetches = Fetches::default();
        let (one, two) = (DeviceId::new(), DeviceId::new());
        let mut held: Vec<UnderWay> = (0..MAX_FETCHES)
            .map(|_| fetches.begin(one).expect("there is room"))
            .collect();
        assert_eq!(fetches.begin(one).err(), Some(Refusal::TooManyFetches));
        held.push(fetches.begin(two).expect("another device's"));
        held.remove(0);
        held.push(fetches.begin(one).expect("one is over"));
        drop(held);
        assert!(fetches.0.lock().expect("held by nobody").is_empty());
    }
}
