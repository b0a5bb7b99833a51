//! A server and a device with directories of its own; what a test does to them, and what it waits for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use preau_kernel::clock::Clock;
use preau_kernel::ids::CommandId;
use preau_proto::devices::v1::CommandState;
use preau_proto::devices::v1::action::{Message, What};
use tokio::task::JoinHandle;

use super::stub::{Door, Inner, Stub, TOKEN, World};
use crate::link::{Transport, Trust};
use crate::{AgentError, Device, Enrolled, Enrolment, Settings, Timing, enroll};

/// Nothing that a test waits for takes as long, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Stand {
    pub(super) stub: Stub,
    pub(super) dir: tempfile::TempDir,
    pub(super) transport: Transport,
    pub(super) timing: Timing,
    pub(super) clock: Clock,
}

/// A device that runs, until it is killed.
pub(super) struct Running(JoinHandle<()>);

impl Running {
    /// As by pulling the plug; answers when its state is free again.
    pub(super) async fn kill(mut self) {
        self.0.abort();
        // Cancelled is how it ends.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Stand {
    pub(super) async fn new(door: Door, transport: Transport) -> Self {
        Self {
            stub: Stub::new(door).await,
            dir: tempfile::tempdir().expect("a directory"),
            transport,
            timing: Timing {
                // Every test that waits for a second try would wait for a quarter of a minute.
                busy: Duration::from_millis(20),
                first_word: Duration::from_secs(1),
                renewal: Duration::from_millis(50),
                ..Timing::default()
            },
            clock: Clock::system(),
        }
    }

    /// The same, enrolled.
    pub(super) async fn enrolled(door: Door, transport: Transport) -> (Self, Enrolled) {
        let stand = Self::new(door, transport).await;
        let enrolled = stand.enroll(TOKEN).await.expect("enrolled");
        (stand, enrolled)
    }

    pub(super) fn world(&self) -> &World {
        &self.stub.world
    }

    pub(super) fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    pub(super) fn prefix(&self, below: &str) -> PathBuf {
        self.dir.path().join("prefix").join(below)
    }

    pub(super) fn trust(&self) -> Trust {
        Trust::Authorities {
            system: self.dir.path().join("no-system"),
            own: Some(self.world().pki.authority_file()),
        }
    }

    pub(super) async fn enroll(&self, token: &str) -> Result<Enrolled, AgentError> {
        enroll(&Enrolment {
            server: self.stub.url(),
            token: token.to_owned(),
            trust: self.trust(),
            name: "Tablette".into(),
            model: "Essai".into(),
            state: self.state(),
            transport: self.transport,
            clock: self.clock.clone(),
        })
        .await
    }

    pub(super) fn device(&self) -> Result<Device, AgentError> {
        Device::open(&Settings {
            state: self.state(),
            prefix: self.prefix(""),
            transport: self.transport,
            system_authorities: self.dir.path().join("no-system"),
            clock: self.clock.clone(),
            timing: self.timing,
        })
    }

    pub(super) fn run(&self) -> Running {
        let device = self.device().expect("opened");
        Running(tokio::spawn(async move { device.run().await }))
    }

    /// Waits until the server knows something.
    pub(super) async fn until(&self, what: &str, known: impl Fn(&Inner) -> bool) {
        let mut touched = self.world().touched.subscribe();
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                touched.borrow_and_update();
                if known(&self.world().lock()) {
                    return;
                }
                touched.changed().await.expect("the server is there");
            }
        });
        if waited.await.is_err() {
            let calls = self.world().lock().calls.clone();
            panic!("waited in vain for {what}; calls: {calls:?}");
        }
    }

    /// Waits until a command is in a state.
    pub(super) async fn until_state(&self, id: CommandId, state: CommandState) {
        let id = id.to_string();
        self.until(&format!("{state:?}"), |inner| {
            let told = inner
                .commands
                .iter()
                .find(|told| told.command.command_id == id);
            told.is_some_and(|told| told.state() == state)
        })
        .await;
    }

    /// Texts of the messages that were shown, in order.
    pub(super) fn messages(&self) -> Vec<String> {
        messages(&self.prefix(""))
    }
}

pub(super) fn messages(prefix: &Path) -> Vec<String> {
    let log = std::fs::read_to_string(prefix.join("messages.log")).unwrap_or_default();
    let text = |line: &str| -> serde_json::Value { serde_json::from_str(line).expect("JSON") };
    log.lines()
        .map(|line| text(line)["text"].as_str().expect("a text").to_owned())
        .collect()
}

pub(super) fn message(text: &str) -> What {
    What::Message(Message { text: text.into() })
}
