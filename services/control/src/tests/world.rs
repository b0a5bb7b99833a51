//! A control plane that serves, and processes that have no identity yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use preau_kernel::clock::Clock;
use preau_mesh::principal::Signer;
use preau_mesh::{
    CaConfig, CertificateAuthority, Channel, IdentityStore, Listener, ListenerConfig, Mesh,
    TrustDomain, obtain, own_request, system_clock, testing, with_principal,
};
use preau_proto::contract::{Contract, Role};
use preau_proto::control::v1::CreateJoinTokenRequest;
use preau_proto::control::v1::join_token_service_client::JoinTokenServiceClient;
use preau_storage_database::testing::sqlite;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};
use tonic_types::StatusExt;

use crate::{Deps, LocalIssuer, MIGRATIONS, server};

/// The process that runs `control`, with time that a test can turn forward.
pub(super) struct World {
    pub(super) mesh: Mesh,
    pub(super) addr: String,
    signer: Signer,
    forward: Arc<AtomicU64>,
    serving: tokio::task::AbortHandle,
    _folder: Box<dyn std::any::Any + Send>,
}

impl World {
    pub(super) async fn new() -> World {
        let ca = CertificateAuthority::create(trust_domain(), &CaConfig::default()).unwrap();
        let ca = Arc::new(ca);
        let identities = IdentityStore::new(trust_domain(), system_clock());
        let local = LocalIssuer::new(Arc::clone(&ca), "default", HOUR);
        for role in ["control", "gateway"] {
            obtain(&identities, &local, role).await.unwrap();
        }
        let (db, folder) = sqlite(&MIGRATIONS).await;
        let forward = Arc::new(AtomicU64::new(0));
        let seconds = Arc::clone(&forward);
        let clock = Clock::from_fn(move || {
            SystemTime::now() + Duration::from_secs(seconds.load(Ordering::Relaxed))
        });
        let deps = Deps {
            db,
            ca,
            identities: Arc::clone(&identities),
            namespace: "default".to_owned(),
            leaf_lifetime: HOUR,
            clock,
        };
        let loopback = ([127, 0, 0, 1], 0).into();
        let listener = Listener::bind(loopback, ListenerConfig::default())
            .await
            .unwrap();
        let addr = listener.local_addr();
        let mesh = Mesh::builder(identities, Contract::load().unwrap())
            .local(addr)
            .build();
        let signer = Signer::generate().unwrap();
        mesh.principals()
            .set_keys(vec![(signer.key_id().to_owned(), signer.public_key())]);
        let stop = CancellationToken::new();
        let serving = tokio::spawn(mesh.clone().serve(listener, vec![server(deps)], stop));
        World {
            mesh,
            addr: addr.to_string(),
            signer,
            forward,
            serving: serving.abort_handle(),
            _folder: Box::new(folder),
        }
    }

    /// Control's clock runs ahead from here on.
    pub(super) fn pass(&self, time: Duration) {
        self.forward.fetch_add(time.as_secs(), Ordering::Relaxed);
    }

    pub(super) async fn create_token(
        &self,
        role: Role,
        roles: &[&str],
        lifetime: Option<prost_types::Duration>,
    ) -> Result<String, Status> {
        let roles = roles.iter().map(ToString::to_string).collect();
        let mut request = own_request(CreateJoinTokenRequest { roles, lifetime });
        let token = self
            .signer
            .sign(&testing::claims(role), &trust_domain())
            .unwrap();
        with_principal(&mut request, &token);
        let mut tokens = JoinTokenServiceClient::new(self.mesh.client("gateway", "control"));
        Ok(tokens.create_join_token(request).await?.into_inner().token)
    }

    /// A token for these roles, good for an hour.
    pub(super) async fn token(&self, roles: &[&str]) -> String {
        self.create_token(Role::PlatformAdmin, roles, None)
            .await
            .unwrap()
    }

    pub(super) async fn join(
        &self,
        token: &str,
        roles: &[&str],
    ) -> Result<Arc<IdentityStore>, crate::JoinError> {
        let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
        let store = stranger();
        let joined = crate::join(token, &self.addr, &roles, &store).await;
        assert_eq!(store.bundle().is_some(), joined.is_ok(), "all or nothing");
        assert_eq!(store.roles().is_empty(), joined.is_err(), "all or nothing");
        joined.map(|()| store)
    }

    /// Another process's mesh, which reaches control at its address.
    pub(super) fn mesh_of(&self, identities: Arc<IdentityStore>) -> Mesh {
        let mesh = Mesh::builder(identities, Contract::load().unwrap()).build();
        mesh.set_peer("control", &self.addr);
        mesh
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// A process without an identity.
pub(super) fn stranger() -> Arc<IdentityStore> {
    IdentityStore::new(trust_domain(), system_clock())
}

pub(super) fn trust_domain() -> TrustDomain {
    TrustDomain::parse(testing::TRUST_DOMAIN).unwrap()
}

pub(super) fn request<M>(message: M) -> Request<M> {
    own_request(message)
}

pub(super) fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}

pub(super) type Workloads =
    preau_proto::control::v1::workload_identity_service_client::WorkloadIdentityServiceClient<
        Channel,
    >;
