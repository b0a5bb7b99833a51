//! One good request for every method, about the tests' objects. Whether it
//! succeeds depends on the caller alone.

mod apps;
mod classes;
mod devices;
mod directory;
mod everyday;
mod files;
mod imports;
mod lessons;

use anyhow::Context as _;
use preau_harness::{Bearer, Caller, Person, Roster, connect};
use preau_proto::contract::Role;
use preau_proto::control::v1::join_token_service_client::JoinTokenServiceClient;
use preau_proto::control::v1::workload_identity_service_client::WorkloadIdentityServiceClient;
use preau_proto::control::v1::{
    CreateJoinTokenRequest, GetTrustBundleRequest, JoinRequest, RenewRequest,
};
use preau_proto::identity::v1::device_principal_service_client::DevicePrincipalServiceClient;
use preau_proto::identity::v1::people_import_service_client::PeopleImportServiceClient;
use preau_proto::identity::v1::session_service_client::SessionServiceClient;
use preau_proto::identity::v1::{
    AbortPeopleRequest, ActivateRequest, CommitPeopleRequest, ListSigningKeysRequest,
    MintDevicePrincipalRequest, MintPrincipalRequest, SignInRequest, SignOutEverywhereRequest,
    SignOutRequest, StagePeopleRequest,
};
use tonic::Status;
use tonic::service::interceptor::InterceptedService;

use super::actors::{Actor, Cast};
use crate::importing;
use crate::school::PASSWORD;

/// Calls `path` as `actor`; `n` is different in every cell.
pub(crate) async fn call(
    cast: &Cast,
    actor: &Actor,
    path: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let caller = match &actor.person {
        Some(person) => person.caller(),
        None => {
            let channel = connect(cast.platform.gateway()).await?;
            InterceptedService::new(channel, Bearer::anonymous())
        }
    };
    let (service, method) = path
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or_default();
    match service {
        "preau.control.v1.JoinTokenService" | "preau.control.v1.WorkloadIdentityService" => {
            control(caller, method).await
        }
        "preau.identity.v1.SessionService" => session(cast, actor, caller, method, n).await,
        "preau.identity.v1.DirectoryService" => directory::call(cast, caller, method, n).await,
        "preau.identity.v1.PeopleImportService" => people_import(caller, method).await,
        "preau.roster.v1.ClassService" => classes::call(cast, caller, method, n).await,
        "preau.roster.v1.ImportService" => imports::call(cast, caller, method, n).await,
        "preau.files.v1.SpaceService"
        | "preau.files.v1.FileService"
        | "preau.files.v1.DownloadService"
        | "preau.files.v1.UploadService" => files::call(cast, caller, method, n).await,
        "preau.classroom.v1.LessonService" => lessons::call(cast, caller, method, n).await,
        "preau.identity.v1.DevicePrincipalService" => device_principal(caller, method).await,
        "preau.devices.v1.FleetService" => devices::fleet(cast, caller, method, n).await,
        "preau.devices.v1.AgentService" => devices::agent(cast, actor, caller, method, n).await,
        "preau.devices.v1.CredentialService" | "preau.devices.v1.DesiredStateService" => {
            devices::workloads_only(caller, method).await
        }
        "preau.apps.v1.CatalogueService" => apps::catalogue(cast, caller, method, n).await,
        "preau.apps.v1.DeploymentService" => apps::deployment(cast, caller, method, n).await,
        "preau.apps.v1.DeliveryService" => apps::delivery(cast, caller, method).await,
        "preau.files.v1.ObjectService" => apps::objects(caller, method).await,
        _ => missing(path),
    }
}

/// The failure that makes whoever adds a method come here.
fn missing<T>(method: &str) -> anyhow::Result<T> {
    anyhow::bail!("{method}: no request in tests/integration/tests/matrix/calls: add one")
}

async fn control(caller: Caller, method: &str) -> anyhow::Result<Result<(), Status>> {
    let mut tokens = JoinTokenServiceClient::new(caller.clone());
    let mut identities = WorkloadIdentityServiceClient::new(caller);
    Ok(match method {
        "CreateJoinToken" => {
            let request = CreateJoinTokenRequest {
                roles: vec!["files".into()],
                lifetime: None,
            };
            tokens.create_join_token(request).await.map(drop)
        }
        "Join" => identities.join(JoinRequest::default()).await.map(drop),
        "Renew" => identities.renew(RenewRequest::default()).await.map(drop),
        "GetTrustBundle" => identities
            .get_trust_bundle(GetTrustBundleRequest {})
            .await
            .map(drop),
        other => return missing(other),
    })
}

