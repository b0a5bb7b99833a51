//! The demonstration school's fleet, as its administrator sees it, and tablets that speak the contract by hand.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use preau_harness::{Caller, Device, Invitation, Person, Platform, connect};
use preau_proto::devices::v1::action::{Lock, Message, What};
use preau_proto::devices::v1::agent_service_client::AgentServiceClient;
use preau_proto::devices::v1::fleet_service_client::FleetServiceClient;
use preau_proto::devices::v1::{
    AcknowledgeRequest, Action, Command, CommandState, Device as Shown, DeviceState,
    GetDeviceRequest, GetDeviceResponse, IssueCommandRequest, ListDevicesRequest,
    RevokeEnrolmentTokenRequest, WatchRequest, WatchResponse,
};
use preau_proto::identity::v1::{CreateAuthorityRequest, CreateSchoolRequest, ListSchoolsRequest};
use tonic::transport::Channel;
use tonic::{Status, Streaming};

/// How long anything may take before a story gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Fleet {
    platform: Option<Platform>,
    root: Person,
    pub(crate) school: String,
}

impl Fleet {
    pub(crate) async fn of_the_demonstration_school() -> anyhow::Result<Self> {
        Self::on(Platform::start().await?).await
    }

    pub(crate) async fn on(platform: Platform) -> anyhow::Result<Self> {
        let (login, password) = platform.operator()?;
        let root = Person::sign_in(platform.gateway(), &login, &password).await?;
        let request = ListSchoolsRequest::default();
        let schools = root.directory().list_schools(request).await?.into_inner();
        let school = schools.schools.first().context("a school")?;
        let school = school.school_id.clone();
        Ok(Self {
            platform: Some(platform),
            root,
            school,
        })
    }

    pub(crate) fn platform(&self) -> &Platform {
        self.platform.as_ref().expect("between two restarts")
    }

    pub(crate) fn url(&self) -> &str {
        self.platform().gateway()
    }

    pub(crate) fn administrator(&self) -> FleetServiceClient<Caller> {
        FleetServiceClient::new(self.root.caller())
    }

    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        let platform = self.platform.take().context("a platform")?;
        let platform = platform.restart().await?;
        self.root = self.root.elsewhere(platform.gateway()).await?;
        self.platform = Some(platform);
        Ok(())
    }

    pub(crate) async fn invitation(&self, uses: u32) -> anyhow::Result<Invitation> {
        Invitation::create(&self.root, &self.school, uses).await
    }

    pub(crate) async fn revoked(&self) -> anyhow::Result<Invitation> {
        let invitation = self.invitation(1).await?;
        let token_id = invitation.token_id.clone();
        let request = RevokeEnrolmentTokenRequest { token_id };
        self.administrator().revoke_enrolment_token(request).await?;
        Ok(invitation)
    }

    pub(crate) async fn another_school(&self) -> anyhow::Result<String> {
        let mut directory = self.root.directory();
        let name = "Région d'à côté".into();
        let request = CreateAuthorityRequest { name };
        let answer = directory.create_authority(request).await?.into_inner();
        let authority = answer.authority.context("an authority")?;
        let request = CreateSchoolRequest {
            authority_id: authority.authority_id,
            uai: "0870003F".into(),
            name: "Lycée d'à côté".into(),
        };
        let answer = directory.create_school(request).await?.into_inner();
        Ok(answer.school.context("a school")?.school_id)
    }

    pub(crate) async fn tablet(&self) -> anyhow::Result<Tablet> {
        let invitation = self.invitation(1).await?;
        let device = Device::enroll(self.url(), &invitation.secret).await??;
        let caller = device.sign_in().await?;
        Ok(Tablet {
            device,
            caller,
            cursor: 0,
            waiting: Vec::new(),
            answers: None,
        })
    }

    pub(crate) async fn anonymous_agent(&self) -> anyhow::Result<AgentServiceClient<Channel>> {
        Ok(AgentServiceClient::new(connect(self.url()).await?))
    }

    pub(crate) async fn devices(&self) -> anyhow::Result<Vec<Shown>> {
        let request = ListDevicesRequest {
            school_id: self.school.clone(),
            page_size: 200,
            ..ListDevicesRequest::default()
        };
        let answer = self.administrator().list_devices(request).await?;
        Ok(answer.into_inner().devices)
    }

    pub(crate) async fn shown(&self, device: &Device) -> anyhow::Result<GetDeviceResponse> {
        let device_id = device.id.clone();
        let request = GetDeviceRequest { device_id };
        Ok(self.administrator().get_device(request).await?.into_inner())
    }

    pub(crate) async fn state_of(&self, device: &Device) -> anyhow::Result<DeviceState> {
        let shown = self.shown(device).await?.device.context("a device")?;
        Ok(shown.state())
    }

    /// Waits until the list says so: what is seen of a stream is written down some seconds later.
    pub(crate) async fn until(&self, device: &Device, state: DeviceState) -> anyhow::Result<()> {
        patiently(&format!("{state:?}"), async || {
            Ok(self.state_of(device).await? == state)
        })
        .await
    }

    pub(crate) async fn until_command(
        &self,
        command: &Command,
        state: CommandState,
    ) -> anyhow::Result<()> {
        patiently(&format!("{state:?}"), async || {
            let device_id = command.device_id.clone();
            let request = GetDeviceRequest { device_id };
            let shown = self.administrator().get_device(request).await?.into_inner();
            let found = shown
                .commands
                .iter()
                .find(|one| one.command_id == command.command_id);
            Ok(found.is_some_and(|found| found.state() == state))
        })
        .await
    }

    pub(crate) async fn lock(
        &self,
        device: &Device,
        key: &str,
        seconds: i64,
    ) -> anyhow::Result<Command> {
        let notice = "Contrôle en cours".into();
        self.issue(&device.id, key, What::Lock(Lock { notice }), seconds)
            .await
    }

    /// `text` is also the key.
    pub(crate) async fn message(
        &self,
        device: &Device,
        text: &str,
        seconds: i64,
    ) -> anyhow::Result<Command> {
        self.message_to(&device.id, text, seconds).await
    }

    /// The same for a device of which only the id is known.
    pub(crate) async fn message_to(
        &self,
        device_id: &str,
        text: &str,
        seconds: i64,
    ) -> anyhow::Result<Command> {
        let key = blake3::hash(text.as_bytes()).to_hex();
        let text = text.to_owned();
        let what = What::Message(Message { text });
        self.issue(device_id, &key, what, seconds).await
    }

    async fn issue(
        &self,
        device_id: &str,
        key: &str,
        what: What,
        seconds: i64,
    ) -> anyhow::Result<Command> {
        let request = IssueCommandRequest {
            device_id: device_id.to_owned(),
            idempotency_key: key.to_owned(),
            action: Some(Action { what: Some(what) }),
            time_to_live: Some(prost_types::Duration { seconds, nanos: 0 }),
        };
        let answer = self.administrator().issue_command(request).await?;
        answer.into_inner().command.context("a command")
    }
}

