//! The mesh port as an attacker finds it: bytes, certificates and names that no
//! workload of ours would send. After each the port serves as before.

pub(crate) mod identities;
mod wire;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use preau_harness::{Failure, Platform, connect};
use preau_mesh_identity::{CaConfig, CertificateAuthority, SpiffeId, TrustDomain};
use preau_proto::files::v1::ListSpacesRequest;
use preau_proto::files::v1::space_service_client::SpaceServiceClient;
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Code;

use identities::{Authority, leaf, self_signed};
use wire::{Outcome, attempt};

/// Answers any authenticated workload, with no user: the call to which others are compared.
const PATH: &str = "/preau.identity.v1.SessionService/ListSigningKeys";
const SNI: &str = "identity.preau.internal";

struct Port {
    platform: Platform,
    authority: Authority,
}

impl Port {
    async fn open() -> anyhow::Result<Self> {
        let platform = Platform::start().await?;
        let authority = Authority::of(&platform.data_dir())?;
        Ok(Self {
            platform,
            authority,
        })
    }

    fn good(&self) -> anyhow::Result<Arc<ClientConfig>> {
        let key = leaf(
            &self.authority.ca,
            &id("default", "gateway"),
            Duration::from_secs(3600),
        )?;
        self.authority.client_config(Some(key))
    }

    async fn attempt(&self, config: Arc<ClientConfig>, sni: &str, path: &str) -> Outcome {
        attempt(self.platform.mesh(), config, sni, path).await
    }

    /// The port still serves whoever is right.
    async fn still_serves(&self, after: &str) -> anyhow::Result<()> {
        let outcome = self.attempt(self.good()?, SNI, PATH).await;
        assert_eq!(outcome, Outcome::Answered, "after {after}");
        Ok(())
    }
}

fn domain() -> TrustDomain {
    TrustDomain::parse("preau.internal").unwrap()
}

fn id(namespace: &str, service: &str) -> SpiffeId {
    SpiffeId::for_service(&domain(), namespace, service).unwrap()
}