async fn session(
    cast: &Cast,
    actor: &Actor,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut sessions = SessionServiceClient::new(caller.clone());
    Ok(match method {
        "SignIn" => {
            let request = SignInRequest {
                login: "root".into(),
                password: PASSWORD.into(),
            };
            sessions.sign_in(request).await.map(drop)
        }
        // Of sessions of its own: the actor's is needed for the next cell.
        "SignOut" => {
            let mut own = own_session(cast, actor, caller, method).await?;
            own.sign_out(SignOutRequest {}).await.map(drop)
        }
        "SignOutEverywhere" => {
            let mut own = own_session(cast, actor, caller, method).await?;
            let request = SignOutEverywhereRequest {};
            own.sign_out_everywhere(request).await.map(drop)
        }
        "Activate" => {
            let request = newcomer(cast, n).await?;
            sessions.activate(request).await.map(drop)
        }
        "MintPrincipal" => {
            let session_token = cast.root.token().to_owned();
            sessions
                .mint_principal(MintPrincipalRequest { session_token })
                .await
                .map(drop)
        }
        "ListSigningKeys" => sessions
            .list_signing_keys(ListSigningKeysRequest {})
            .await
            .map(drop),
        other => return missing(other),
    })
}

/// A client for a method that ends sessions: of a session that no other cell needs, where the actor has one.
async fn own_session(
    cast: &Cast,
    actor: &Actor,
    caller: Caller,
    method: &str,
) -> anyhow::Result<SessionServiceClient<Caller>> {
    let (Some(_), Some(person)) = (&actor.role, &actor.person) else {
        return Ok(SessionServiceClient::new(caller));
    };
    // All of them end: the matrix calls this one last. A device has none of a person's, and is told so.
    if method == "SignOutEverywhere" || actor.role == Some(Role::Device) {
        return Ok(person.sessions());
    }
    let request = preau_proto::identity::v1::GetMeRequest {};
    let me = person
        .directory()
        .get_me(request)
        .await?
        .into_inner()
        .person;
    let login = me.map(|me| me.login).unwrap_or_default();
    anyhow::ensure!(
        !login.is_empty(),
        "GetMe does not tell people their own login"
    );
    let own = Person::sign_in(cast.platform.gateway(), &login, PASSWORD).await?;
    Ok(own.sessions())
}

/// Somebody whom a roster brought and who never signed in.
async fn newcomer(cast: &Cast, n: usize) -> anyhow::Result<ActivateRequest> {
    let mut roster = Roster::new("0951099D", &format!("nouveau{n}"));
    roster.teacher("lea").class("N1", "Nouveaux", &["lea"], &[]);
    let (root, school) = (&cast.root, &cast.here.id);
    importing::import(root, school, &roster.zip()).await?;
    let login = roster.login("lea");
    let people = importing::people(root, school).await?;
    let person = people.get(&login).context("the newcomer")?;
    let codes = importing::codes(root, school, vec![person.person_id.clone()]).await?;
    Ok(ActivateRequest {
        login,
        code: codes.first().context("a code")?.code.clone(),
        password: PASSWORD.into(),
    })
}

async fn people_import(caller: Caller, method: &str) -> anyhow::Result<Result<(), Status>> {
    let mut people = PeopleImportServiceClient::new(caller);
    Ok(match method {
        "StagePeople" => people
            .stage_people(StagePeopleRequest::default())
            .await
            .map(drop),
        "CommitPeople" => people
            .commit_people(CommitPeopleRequest::default())
            .await
            .map(drop),
        "AbortPeople" => people
            .abort_people(AbortPeopleRequest::default())
            .await
            .map(drop),
        other => return missing(other),
    })
}

async fn device_principal(caller: Caller, method: &str) -> anyhow::Result<Result<(), Status>> {
    let mut principals = DevicePrincipalServiceClient::new(caller);
    Ok(match method {
        "MintDevicePrincipal" => principals
            .mint_device_principal(MintDevicePrincipalRequest::default())
            .await
            .map(drop),
        other => return missing(other),
    })
}
