//! A platform with one administrator, and short words for what people do there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use preau_kernel::clock::Clock;
use preau_mesh::testing::{Pair, pair};
use preau_mesh::{Channel, TrustDomain, own_request, with_principal};
use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_proto::identity::v1::session_service_client::SessionServiceClient;
use preau_proto::identity::v1::{
    Authority, CreateAuthorityRequest, CreatePersonRequest, CreateSchoolRequest, Grant,
    GrantRoleRequest, MintPrincipalRequest, Person, School, Scope, SignInRequest, scope::On,
};
use preau_proto::policy::v1::Role;
use preau_storage_database::testing::sqlite;
use tonic::{Request, Status};
use tonic_types::StatusExt;

use crate::{Deps, Identity, MIGRATIONS, PasswordConfig, SessionConfig, open};

pub(super) const PASSWORD: &str = "tulipe-bleue-42x";
pub(super) const ROOT: &str = "root";

/// Everything served, and time that a test can turn forward.
pub(super) struct World {
    pub(super) identity: Identity,
    pub(super) pair: Pair,
    forward: Arc<AtomicU64>,
    _folder: Box<dyn std::any::Any + Send>,
}

impl World {
    pub(super) async fn new() -> World {
        World::with(PasswordConfig {
            workers: 2,
            queue: 16,
            ..PasswordConfig::default()
        })
        .await
    }

    pub(super) async fn with(passwords: PasswordConfig) -> World {
        let (db, folder) = sqlite(&MIGRATIONS).await;
        let forward = Arc::new(AtomicU64::new(0));
        let seconds = Arc::clone(&forward);
        let clock = Clock::from_fn(move || {
            SystemTime::now() + Duration::from_secs(seconds.load(Ordering::Relaxed))
        });
        let deps = Deps {
            db,
            clock,
            passwords,
            sessions: SessionConfig::default(),
            trust_domain: TrustDomain::parse(preau_mesh::testing::TRUST_DOMAIN).unwrap(),
        };
        let identity = open(deps).await.unwrap();
        identity
            .create_first_admin("Ada", "Racine", ROOT, PASSWORD)
            .await
            .unwrap();
        let pair = pair("identity", identity.server(), "gateway").await;
        pair.mesh
            .principals()
            .set_keys(identity.signing_keys().await);
        World {
            identity,
            pair,
            forward,
            _folder: Box::new(folder),
        }
    }

    /// Identity's clock runs ahead from here on.
    pub(super) fn pass(&self, time: Duration) {
        self.forward.fetch_add(time.as_secs(), Ordering::Relaxed);
    }

    pub(super) fn sessions(&self) -> SessionServiceClient<Channel> {
        SessionServiceClient::new(self.pair.client())
    }

    pub(super) fn directory(&self) -> DirectoryServiceClient<Channel> {
        DirectoryServiceClient::new(self.pair.client())
    }

    pub(super) async fn sign_in(&self, login: &str, password: &str) -> Result<String, Status> {
        let request = SignInRequest {
            login: login.to_owned(),
            password: password.to_owned(),
        };
        let answer = self.sessions().sign_in(own_request(request)).await?;
        Ok(answer.into_inner().session_token)
    }

    pub(super) async fn mint(&self, session_token: &str) -> Result<String, Status> {
        let request = MintPrincipalRequest {
            session_token: session_token.to_owned(),
        };
        let answer = self.sessions().mint_principal(own_request(request)).await?;
        Ok(answer.into_inner().principal_token)
    }

    /// A principal token of whoever has this login and the usual password.
    pub(super) async fn token(&self, login: &str) -> String {
        let session = self.sign_in(login, PASSWORD).await.unwrap();
        self.mint(&session).await.unwrap()
    }

    pub(super) async fn authority(&self) -> Authority {
        let request = by(
            &self.token(ROOT).await,
            CreateAuthorityRequest {
                name: "Région".into(),
            },
        );
        self.directory()
            .create_authority(request)
            .await
            .unwrap()
            .into_inner()
            .authority
            .unwrap()
    }

    pub(super) async fn school(&self, authority: &Authority, uai: &str) -> School {
        let request = CreateSchoolRequest {
            authority_id: authority.authority_id.clone(),
            uai: uai.to_owned(),
            name: format!("Lycée {uai}"),
        };
        let request = by(&self.token(ROOT).await, request);
        self.directory()
            .create_school(request)
            .await
            .unwrap()
            .into_inner()
            .school
            .unwrap()
    }

    /// A person of a school, created by the platform's administrator.
    pub(super) async fn person(&self, school: &School, login: &str, role: Role) -> Person {
        let request = by(&self.token(ROOT).await, wanted(school, login, role));
        self.directory()
            .create_person(request)
            .await
            .unwrap()
            .into_inner()
            .person
            .unwrap()
    }

    pub(super) async fn grant(
        &self,
        by_login: &str,
        request: GrantRoleRequest,
    ) -> Result<Grant, Status> {
        let request = by(&self.token(by_login).await, request);
        Ok(self
            .directory()
            .grant_role(request)
            .await?
            .into_inner()
            .grant
            .unwrap())
    }
}

/// A request in the name of whoever the token says.
pub(super) fn by<M>(token: &str, message: M) -> Request<M> {
    let mut request = own_request(message);
    with_principal(&mut request, token);
    request
}

pub(super) fn wanted(school: &School, login: &str, role: Role) -> CreatePersonRequest {
    CreatePersonRequest {
        school_id: school.school_id.clone(),
        given_name: "Camille".into(),
        family_name: format!("Durand {login}"),
        role: role.into(),
        login: login.to_owned(),
        password: PASSWORD.to_owned(),
    }
}

pub(super) fn on_school(id: &str) -> Option<Scope> {
    Some(Scope {
        on: Some(On::SchoolId(id.to_owned())),
    })
}

pub(super) fn on_authority(id: &str) -> Option<Scope> {
    Some(Scope {
        on: Some(On::AuthorityId(id.to_owned())),
    })
}

pub(super) fn on_platform() -> Option<Scope> {
    Some(Scope {
        on: Some(On::Platform(true)),
    })
}

pub(super) fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}

pub(super) fn wrong_field(status: &Status) -> String {
    let details = status.get_details_bad_request();
    let violation = details.and_then(|details| details.field_violations.into_iter().next());
    violation
        .map(|violation| violation.field)
        .unwrap_or_default()
}

/// All that a caller can see of a failure, in one text.
pub(super) fn seen(status: &Status) -> String {
    let info = status.get_details_error_info();
    let (reason, metadata) = info
        .map(|info| (info.reason, info.metadata))
        .unwrap_or_default();
    let metadata: std::collections::BTreeMap<_, _> = metadata.into_iter().collect();
    let bytes = status.details().len();
    format!(
        "{:?} {} {reason} {metadata:?} {bytes}",
        status.code(),
        status.message()
    )
}

/// A part of a token, read without checking it: the test's clock is not the verifier's.
pub(super) fn unchecked(token: &str, part: usize) -> String {
    use base64::Engine as _;
    let text = token.split('.').nth(part).unwrap();
    let json = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .unwrap();
    String::from_utf8(json).unwrap()
}
