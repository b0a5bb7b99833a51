use std::sync::Mutex;

use preau_kernel::ids::DeviceId;
use preau_proto::devices::v1::Certificate;

use super::*;
use crate::link::refusal;
use crate::private::Durability;
use crate::state::{Journal, StoredCredential, Taken};

/// A server that hears so many words of a command and then its end only, and a disk that is full for a while.
struct Full {
    store: Store,
    words_left: Mutex<u32>,
    full_for: Mutex<u32>,
    ends: Mutex<Vec<(CommandState, String)>>,
}

impl Outside for Full {
    fn store(&self) -> &Store {
        &self.store
    }

    async fn acknowledge(
        &self,
        _id: CommandId,
        state: CommandState,
        reason: &str,
    ) -> Result<(), Status> {
        if matches!(state, CommandState::Done | CommandState::Failed) {
            let mut ends = self.ends.lock().expect("not poisoned");
            ends.push((state, reason.to_owned()));
            return Ok(());
        }
        let mut left = self.words_left.lock().expect("not poisoned");
        // The state that it has is no change.
        if *left == 0 && state == CommandState::NotNow {
            return Err(refusal(TOO_MANY, "too often", "say how it ended"));
        }
        *left = left.saturating_sub(1);
        Ok(())
    }

    async fn perform(&self, _record: &Record) -> Performed {
        let mut full_for = self.full_for.lock().expect("not poisoned");
        if *full_for == 0 {
            return Performed::Done { again: false };
        }
        *full_for -= 1;
        Performed::NotNow("the device's disk: no storage space".to_owned())
    }

    fn is_busy(&self, _record: &Record) -> bool {
        false
    }

    fn now(&self) -> Timestamp {
        Timestamp(0)
    }

    fn event(&self, _event: Event<'_>) {}
}

#[tokio::test(start_paused = true)]
async fn a_command_is_done_when_the_disk_has_room_again_however_often_it_had_to_wait() {
    let dir = tempfile::tempdir().expect("a directory");
    let credential = StoredCredential::new("key-none.pem", Certificate::default());
    let mut journal = Journal::new(
        "https://localhost:1",
        DeviceId::new().to_string(),
        String::new(),
        credential,
    );
    let told = Taken {
        id: CommandId::new(),
        what: What::Unlock,
        expires_at: i64::MAX,
    };
    journal.take(vec![told], 1, Timestamp(0));
    let store = Store::create(dir.path(), journal, None, Durability::Written).expect("begun");
    let device = Full {
        store,
        words_left: Mutex::new(9),
        full_for: Mutex::new(40),
        ends: Mutex::default(),
    };
    let news = watch::Sender::new(0);
    let done = async {
        loop {
            if device.store.read(|journal| journal.commands.is_empty()) {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        () = work(&device, news.subscribe(), Duration::from_secs(15)) => {}
        () = done => {}
        () = tokio::time::sleep(Duration::from_secs(3600)) => panic!("it waits for ever"),
    }
    let ends = device.ends.into_inner().expect("not poisoned");
    assert_eq!(ends, [(CommandState::Done, String::new())]);
}
