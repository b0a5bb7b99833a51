//! A mesh on loopback for tests: its own certificate authority, real mutual TLS, a signer of principal tokens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use preau_mesh_identity::principal::{Claims, GrantClaim, ScopeClaim, Signer};
use preau_mesh_identity::{
    CaConfig, CertificateAuthority, IdentityStore, SpiffeId, Svid, TrustDomain, WorkloadKey,
    system_clock,
};
use preau_mesh_transport::{Drained, Listener, ListenerConfig};
use preau_proto::contract::{Contract, Role};
use prometheus_client::registry::Registry;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Channel, Mesh, MeshError, RoleServer};

/// The trust domain of test meshes.
pub const TRUST_DOMAIN: &str = "preau.internal";
const LEAF_LIFETIME: Duration = Duration::from_secs(3600);

/// Serves `server` as `role` and prepares `client_role` to call it.
///
/// # Panics
/// If the roles do not fit the contract.
pub async fn pair(role: &str, server: RoleServer, client_role: &str) -> Pair {
    let ground = Ground::new(&[role, client_role]).await;
    ground.serve(vec![server], client_role, role)
}

/// A mesh that is not serving yet, so that handlers can be given its clients.
pub struct Ground {
    mesh: Mesh,
    authority: CertificateAuthority,
    signer: Signer,
    listener: Listener,
    registry: Registry,
}

impl Ground {
    /// A listener on loopback and an identity for each of `roles`.
    ///
    /// # Panics
    /// If loopback or the system's randomness is missing.
    pub async fn new(roles: &[&str]) -> Self {
        let domain = TrustDomain::parse(TRUST_DOMAIN).expect("a trust domain");
        let authority = CertificateAuthority::create(domain.clone(), &CaConfig::default())
            .expect("an authority");
        let identities = IdentityStore::new(domain, system_clock());
        identities.set_bundle(authority.bundle());
        for role in roles {
            issue(&authority, &identities, role);
        }
        let loopback = ([127, 0, 0, 1], 0).into();
        let listener = Listener::bind(loopback, ListenerConfig::default())
            .await
            .expect("loopback has a free port");
        let contract = Contract::load().expect("the contract is valid");
        let mut registry = Registry::default();
        let mesh = Mesh::builder(identities, contract)
            .local(listener.local_addr())
            .registry(&mut registry)
            .build();
        let signer = Signer::generate().expect("a signing key");
        mesh.principals()
            .set_keys(vec![(signer.key_id().to_owned(), signer.public_key())]);
        Self {
            mesh,
            authority,
            signer,
            listener,
            registry,
        }
    }

    /// The mesh, for handlers that call others.
    #[must_use]
    pub fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// Where it will listen.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Starts serving; [`Pair::client`] will call `role` as `client_role`.
    #[must_use]
    pub fn serve(self, servers: Vec<RoleServer>, client_role: &str, role: &str) -> Pair {
        let Self {
            mesh,
            authority,
            signer,
            listener,
            registry,
        } = self;
        let (stop, address) = (CancellationToken::new(), listener.local_addr());
        let serving = tokio::spawn(mesh.clone().serve(listener, servers, stop.clone()));
        let (role, client_role) = (role.to_owned(), client_role.to_owned());
        Pair {
            mesh,
            signer,
            stop,
            address,
            authority,
            registry,
            serving: Some(serving),
            role,
            client_role,
        }
    }
}

/// A role being served and a role to call it with. Stops when dropped.
pub struct Pair {
    /// The mesh both sides share.
    pub mesh: Mesh,
    /// Signs principal tokens the server accepts.
    pub signer: Signer,
    /// Stops the server.
    pub stop: CancellationToken,
    address: SocketAddr,
    authority: CertificateAuthority,
    registry: Registry,
    serving: Option<JoinHandle<Result<Drained, MeshError>>>,
    role: String,
    client_role: String,
}

impl Pair {
    /// A channel from the client's role to the server's.
    #[must_use]
    pub fn client(&self) -> Channel {
        self.mesh.client(&self.client_role, &self.role)
    }

    /// A channel to the server's role from another one, which gets an identity.
    #[must_use]
    pub fn client_as(&self, role: &str) -> Channel {
        issue(&self.authority, self.mesh.identities(), role);
        self.mesh.client(role, &self.role)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A token for these claims.
    ///
    /// # Panics
    /// If the claims cannot be signed.
    #[must_use]
    pub fn token(&self, claims: &Claims) -> String {
        self.signer
            .sign(claims, self.mesh.trust_domain())
            .expect("claims that can be signed")
    }

    /// A token of somebody who holds `role` and nothing else.
    #[must_use]
    pub fn token_for(&self, role: Role) -> String {
        self.token(&claims(role))
    }

    /// What a scrape of the metrics would read.
    ///
    /// # Panics
    /// If a metric cannot be written.
    #[must_use]
    pub fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)
            .expect("metrics can be written");
        text
    }

    /// Stops the server and waits for its drain.
    ///
    /// # Errors
    /// If it never served, because its roles do not fit the contract.
    ///
    /// # Panics
    /// If the server panicked.
    pub async fn drain(mut self) -> Result<Drained, MeshError> {
        self.stop.cancel();
        let serving = self
            .serving
            .take()
            .expect("drained once, because this consumes the pair");
        serving.await.expect("the server does not panic")
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }
}

/// Claims of a made-up person with one grant, good for half a minute from now.
///
/// # Panics
/// If the system's clock is before 1970.
#[must_use]
pub fn claims(role: Role) -> Claims {
    let school = "01890000-0000-7000-8000-0000000000aa".to_owned();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let scope = match role {
        Role::PlatformAdmin => ScopeClaim::Platform,
        Role::AuthorityAdmin => {
            ScopeClaim::Authority("01890000-0000-7000-8000-0000000000bb".into())
        }
        _ => ScopeClaim::School(school.clone()),
    };
    Claims {
        person: "01890000-0000-7000-8000-000000000001".into(),
        session: "01890000-0000-7000-8000-000000000002".into(),
        authority: None,
        school: Some(school),
        grants: vec![GrantClaim {
            role: role as i32,
            scope,
        }],
        issued_at: now,
        expires_at: now + 30,
    }
}

fn issue(authority: &CertificateAuthority, identities: &Arc<IdentityStore>, role: &str) {
    let key = WorkloadKey::generate().expect("a key");
    let id =
        SpiffeId::for_service(authority.trust_domain(), "default", role).expect("a role's name");
    let request = key.csr_der().expect("a request");
    let chain = authority
        .issue(&request, &id, LEAF_LIFETIME)
        .expect("a certificate");
    identities.set_svid(
        role,
        Svid::new(key, chain).expect("the authority's own certificate"),
    );
}
