//! The fleet of the tests' school.

use anyhow::Context as _;
use preau_harness::{Caller, Device, Invitation, Person, certificate_request};
use preau_proto::devices::v1::action::{Message, What};
use preau_proto::devices::v1::agent_service_client::AgentServiceClient;
use preau_proto::devices::v1::credential_service_client::CredentialServiceClient;
use preau_proto::devices::v1::desired_state_service_client::DesiredStateServiceClient;
use preau_proto::devices::v1::fleet_service_client::FleetServiceClient;
use preau_proto::devices::v1::{
    AcknowledgeRequest, Action, AnnounceDesiredStateRequest, CommandState,
    CreateEnrolmentTokenRequest, EnrollRequest, GetDeviceRequest, IssueCommandRequest,
    ListAuthoritiesRequest, ListDevicesRequest, ListEnrolmentTokensRequest, MintPrincipalRequest,
    RenewCertificateRequest, RetireDeviceRequest, RevokeEnrolmentTokenRequest, SignInRequest,
    WatchRequest,
};
use tonic::Status;

use super::{Actor, Cast, missing};

pub(super) async fn fleet(
    cast: &Cast,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut fleet = FleetServiceClient::new(caller);
    let school_id = cast.here.id.clone();
    let device_id = cast.device.id.clone();
    Ok(match method {
        "CreateEnrolmentToken" => {
            let request = CreateEnrolmentTokenRequest {
                school_id,
                max_uses: 1,
                lifetime: Some(prost_types::Duration {
                    seconds: 60,
                    nanos: 0,
                }),
            };
            fleet.create_enrolment_token(request).await.map(drop)
        }
        "ListEnrolmentTokens" => {
            let request = ListEnrolmentTokensRequest { school_id };
            fleet.list_enrolment_tokens(request).await.map(drop)
        }
        "RevokeEnrolmentToken" => {
            let token_id = Invitation::create(&cast.root, &school_id, 1)
                .await?
                .token_id;
            let request = RevokeEnrolmentTokenRequest { token_id };
            fleet.revoke_enrolment_token(request).await.map(drop)
        }
        "ListDevices" => {
            let request = ListDevicesRequest {
                school_id,
                ..Default::default()
            };
            fleet.list_devices(request).await.map(drop)
        }
        "GetDevice" => {
            let request = GetDeviceRequest { device_id };
            fleet.get_device(request).await.map(drop)
        }
        "IssueCommand" => fleet.issue_command(message(device_id, n)).await.map(drop),
        "RetireDevice" => {
            let device_id = another(cast).await?.id;
            let request = RetireDeviceRequest { device_id };
            fleet.retire_device(request).await.map(drop)
        }
        other => return missing(other),
    })
}

pub(super) async fn agent(
    cast: &Cast,
    actor: &Actor,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut agent = AgentServiceClient::new(caller);
    Ok(match method {
        "Enroll" => {
            let key = rcgen::KeyPair::generate()?;
            let request = EnrollRequest {
                token: Invitation::create(&cast.root, &cast.here.id, 1)
                    .await?
                    .secret,
                certificate_request: certificate_request(&key)?,
                name: format!("Tablette {n}"),
                ..Default::default()
            };
            agent.enroll(request).await.map(drop)
        }
        "SignIn" => {
            // A device has few sessions, and the actor's is needed for the next cell.
            let assertion = another(cast).await?.assertion(50)?;
            agent.sign_in(SignInRequest { assertion }).await.map(drop)
        }
        "RenewCertificate" => {
            // By whose key it is proved: each device's own.
            let is_stranger = actor.person.as_ref().map(Person::id) == Some(&*cast.stranger.id);
            let device = if is_stranger {
                &cast.stranger
            } else {
                &cast.device
            };
            let certificate_request = device.certificate_request()?;
            let request = RenewCertificateRequest {
                proof: device.renewal_proof(&certificate_request)?,
                certificate_request,
                ..Default::default()
            };
            agent.renew_certificate(request).await.map(drop)
        }
        "Watch" => match agent.watch(WatchRequest { cursor: 0 }).await {
            Ok(answers) => answers.into_inner().message().await.map(drop),
            Err(status) => Err(status),
        },
        "Acknowledge" => {
            let command_id = sent(cast, n).await?;
            let request = AcknowledgeRequest {
                command_id,
                state: CommandState::Accepted.into(),
                reason: String::new(),
            };
            agent.acknowledge(request).await.map(drop)
        }
        other => return missing(other),
    })
}

pub(super) async fn workloads_only(
    caller: Caller,
    method: &str,
) -> anyhow::Result<Result<(), Status>> {
    let mut credentials = CredentialServiceClient::new(caller.clone());
    let mut desired = DesiredStateServiceClient::new(caller);
    Ok(match method {
        "MintPrincipal" => {
            let request = MintPrincipalRequest::default();
            credentials.mint_principal(request).await.map(drop)
        }
        "ListAuthorities" => {
            let request = ListAuthoritiesRequest {};
            credentials.list_authorities(request).await.map(drop)
        }
        "AnnounceDesiredState" => {
            let request = AnnounceDesiredStateRequest::default();
            desired.announce_desired_state(request).await.map(drop)
        }
        other => return missing(other),
    })
}

fn message(device_id: String, n: usize) -> IssueCommandRequest {
    let text = format!("Message {n}");
    IssueCommandRequest {
        device_id,
        idempotency_key: format!("matrix-{n}"),
        action: Some(Action {
            what: Some(What::Message(Message { text })),
        }),
        time_to_live: None,
    }
}

/// A command that the device has been told.
async fn sent(cast: &Cast, n: usize) -> anyhow::Result<String> {
    let mut fleet = FleetServiceClient::new(cast.root.caller());
    let issued = fleet
        .issue_command(message(cast.device.id.clone(), n))
        .await?;
    let command = issued.into_inner().command.context("a command")?.command_id;
    let mut agent = AgentServiceClient::new(cast.as_device.caller());
    let mut answers = agent.watch(WatchRequest { cursor: 0 }).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        if answer
            .commands
            .iter()
            .any(|told| told.command_id == command)
        {
            return Ok(command);
        }
    }
    anyhow::bail!("the Watch ended before it told the command")
}

async fn another(cast: &Cast) -> anyhow::Result<Device> {
    let invitation = Invitation::create(&cast.root, &cast.here.id, 1).await?;
    Ok(Device::enroll(cast.platform.gateway(), &invitation.secret).await??)
}