/// Asks until it is so.
pub(crate) async fn patiently(
    what: &str,
    mut is_so: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let asking = async {
        while !is_so().await? {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .with_context(|| format!("it never was {what}"))?
}

/// Claims of an assertion by `device`, made `ago` seconds from now, good for `seconds`.
pub(crate) fn claims(device: &Device, ago: i64, seconds: i64) -> anyhow::Result<serde_json::Value> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let made = i64::try_from(now)? + ago;
    Ok(serde_json::json!({
        "sub": device.id,
        "aud": "preau-devices",
        "iat": made,
        "exp": made + seconds,
        "jti": format!("{:032x}", rand::random::<u128>()),
    }))
}

/// A device that keeps its cursor and nothing else.
pub(crate) struct Tablet {
    pub(crate) device: Device,
    caller: Person,
    cursor: u64,
    waiting: Vec<Command>,
    answers: Option<Streaming<WatchResponse>>,
}

impl Tablet {
    pub(crate) fn caller(&self) -> &Person {
        &self.caller
    }

    pub(crate) async fn watch(&mut self) -> anyhow::Result<()> {
        let cursor = self.cursor;
        let mut agent = AgentServiceClient::new(self.caller.caller());
        let answers = agent.watch(WatchRequest { cursor }).await?;
        self.answers = Some(answers.into_inner());
        Ok(())
    }

    pub(crate) async fn next_command(&mut self) -> anyhow::Result<Command> {
        let next = async {
            while self.waiting.is_empty() {
                let answers = self.answers.as_mut().context("no Watch")?;
                let answer = answers.message().await?.context("the Watch ended")?;
                self.cursor = answer.cursor;
                self.waiting = answer.commands;
            }
            Ok(self.waiting.remove(0))
        };
        tokio::time::timeout(PATIENCE, next)
            .await
            .context("no command came")?
    }

    pub(crate) async fn until_the_watch_ends(&mut self) -> anyhow::Result<()> {
        let mut answers = self.answers.take().context("no Watch")?;
        let ended = async { while let Ok(Some(_)) = answers.message().await {} };
        tokio::time::timeout(PATIENCE, ended)
            .await
            .context("the Watch goes on")
    }

    pub(crate) fn disconnect(&mut self) {
        self.answers = None;
    }

    /// As after a reset: it asks from the beginning.
    pub(crate) fn forget(&mut self) {
        self.disconnect();
        self.cursor = 0;
        self.waiting.clear();
    }

    pub(crate) async fn moved(&mut self, url: &str) -> anyhow::Result<()> {
        self.device.moved(url);
        self.caller = self.caller.elsewhere(url).await?;
        Ok(())
    }

    pub(crate) async fn say(&self, command: &Command, state: CommandState) -> Result<(), Status> {
        let mut agent = AgentServiceClient::new(self.caller.caller());
        let is_no = [CommandState::NotNow, CommandState::Failed].contains(&state);
        let request = AcknowledgeRequest {
            command_id: command.command_id.clone(),
            state: state.into(),
            reason: if is_no {
                "occupé".into()
            } else {
                String::new()
            },
        };
        agent.acknowledge(request).await.map(drop)
    }

    pub(crate) async fn say_done(&self, command: &Command) -> Result<(), Status> {
        self.say(command, CommandState::Done).await
    }
}
