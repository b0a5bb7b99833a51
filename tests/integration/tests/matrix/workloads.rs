//! The same matrix seen from the mesh: which workload may call what.

use std::collections::BTreeMap;

use preau_harness::{Failure, Platform};
use preau_mesh::{Channel, Mesh, with_principal};
use preau_proto::contract::{Contract, Method};
use preau_proto::identity::v1::MintPrincipalRequest;
use preau_proto::identity::v1::session_service_client::SessionServiceClient;
use preau_proto::mesh::v1::EchoRequest;
use preau_proto::mesh::v1::probe_service_client::ProbeServiceClient;
use tonic::{Code, Request};

use crate::mesh_port::identities::{Authority, ROLES};

/// An empty message to any path: authorization comes before anything is decoded.
async fn call(channel: &Channel, path: &str, namespace_principal: Option<&str>) -> Failure {
    let mut client = tonic::client::Grpc::new(channel.clone());
    let mut request = Request::new(());
    if let Some(token) = namespace_principal {
        with_principal(&mut request, token);
    }
    if let Err(status) = client.ready().await {
        return status.into();
    }
    let path = path.parse().unwrap();
    let answer = client
        .unary::<(), (), _>(request, path, tonic_prost::ProstCodec::default())
        .await;
    match answer {
        Err(status) => status.into(),
        Ok(_) => Failure {
            code: Code::Ok,
            reason: String::new(),
            message: String::new(),
            fields: Vec::new(),
            retry_after: None,
        },
    }
}

fn mesh(platform: &Platform, namespace: &str) -> anyhow::Result<Mesh> {
    let authority = Authority::of(&platform.data_dir())?;
    let identities = authority.store(namespace, &ROLES)?;
    let address = platform.mesh().to_owned();
    let peers: BTreeMap<_, _> = ROLES
        .iter()
        .map(|role| ((*role).to_owned(), address.clone()))
        .collect();
    let mesh = Mesh::builder(identities, Contract::load()?)
        .peers(peers)
        .build();
    Ok(mesh)
}

/// The role that serves a method; probes are served by every one.
fn server(method: &Method) -> &str {
    if method.area == "mesh" {
        "files"
    } else {
        &method.area
    }
}

#[tokio::test]
async fn every_workload_may_call_what_its_policy_lists_and_nothing_else() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mesh = mesh(&platform, "default")?;
    let contract = Contract::load()?;
    let mut wrong = Vec::new();
    for method in contract.methods() {
        for role in ROLES {
            let failure = call(&mesh.client(role, server(method)), &method.path, None).await;
            let denied =
                failure.reason == "WORKLOAD_NOT_ALLOWED" && failure.code == Code::PermissionDenied;
            let right = match (method.allows_workload(Some(role)), method.needs_principal()) {
                (false, _) => denied,
                // Nobody acts for a user without the user's token.
                (true, true) => failure.code == Code::Unauthenticated,
                (true, false) => !denied && failure.code != Code::Unimplemented,
            };
            if !right {
                wrong.push(format!("{} by {role}: {failure:?}", method.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[tokio::test]
async fn a_workload_of_another_namespace_may_call_nothing() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mesh = mesh(&platform, "elsewhere")?;
    for method in Contract::load()?.methods() {
        let failure = call(&mesh.client("gateway", server(method)), &method.path, None).await;
        assert_ne!(failure.code, Code::Ok, "{}", method.path);
        assert_ne!(
            failure.code,
            Code::Unauthenticated,
            "{}: {failure:?}",
            method.path
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_principal_counts_only_as_it_was_minted() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let teacher = platform.teacher(&class).await?;
    let mesh = mesh(&platform, "default")?;
    let mut sessions = SessionServiceClient::new(mesh.client("gateway", "identity"));
    let request = MintPrincipalRequest {
        session_token: teacher.token().to_owned(),
    };
    let token = sessions
        .mint_principal(request)
        .await?
        .into_inner()
        .principal_token;

    let echo = async |token: &str| {
        let mut probe = ProbeServiceClient::new(mesh.client("files", "roster"));
        let mut request = Request::new(EchoRequest {
            payload: (&b"hello"[..]).into(),
        });
        with_principal(&mut request, token);
        probe
            .echo(request)
            .await
            .map(|answer| answer.into_inner().payload)
    };
    assert_eq!(&echo(&token).await?[..], b"hello");

    // One character of each part changed; a part missing; another algorithm.
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("{token} is no compact JWS")
    };
    let flip = |part: &str| {
        let other = if part.starts_with('A') { "B" } else { "A" };
        format!("{other}{}", &part[1..])
    };
    for forged in [
        format!("{}.{claims}.{signature}", flip(header)),
        format!("{header}.{}.{signature}", flip(claims)),
        format!("{header}.{claims}.{}", flip(signature)),
        format!("{header}.{claims}."),
        // {"alg":"none","typ":"JWT"}
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."),
        "x".repeat(9_000),
    ] {
        let refused = Failure::of(echo(&forged).await);
        assert_eq!(refused.code, Code::Unauthenticated, "{forged}: {refused:?}");
    }
    // The token still counts, and identity's doors stay shut to it elsewhere.
    assert_eq!(&echo(&token).await?[..], b"hello");
    let refused = call(
        &mesh.client("files", "roster"),
        "/preau.roster.v1.ClassService/GetClass",
        Some(&token),
    )
    .await;
    assert_eq!(refused.reason, "WORKLOAD_NOT_ALLOWED", "{refused:?}");
    Ok(())
}
