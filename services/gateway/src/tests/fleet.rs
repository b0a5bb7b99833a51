//! The made-up role `devices`: what it answers, and what it was asked.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures::{Stream, StreamExt, stream};
use preau_mesh::{Call, Fault, RoleServer};
use preau_proto::contract::Role;
use preau_proto::devices::v1 as wire;
use preau_proto::devices::v1::agent_service_server::{AgentService, AgentServiceServer};
use preau_proto::devices::v1::credential_service_server::{
    CredentialService, CredentialServiceServer,
};
use preau_proto::devices::v1::mint_principal_request::Credential;
use tokio::sync::{Notify, OnceCell};
use tonic::{Code, Request, Response, Status, async_trait};

/// A session of a device. Any other is refused.
pub(super) const TABLET: &str = "dev_session-of-a-tablet";

/// What devices says and saw.
#[derive(Default)]
pub(super) struct Fleet {
    /// Nobody serves the role.
    pub(super) nowhere: bool,
    /// It is served, and answers that it cannot answer.
    pub(super) away: Mutex<bool>,
    /// Whose certificates are devices'.
    pub(super) authorities: Mutex<Vec<Vec<u8>>>,
    /// So often the authorities are not known yet.
    pub(super) not_yet: AtomicUsize,
    /// The devices behind certificates are retired.
    pub(super) retired: Mutex<bool>,
    /// Credentials that were asked about.
    pub(super) asked: Mutex<Vec<Credential>>,
    /// Lets the last answer of `Watch` go.
    pub(super) finish: Notify,
    pub(super) signer: OnceCell<Arc<dyn Fn(Role) -> String + Send + Sync>>,
}

impl Fleet {
    pub(super) fn asked(&self) -> Vec<Credential> {
        self.asked.lock().expect("not poisoned").clone()
    }

    fn check_here(&self) -> Result<(), Status> {
        match *self.away.lock().expect("not poisoned") {
            true => Err(Status::unavailable(
                "devices at 10.0.0.1:7443 is restarting",
            )),
            false => Ok(()),
        }
    }
}

pub(super) fn role(fleet: &Arc<Fleet>) -> RoleServer {
    RoleServer::new("devices")
        .add_service(CredentialServiceServer::new(Devices(Arc::clone(fleet))))
        .add_service(AgentServiceServer::new(Devices(Arc::clone(fleet))))
}

#[derive(Clone)]
struct Devices(Arc<Fleet>);

#[async_trait]
impl CredentialService for Devices {
    async fn mint_principal(
        &self,
        request: Request<wire::MintPrincipalRequest>,
    ) -> Result<Response<wire::MintPrincipalResponse>, Status> {
        let fleet = &self.0;
        fleet.check_here()?;
        let credential = request.into_inner().credential.expect("asked about one");
        let is_known = match &credential {
            Credential::Certificate(_) => !*fleet.retired.lock().expect("not poisoned"),
            Credential::SessionToken(token) => token == TABLET,
        };
        let mut asked = fleet.asked.lock().expect("not poisoned");
        asked.push(credential);
        if !is_known {
            return Err(Status::unauthenticated("no such device"));
        }
        let sign = fleet.signer.get().expect("set before serving");
        Ok(Response::new(wire::MintPrincipalResponse {
            principal_token: sign(Role::Device),
            expires_at: Some((SystemTime::now() + Duration::from_secs(30)).into()),
        }))
    }

    async fn list_authorities(
        &self,
        _request: Request<wire::ListAuthoritiesRequest>,
    ) -> Result<Response<wire::ListAuthoritiesResponse>, Status> {
        let left = |left: usize| left.checked_sub(1);
        let (set, get) = (Ordering::SeqCst, Ordering::SeqCst);
        if self.0.not_yet.fetch_update(set, get, left).is_ok() {
            return Err(Status::unavailable("devices is starting"));
        }
        let authorities = self.0.authorities.lock().expect("not poisoned").clone();
        Ok(Response::new(wire::ListAuthoritiesResponse { authorities }))
    }
}

/// Role numbers of whoever calls, as text.
fn caller<T>(request: &Request<T>) -> Result<Vec<u8>, Status> {
    let call = Call::of(request)?;
    call.admission().discharge();
    let grants = call.claims().map(|claims| claims.grants.clone());
    let roles = grants
        .unwrap_or_default()
        .into_iter()
        .map(|grant| grant.role);
    Ok(format!("{:?}", roles.collect::<Vec<_>>()).into_bytes())
}

/// What [`caller`] answers for a device.
pub(super) fn a_device() -> Vec<u8> {
    format!("[{}]", Role::Device as i32).into_bytes()
}

type Answers = Pin<Box<dyn Stream<Item = Result<wire::WatchResponse, Status>> + Send>>;

#[async_trait]
impl AgentService for Devices {
    async fn enroll(
        &self,
        _request: Request<wire::EnrollRequest>,
    ) -> Result<Response<wire::EnrollResponse>, Status> {
        let text = "there is no such enrolment token: ask for another";
        let fault = Fault::new(Code::Unauthenticated, "TOKEN_UNKNOWN", text);
        Err(fault.into_status("devices", "test"))
    }

    async fn sign_in(
        &self,
        _request: Request<wire::SignInRequest>,
    ) -> Result<Response<wire::SignInResponse>, Status> {
        let text = "the assertion is refused: enrol again";
        let fault = Fault::new(Code::Unauthenticated, "ASSERTION_REFUSED", text);
        Err(fault.into_status("devices", "test"))
    }

    /// Answers who the caller is.
    async fn renew_certificate(
        &self,
        request: Request<wire::RenewCertificateRequest>,
    ) -> Result<Response<wire::RenewCertificateResponse>, Status> {
        let certificate = wire::Certificate {
            chain: vec![caller(&request)?],
            ..Default::default()
        };
        Ok(Response::new(wire::RenewCertificateResponse {
            certificate: Some(certificate),
        }))
    }

    type WatchStream = Answers;

    /// Two answers; the last waits.
    async fn watch(
        &self,
        request: Request<wire::WatchRequest>,
    ) -> Result<Response<Answers>, Status> {
        caller(&request)?;
        let fleet = Arc::clone(&self.0);
        let answers = stream::iter([1, 2]).then(move |cursor| {
            let fleet = Arc::clone(&fleet);
            async move {
                if cursor == 2 {
                    fleet.finish.notified().await;
                }
                Ok(wire::WatchResponse {
                    cursor,
                    ..Default::default()
                })
            }
        });
        Ok(Response::new(answers.boxed()))
    }

    async fn acknowledge(
        &self,
        _request: Request<wire::AcknowledgeRequest>,
    ) -> Result<Response<wire::AcknowledgeResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }
}