#[tokio::test]
async fn only_the_exact_path_is_a_method() -> anyhow::Result<()> {
    let port = Port::open().await?;
    port.still_serves("nothing").await?;
    for path in [
        "preau.identity.v1.SessionService/ListSigningKeys",
        "//preau.identity.v1.SessionService/ListSigningKeys",
        "/preau.identity.v1.SessionService//ListSigningKeys",
        "/preau.identity.v1.SessionService/ListSigningKeys/",
        "/preau.identity.v1.SessionService/listSigningKeys",
        "/preau.identity.v1.sessionservice/ListSigningKeys",
        "/PREAU.IDENTITY.V1.SESSIONSERVICE/LISTSIGNINGKEYS",
        "/preau.identity.v1.SessionService/ListSigningKeys?x=1",
        "/preau.identity.v1.SessionService/%4cistSigningKeys",
        "/./preau.identity.v1.SessionService/ListSigningKeys",
        "/x/../preau.identity.v1.SessionService/ListSigningKeys",
        "/preau.identity.v1.SessionService\\ListSigningKeys",
        "/preau.identity.v1.SessionService/ListSigningKeys ",
        "/preau.identity.v1.SessionService/",
        "/",
        "",
        "*",
    ] {
        let outcome = port.attempt(port.good()?, SNI, path).await;
        assert_ne!(outcome, Outcome::Answered, "{path:?}");
        port.still_serves(path).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_role_answers_only_its_own_methods() -> anyhow::Result<()> {
    let port = Port::open().await?;
    for sni in [
        "files.preau.internal",
        "roster.preau.internal",
        "gateway.preau.internal",
    ] {
        let outcome = port.attempt(port.good()?, sni, PATH).await;
        assert_ne!(outcome, Outcome::Answered, "{sni} answered for identity");
    }
    port.still_serves("other roles").await
}

#[tokio::test]
async fn a_name_that_no_role_here_has_gets_no_certificate() -> anyhow::Result<()> {
    let port = Port::open().await?;
    for sni in [
        "cantine.preau.internal",
        "preau.internal",
        "identity.preau.internal.evil.example",
        "identity.example.org",
        "localhost",
        // An address is no server name: nothing is sent.
        "127.0.0.1",
    ] {
        let outcome = port.attempt(port.good()?, sni, PATH).await;
        assert!(
            matches!(outcome, Outcome::NoConnection(_)),
            "{sni}: {outcome:?}"
        );
        port.still_serves(sni).await?;
    }
    Ok(())
}

#[tokio::test]
async fn no_certificate_but_a_workloads_own_is_accepted() -> anyhow::Result<()> {
    let port = Port::open().await?;
    let hour = Duration::from_secs(3600);
    let ours = &port.authority.ca;
    let stranger = CertificateAuthority::create(domain(), &CaConfig::default())?;
    let foreign_domain = TrustDomain::parse("preau.example")?;
    let foreign = CertificateAuthority::create(foreign_domain.clone(), &CaConfig::default())?;
    let foreign_id = SpiffeId::for_service(&foreign_domain, "default", "gateway")?;
    let yesterday = port
        .authority
        .at(SystemTime::now() - Duration::from_secs(26 * 3600))?;
    let tomorrow = port
        .authority
        .at(SystemTime::now() + Duration::from_secs(26 * 3600))?;

    let cases = [
        ("none", None),
        (
            "another authority's",
            Some(leaf(&stranger, &id("default", "gateway"), hour)?),
        ),
        (
            "another trust domain's",
            Some(leaf(&foreign, &foreign_id, hour)?),
        ),
        (
            "self-signed",
            Some(self_signed(
                "spiffe://preau.internal/ns/default/sa/gateway",
            )?),
        ),
        (
            "expired",
            Some(leaf(&yesterday, &id("default", "gateway"), hour)?),
        ),
        (
            "not yet valid",
            Some(leaf(&tomorrow, &id("default", "gateway"), hour)?),
        ),
        (
            "another namespace's",
            Some(leaf(ours, &id("elsewhere", "gateway"), hour)?),
        ),
    ];
    for (case, key) in cases {
        let config = port.authority.client_config(key)?;
        let outcome = port.attempt(config, SNI, PATH).await;
        assert_ne!(
            outcome,
            Outcome::Answered,
            "a certificate that is {case} was accepted"
        );
        port.still_serves(case).await?;
    }
    Ok(())
}

#[tokio::test]
async fn without_an_identity_there_is_joining_and_nothing_else() -> anyhow::Result<()> {
    let port = Port::open().await?;
    let nobody = port.authority.client_config(None)?;
    for path in [
        PATH,
        "/preau.control.v1.WorkloadIdentityService/Renew",
        "/preau.control.v1.WorkloadIdentityService/GetTrustBundle",
        "/preau.control.v1.JoinTokenService/CreateJoinToken",
        "/preau.mesh.v1.ProbeService/Echo",
        "/grpc.health.v1.Health/Check",
        // An empty request: no token in it.
        "/preau.control.v1.WorkloadIdentityService/Join",
    ] {
        let outcome = port
            .attempt(nobody.clone(), "join.preau.internal", path)
            .await;
        assert!(
            matches!(outcome, Outcome::Refused(_)),
            "{path}: {outcome:?}"
        );
    }
    port.still_serves("joining").await
}

#[tokio::test]
async fn what_is_not_tls_or_not_http2_gets_no_answer() -> anyhow::Result<()> {
    let port = Port::open().await?;
    for bytes in [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"[..],
        b"GET / HTTP/1.1\r\nhost: identity.preau.internal\r\n\r\n",
        b"\x16\x03\x01\xff\xff",
        &[0; 4_096],
    ] {
        let mut stream = tokio::net::TcpStream::connect(port.platform.mesh()).await?;
        stream.write_all(bytes).await?;
        stream.shutdown().await?;
        let mut answer = Vec::new();
        // A reset is as good an end as a close.
        let _ = stream.read_to_end(&mut answer).await;
        // At most a TLS alert (content type 21).
        assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
        port.still_serves("bytes that are no TLS").await?;
    }
    for alpn in [vec![b"http/1.1".to_vec()], Vec::new()] {
        let mut config = ClientConfig::clone(&*port.good()?);
        config.alpn_protocols = alpn.clone();
        let outcome = port.attempt(Arc::new(config), SNI, PATH).await;
        assert_ne!(outcome, Outcome::Answered, "{alpn:?}");
    }
    port.still_serves("other protocols").await
}

#[tokio::test]
async fn a_principal_from_outside_is_stripped_at_the_gateway() -> anyhow::Result<()> {
    let port = Port::open().await?;
    let [class, _] = port.platform.classes();
    let teacher = port.platform.teacher(&class).await?;
    // A real one, minted for the gateway, as if it had leaked.
    let store = port.authority.store("default", &["gateway"])?;
    let contract = preau_proto::contract::Contract::load()?;
    let peers = [("identity".to_owned(), port.platform.mesh().to_owned())];
    let mesh = preau_mesh::Mesh::builder(store, contract)
        .peers(peers.into())
        .build();
    let request = preau_proto::identity::v1::MintPrincipalRequest {
        session_token: teacher.token().to_owned(),
    };
    let mut sessions = preau_proto::identity::v1::session_service_client::SessionServiceClient::new(
        mesh.client("gateway", "identity"),
    );
    let leaked = sessions
        .mint_principal(request)
        .await?
        .into_inner()
        .principal_token;

    let mut spaces = SpaceServiceClient::new(connect(port.platform.gateway()).await?);
    for header in [
        "x-preau-principal",
        "l5d-client-id",
        "x-forwarded-client-cert",
    ] {
        let mut request = tonic::Request::new(ListSpacesRequest {});
        request.metadata_mut().insert(header, leaked.parse()?);
        let refused = Failure::of(spaces.list_spaces(request).await);
        assert_eq!(refused.code, Code::Unauthenticated, "{header}: {refused:?}");
    }
    Ok(())
}
