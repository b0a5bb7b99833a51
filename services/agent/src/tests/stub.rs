//! A server as small as can be that keeps to the contract where a device can tell: it enrols, verifies who calls,
//! holds commands to the order of their states, and gives out releases from an offset.

mod agents;
mod delivery;
mod door;
mod pki;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, Weak};

use preau_kernel::clock::{Clock, Timestamp};
use preau_kernel::ids::CommandId;
use preau_proto::apps::v1::{Publisher, ReportInstallationRequest, Wanted};
use preau_proto::devices::v1::action::What;
use preau_proto::devices::v1::{Action, Command, CommandState};
use tokio::sync::watch;
use tonic::{Code, Request, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

pub(super) use door::{Door, Stub};
pub(super) use pki::Pki;

/// The token that devices enrol with.
pub(super) const TOKEN: &str = "ABCD-EFGH-IJKL-MNOP-QRST-UVWX";

/// What the server knows. Tests look at it and change it.
pub(super) struct World {
    pub(super) inner: Mutex<Inner>,
    /// For whoever watches.
    pub(super) news: watch::Sender<u64>,
    /// For tests that wait: something was asked, said or done.
    pub(super) touched: watch::Sender<u64>,
    /// Connections made before a change of it are dead: neither side is told.
    pub(super) frozen: watch::Sender<u64>,
    pub(super) pki: Pki,
    /// Itself, for streams that outlive the call that began them.
    again: Weak<Self>,
}

#[derive(Default)]
pub(super) struct Inner {
    /// Public keys of devices, and whose they are.
    pub(super) keys: HashMap<Vec<u8>, String>,
    /// Certificates, DER, and whose they are.
    pub(super) certificates: HashMap<Vec<u8>, String>,
    pub(super) sessions: HashMap<String, String>,
    pub(super) jtis: HashSet<String>,
    pub(super) commands: Vec<Told>,
    /// What a method answers the next times instead of doing anything.
    pub(super) faults: Vec<(&'static str, Status)>,
    /// Methods as they were called, by whom.
    pub(super) calls: Vec<(&'static str, String)>,
    /// Seconds that this server's clock is ahead.
    pub(super) ahead: i64,
    /// When certificates are to be renewed, seconds from now.
    pub(super) renew_in: i64,
    /// Certificates that are issued from now on are not believed.
    pub(super) issues_bad: bool,
    pub(super) publishers: Vec<Publisher>,
    pub(super) wanted: Vec<Wanted>,
    pub(super) hash: Vec<u8>,
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// After so many bytes a fetch is cut.
    pub(super) cut_after: Option<usize>,
    /// Offsets from which releases were fetched.
    pub(super) offsets: Vec<u64>,
    pub(super) reports: Vec<ReportInstallationRequest>,
    /// The first cursor that can be served.
    pub(super) oldest_cursor: u64,
}

/// A command and its states, in order.
pub(super) struct Told {
    pub(super) command: Command,
    pub(super) history: Vec<CommandState>,
}

impl Told {
    pub(super) fn state(&self) -> CommandState {
        self.command.state()
    }

    pub(super) fn to(&mut self, state: CommandState, reason: &str) {
        if self.state() != state || state == CommandState::NotNow {
            self.history.push(state);
        }
        self.command.state = state.into();
        reason.clone_into(&mut self.command.reason);
    }
}

impl World {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no test panics while it holds it")
    }

    pub(super) fn now(&self) -> Timestamp {
        let ahead = self.lock().ahead;
        Timestamp(Clock::system().now().0 + ahead * 1_000_000)
    }

    /// Tells whoever watches that there is news.
    pub(super) fn tell(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    pub(super) fn touch(&self) {
        self.touched.send_modify(|count| *count += 1);
    }

    /// Issues a command to a device, good for an hour.
    pub(super) fn issue(&self, device_id: &str, what: What) -> CommandId {
        self.issue_until(device_id, what, 3600)
    }

    pub(super) fn issue_until(&self, device_id: &str, what: What, seconds: i64) -> CommandId {
        let id = CommandId::new();
        let expires_at = self.now().0 / 1_000_000 + seconds;
        let command = Command {
            command_id: id.to_string(),
            device_id: device_id.to_owned(),
            action: Some(Action { what: Some(what) }),
            state: CommandState::Queued.into(),
            expires_at: Some(prost_types::Timestamp {
                seconds: expires_at,
                nanos: 0,
            }),
            ..Command::default()
        };
        let history = vec![CommandState::Queued];
        self.lock().commands.push(Told { command, history });
        self.tell();
        id
    }

    /// The states that a command has gone through.
    pub(super) fn history(&self, id: CommandId) -> Vec<CommandState> {
        let inner = self.lock();
        let told = inner
            .commands
            .iter()
            .find(|told| told.command.command_id == id.to_string());
        told.expect("an issued command").history.clone()
    }

    /// How often a method was called.
    pub(super) fn calls(&self, method: &str) -> usize {
        let inner = self.lock();
        inner
            .calls
            .iter()
            .filter(|(name, _)| *name == method)
            .count()
    }

    /// Has a method answer this the next time.
    pub(super) fn fail(&self, method: &'static str, status: Status) {
        self.lock().faults.push((method, status));
    }

    /// Notes a call, by whom it is, and the fault that was prepared for it.
    fn enter<M>(&self, method: &'static str, request: &Request<M>) -> Result<String, Status> {
        let caller = self.caller(request);
        let mut inner = self.lock();
        let by = caller.clone().unwrap_or_default();
        inner.calls.push((method, by));
        self.touch();
        if let Some(at) = inner.faults.iter().position(|(name, _)| *name == method) {
            return Err(inner.faults.remove(at).1);
        }
        drop(inner);
        caller.ok_or_else(|| Status::unauthenticated("who calls?"))
    }

    fn caller<M>(&self, request: &Request<M>) -> Option<String> {
        let inner = self.lock();
        let bearer = request.metadata().get("authorization");
        let bearer = bearer.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        match bearer {
            Some(token) => inner.sessions.get(token).cloned(),
            None => {
                let shown = request.extensions().get::<Shown>()?;
                inner.certificates.get(&shown.0).cloned()
            }
        }
    }
}

/// The certificate that a connection has shown, DER.
#[derive(Clone)]
pub(super) struct Shown(Vec<u8>);

/// A status as the platform makes them.
pub(super) fn refused(code: Code, reason: &str, metadata: &[(&str, &str)]) -> Status {
    let metadata: HashMap<String, String> = metadata
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let details = ErrorDetails::with_error_info(reason, "preau", metadata);
    Status::with_error_details(code, reason.to_lowercase(), details)
}
