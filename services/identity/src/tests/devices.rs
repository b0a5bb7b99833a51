//! Devices as callers: what identity says of them, and how little they may ask of it.

use preau_kernel::ids::{DeviceId, ImportId, SchoolId};
use preau_mesh::principal::{GrantClaim, ScopeClaim};
use preau_mesh::{Channel, Claims, own_request};
use preau_proto::contract::Contract;
use preau_proto::identity::v1::device_principal_service_client::DevicePrincipalServiceClient;
use preau_proto::identity::v1::{
    GrantRoleRequest, MintDevicePrincipalRequest, MintDevicePrincipalResponse, StagedOutcome,
};
use preau_proto::policy::v1::Role;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use super::importing::{batch, pupil, stage};
use super::world::{
    ROOT, World, by, on_authority, on_platform, on_school, reason, wanted, wrong_field,
};

async fn mint(
    channel: Channel,
    device: &str,
    school: &str,
) -> Result<MintDevicePrincipalResponse, Status> {
    let request = MintDevicePrincipalRequest {
        device_id: device.to_owned(),
        school_id: school.to_owned(),
    };
    let answer = DevicePrincipalServiceClient::new(channel)
        .mint_device_principal(own_request(request))
        .await?;
    Ok(answer.into_inner())
}

/// A school's device, vouched for.
async fn token(world: &World, device: &str, school: &str) -> String {
    let minted = mint(world.pair.client_as("devices"), device, school).await;
    minted.unwrap().principal_token
}

#[tokio::test]
async fn a_device_is_a_device_of_its_school_for_a_minute_and_nothing_else() {
    let world = World::new().await;
    let school = world.school(&world.authority().await, "0951099D").await;
    let device = DeviceId::new().to_string();
    let channel = world.pair.client_as("devices");
    let minted = mint(channel, &device, &school.school_id).await.unwrap();
    let verify = |token: &str| world.pair.mesh.principals().verify(token);
    let claims = verify(&minted.principal_token).unwrap();
    let Claims {
        session,
        issued_at,
        expires_at,
        ..
    } = (*claims).clone();
    let expected = Claims {
        person: device.clone(),
        session: session.clone(),
        authority: Some(school.authority_id.clone()),
        school: Some(school.school_id.clone()),
        grants: vec![GrantClaim {
            role: Role::Device.into(),
            scope: ScopeClaim::School(school.school_id.clone()),
        }],
        issued_at,
        expires_at: issued_at + 60,
    };
    assert_eq!(*claims, expected);
    let said = u64::try_from(minted.expires_at.unwrap().seconds).unwrap();
    assert_eq!(said, expires_at);

    let again = token(&world, &device, &school.school_id).await;
    assert_ne!(verify(&again).unwrap().session, session);
}

#[tokio::test]
async fn only_devices_of_schools_that_exist_are_vouched_for() {
    let world = World::new().await;
    let school = world.school(&world.authority().await, "0951099D").await;
    let (device, nowhere) = (DeviceId::new().to_string(), SchoolId::new().to_string());
    let devices = world.pair.client_as("devices");
    let status = mint(devices.clone(), &device, &nowhere).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    for (device, school, field) in [
        ("", school.school_id.as_str(), "device_id"),
        ("tablet-1", &school.school_id, "device_id"),
        (&device, "", "school_id"),
    ] {
        let status = mint(devices.clone(), device, school).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(wrong_field(&status), field);
    }
}

#[tokio::test]
async fn no_other_workload_has_devices_vouched_for() {
    let world = World::new().await;
    let school = world.school(&world.authority().await, "0951099D").await;
    let device = DeviceId::new().to_string();
    for role in ["gateway", "apps", "roster", "files", "classroom"] {
        let channel = world.pair.client_as(role);
        let status = mint(channel, &device, &school.school_id).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::PermissionDenied, "WORKLOAD_NOT_ALLOWED"),
            "{role}"
        );
    }
}

/// A call with an empty message, of a method that is known by its path only.
async fn call(world: &World, path: &str, token: &str) -> Result<(), Status> {
    let mut client = Grpc::new(world.pair.client());
    client.ready().await?;
    let path = PathAndQuery::try_from(path).unwrap();
    let codec = ProstCodec::<(), ()>::default();
    client.unary(by(token, ()), path, codec).await.map(drop)
}

#[tokio::test]
async fn a_device_may_call_nothing_that_people_may_call_here() {
    let world = World::new().await;
    let school = world.school(&world.authority().await, "0951099D").await;
    let token = token(&world, &DeviceId::new().to_string(), &school.school_id).await;
    let contract = Contract::load().unwrap();
    let of_people = contract.methods().filter(|method| {
        ["identity", "mesh"].contains(&method.area.as_str())
            && method.needs_principal()
            && method.allows_workload(Some("gateway"))
    });
    let mut called = 0;
    for method in of_people {
        let status = call(&world, &method.path, &token).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::PermissionDenied, "ROLE_NOT_ALLOWED"),
            "{}",
            method.path
        );
        called += 1;
    }
    assert!(called > 10, "{called}");
}

#[tokio::test]
async fn nobody_is_made_a_device_by_a_grant_an_account_or_an_import() {
    let world = World::new().await;
    let school = world.school(&world.authority().await, "0951099D").await;
    let person = world.person(&school, "prof", Role::Teacher).await;
    for scope in [
        on_school(&school.school_id),
        on_authority(&school.authority_id),
        on_platform(),
    ] {
        let request = GrantRoleRequest {
            person_id: person.person_id.clone(),
            role: Role::Device.into(),
            scope,
            begins_at: None,
            ends_at: None,
        };
        let status = world.grant(ROOT, request).await.unwrap_err();
        assert_eq!(
            (status.code(), wrong_field(&status).as_str()),
            (Code::InvalidArgument, "scope")
        );
    }

    let request = by(
        &world.token(ROOT).await,
        wanted(&school, "tablet", Role::Device),
    );
    let status = world.directory().create_person(request).await.unwrap_err();
    assert_eq!(
        (status.code(), wrong_field(&status).as_str()),
        (Code::InvalidArgument, "role")
    );

    let mut imported = pupil("Zoé", "zoe");
    imported.roles[0].role = Role::Device.into();
    let import = ImportId::new().to_string();
    let staged = stage(&world, ROOT, batch(&school, &import, 0, vec![imported]));
    let staged = staged.await.unwrap().people;
    assert_eq!(staged[0].outcome(), StagedOutcome::Refused);
    assert_eq!(staged[0].reason, "INVALID_ROLE");
}
