//! Becoming a device: a token and a certificate request for an id and a certificate.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use preau_kernel::clock::Clock;
use preau_kernel::ids::DeviceId;
use preau_proto::devices::v1::agent_service_client::AgentServiceClient;
use preau_proto::devices::v1::{EnrollRequest, EnrollResponse};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use tonic::{Code, Status};

use crate::error::AgentError;
use crate::keys::DeviceKey;
use crate::link::{DeviceClock, Link, Reach, Transport, Trust, within};
use crate::private::{self, Durability};
use crate::publishers;
use crate::retry::Backoff;
use crate::state::{self, Journal, Store, StoredCredential, authority, keep_key};

/// As the contract has it.
const ENROLL: Duration = Duration::from_secs(10);
/// How often it is tried while somebody waits at a terminal.
const TRIES: u32 = 4;
/// What is printed of 160 bits is longer.
const SHORTEST_TOKEN: usize = 16;
const LONGEST: usize = 100;

/// What this agent calls itself.
pub(crate) const AGENT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is needed to enrol.
pub struct Enrolment {
    /// Address of the gateway.
    pub server: String,
    /// As printed: hyphens, spaces and case do not matter.
    pub token: String,
    /// Whose word is taken for the server being that one. A school's own authority is copied into the state.
    pub trust: Trust,
    /// How administrators will know the device.
    pub name: String,
    /// What kind of machine it is.
    pub model: String,
    /// Where its keys and its journal are to lie.
    pub state: PathBuf,
    /// How it speaks to its server.
    pub transport: Transport,
    /// The machine's clock.
    pub clock: Clock,
}

/// A device as it was enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// Its id.
    pub device_id: String,
    /// The id of its school.
    pub school_id: String,
    /// How many publishers' releases it will install; nothing: it will ask when it first runs.
    pub publishers: Option<usize>,
}

/// Enrols this machine. Repeated after an answer that was lost, it takes up the same key and becomes the same device.
///
/// # Errors
/// A state that holds a device, is in use or open to others; a text that is no token; a server that refuses or is not
/// there.
pub async fn enroll(enrolment: &Enrolment) -> Result<Enrolled, AgentError> {
    let reach = Reach::new(&enrolment.server, &enrolment.trust, enrolment.transport)?;
    let token = read_token(&enrolment.token)?;
    let lock = state::lock(&enrolment.state)?;
    if let Some(journal) = state::read(&enrolment.state)? {
        return Err(AgentError::AlreadyEnrolled {
            device_id: journal.device_id,
            state: enrolment.state.clone(),
        });
    }
    if let Trust::Authorities { own: Some(own), .. } = &enrolment.trust {
        keep_authority(own, &enrolment.state)?;
    }
    let request = Asked {
        token: &token,
        name: &enrolment.name,
        model: &enrolment.model,
    };
    let store = become_device(
        &reach,
        &enrolment.state,
        &request,
        Durability::Synced,
        Some(lock),
    );
    let store = store.await?;
    // Not having asked is mended when the device first runs.
    let publishers = pinned(&reach, &store, enrolment.clock.clone()).await;
    let (device_id, school_id) =
        store.read(|journal| (journal.device_id.clone(), journal.school_id.clone()));
    Ok(Enrolled {
        device_id,
        school_id,
        publishers,
    })
}

/// What is asked for.
pub(crate) struct Asked<'a> {
    pub(crate) token: &'a str,
    pub(crate) name: &'a str,
    pub(crate) model: &'a str,
}

/// Makes a key, has it enrolled, begins the journal.
pub(crate) async fn become_device(
    reach: &Reach,
    dir: &Path,
    asked: &Asked<'_>,
    durability: Durability,
    lock: Option<fs::File>,
) -> Result<Store, AgentError> {
    let (key, file) = key(dir, durability)?;
    let request = EnrollRequest {
        token: asked.token.to_owned(),
        certificate_request: key.certificate_request()?,
        name: limited(asked.name),
        model: limited(asked.model),
        os: operating_system(),
        agent_version: AGENT_VERSION.to_owned(),
        school_id: String::new(),
    };
    let answer = ask(reach, request)
        .await
        .map_err(|status| AgentError::call("cannot enrol", reach.url(), status))?;
    let unusable = || {
        let status = Status::internal("the server's answer is not of this platform");
        AgentError::call("cannot enrol", reach.url(), status)
    };
    let issued = answer.certificate.filter(|issued| !issued.chain.is_empty());
    let issued = issued.ok_or_else(unusable)?;
    let device_id: DeviceId = answer.device_id.parse().map_err(|_| unusable())?;
    let credential = StoredCredential::new(&file, issued);
    // Once it is written down, this machine is that device and no other.
    let loaded = credential.load(dir, &answer.device_id);
    loaded
        .and_then(|loaded| reach.wire(Some(&loaded)))
        .map_err(|_| unusable())?;
    let journal = Journal::new(
        reach.url(),
        device_id.to_string(),
        answer.school_id,
        credential,
    );
    Store::create(dir, journal, lock, durability)
}

async fn ask(reach: &Reach, request: EnrollRequest) -> Result<EnrollResponse, Status> {
    let wire = reach
        .wire(None)
        .map_err(|error| Status::internal(error.to_string()))?;
    let mut backoff = Backoff::default();
    for tries in 1.. {
        let mut agents = AgentServiceClient::new(wire.clone());
        let answer = within(ENROLL, agents.enroll(request.clone())).await;
        match answer {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if tries < TRIES && may_pass(status.code()) => {
                let wait = backoff.after(Some(&status), &mut rand::rng());
                tokio::time::sleep(wait).await;
            }
            Err(status) => return Err(status),
        }
    }
    Err(Status::internal("a try has no number"))
}

/// Whether another try may help.
pub(crate) fn may_pass(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable | Code::DeadlineExceeded | Code::Aborted | Code::ResourceExhausted
    )
}

/// The key of an enrolment whose answer was lost, or a new one; and its file.
fn key(dir: &Path, durability: Durability) -> Result<(DeviceKey, String), AgentError> {
    let fail = |error| AgentError::file("cannot read the directory", dir, error);
    for entry in fs::read_dir(dir).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !name.starts_with("key-") || !name.ends_with(".pem") {
            continue;
        }
        let pem = private::read("the device's key", &path)?.unwrap_or_default();
        // One that cannot be read is of no use: another is made.
        let read = PrivatePkcs8KeyDer::from_pem_slice(&pem)
            .ok()
            .and_then(|der| DeviceKey::from_pkcs8(der.secret_pkcs8_der()).ok());
        if let Some(key) = read {
            return Ok((key, name));
        }
    }
    let key = DeviceKey::generate()?;
    let file = keep_key(dir, &key, durability)?;
    Ok((key, file))
}

fn keep_authority(file: &Path, dir: &Path) -> Result<(), AgentError> {
    let pem = fs::read(file)
        .map_err(|error| AgentError::file("cannot read the authority", file, error))?;
    let path = authority(dir);
    private::write(&path, &pem, Durability::Synced)
        .map_err(|error| AgentError::file("cannot keep the authority", &path, error))
}

async fn pinned(reach: &Reach, store: &Store, clock: Clock) -> Option<usize> {
    let (stored, device_id) =
        store.read(|journal| (journal.credential.clone(), journal.device_id.clone()));
    let credential = stored.load(store.dir(), &device_id).ok()?;
    let wire = reach.wire(Some(&credential)).ok()?;
    let link = Link::new(wire, credential, DeviceClock::new(clock, 0));
    if let Err(status) = publishers::pin(&link, store).await {
        tracing::warn!(code = ?status.code(), message = status.message(), "publishers are not known yet");
    }
    store.read(|journal| journal.publishers.as_ref().map(Vec::len))
}

/// Hyphens, spaces and case do not matter; anything else than letters and digits is a slip.
fn read_token(text: &str) -> Result<String, AgentError> {
    let token = text.trim();
    let letters = token.chars().filter(char::is_ascii_alphanumeric).count();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == ' ';
    match token.chars().all(fits) && letters >= SHORTEST_TOKEN {
        true => Ok(token.to_owned()),
        false => Err(AgentError::NotAToken),
    }
}

/// What the machine says of itself, such as "Debian GNU/Linux 13 (trixie)".
pub(crate) fn operating_system() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map(|name| name.trim_matches('"'))
        .filter(|name| !name.is_empty());
    limited(name.unwrap_or("Linux"))
}

fn limited(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(LONGEST).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_letters_and_digits_in_groups() {
        for token in [
            "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ23-4567",
            " abcd efgh 2345 6789 \n",
        ] {
            assert_eq!(read_token(token).expect(token), token.trim());
        }
        for slip in [
            "",
            "ABCD-EFGH",
            "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ23-456é",
            "https://ent.example.fr/x",
        ] {
            assert!(
                matches!(read_token(slip), Err(AgentError::NotAToken)),
                "{slip}"
            );
        }
    }

    #[test]
    fn a_key_that_waits_for_its_answer_is_taken_up_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let (one, file) = key(dir.path(), Durability::Written).expect("made");
        let (two, again) = key(dir.path(), Durability::Written).expect("found");
        assert_eq!((one.fingerprint(), file), (two.fingerprint(), again));
    }
}
