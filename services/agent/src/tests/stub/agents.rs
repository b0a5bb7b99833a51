//! `AgentService`.

use std::pin::Pin;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::Stream;
use preau_kernel::ids::{DeviceId, SchoolId, SessionId};
use preau_proto::devices::v1::agent_service_server::AgentService;
use preau_proto::devices::v1::{
    AcknowledgeRequest, AcknowledgeResponse, Certificate, CommandState, EnrollRequest,
    EnrollResponse, RenewCertificateRequest, RenewCertificateResponse, SignInRequest,
    SignInResponse, WatchRequest, WatchResponse,
};
use serde_json::Value;
use tokio::sync::mpsc;
use tonic::{Code, Request, Response, Status};

use super::{Inner, TOKEN, World, refused};

impl World {
    fn certificate(&self, request: &[u8], device_id: &str) -> Certificate {
        let (key, der) = self.pki.sign(request);
        let now = self.now().0 / 1_000_000;
        let mut inner = self.lock();
        if !inner.issues_bad {
            inner.keys.insert(key, device_id.to_owned());
            inner.certificates.insert(der.clone(), device_id.to_owned());
        }
        let at = |seconds: i64| {
            Some(prost_types::Timestamp {
                seconds: now + seconds,
                nanos: 0,
            })
        };
        Certificate {
            chain: vec![der, self.pki.devices_authority()],
            expires_at: at(90 * 86_400),
            renew_at: at(inner.renew_in),
        }
    }

    /// Who signed a statement, if it is one and of now.
    fn verified(&self, assertion: &str) -> Result<String, Status> {
        let wrong = || refused(Code::Unauthenticated, "ASSERTION_REFUSED", &[]);
        let now = self.now().0 / 1_000_000;
        let mut inner = self.lock();
        let (text, signature) = assertion.rsplit_once('.').ok_or_else(wrong)?;
        let (header, claims) = text.split_once('.').ok_or_else(wrong)?;
        let read = |part: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        };
        let (header, claims) = read(header).zip(read(claims)).ok_or_else(wrong)?;
        let device = header["kid"].as_str().ok_or_else(wrong)?.to_owned();
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| wrong())?;
        let is_theirs = inner.keys.iter().any(|(key, of)| {
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key);
            *of == device && key.verify(text.as_bytes(), &signature).is_ok()
        });
        let jti = claims["jti"].as_str().unwrap_or_default().to_owned();
        if !is_theirs || claims["aud"] != "preau-devices" || claims["sub"] != device.as_str() {
            return Err(wrong());
        }
        let (iat, exp) = (claims["iat"].as_i64(), claims["exp"].as_i64());
        let (iat, exp) = iat.zip(exp).ok_or_else(wrong)?;
        if (now - iat).abs() > 60 || exp < now {
            let now = now.to_string();
            return Err(refused(
                Code::Unauthenticated,
                "ASSERTION_EXPIRED",
                &[("now", &now)],
            ));
        }
        match inner.jtis.insert(jti) {
            true => Ok(device),
            false => Err(wrong()),
        }
    }
}

impl Inner {
    /// What is after a cursor and still to be done; and from where to go on.
    fn after(&mut self, device_id: &str, cursor: u64, now: i64) -> WatchResponse {
        let mut commands = Vec::new();
        for (at, told) in self.commands.iter_mut().enumerate() {
            let is_final = matches!(
                told.state(),
                CommandState::Done | CommandState::Failed | CommandState::Expired
            );
            let expires = told.command.expires_at.map_or(0, |at| at.seconds);
            let is_new = at as u64 >= cursor;
            if !is_new || is_final || told.command.device_id != device_id || expires <= now {
                continue;
            }
            if told.state() == CommandState::Queued {
                told.to(CommandState::Sent, "");
            }
            commands.push(told.command.clone());
        }
        WatchResponse {
            commands,
            cursor: self.commands.len() as u64,
            desired_state: self.hash.clone(),
        }
    }

    fn acknowledge(
        &mut self,
        device_id: &str,
        request: &AcknowledgeRequest,
        now: i64,
    ) -> Result<(), Status> {
        use CommandState as S;
        let told = self.commands.iter_mut().find(|told| {
            told.command.command_id == request.command_id && told.command.device_id == device_id
        });
        let told = told.ok_or_else(|| Status::not_found("no such command"))?;
        let expires = told.command.expires_at.map_or(0, |at| at.seconds);
        if expires <= now && matches!(told.state(), S::Queued | S::Sent | S::NotNow) {
            told.to(S::Expired, "");
        }
        let (from, to) = (told.state(), request.state());
        let fits = match (from, to) {
            (S::Sent, S::Accepted | S::NotNow | S::Done | S::Failed) => true,
            (S::NotNow, S::Accepted | S::Done | S::Failed | S::NotNow) => true,
            (S::Accepted, S::Done | S::Failed | S::NotNow) => true,
            (from, to) => from == to,
        };
        match (fits, from) {
            (true, _) => {
                told.to(to, &request.reason);
                Ok(())
            }
            (false, S::Expired) => Err(refused(Code::FailedPrecondition, "COMMAND_EXPIRED", &[])),
            (false, _) => {
                let state = from.as_str_name();
                let reason = "ACKNOWLEDGEMENT_OUT_OF_ORDER";
                Err(refused(
                    Code::FailedPrecondition,
                    reason,
                    &[("state", state)],
                ))
            }
        }
    }
}

type Watching = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

#[tonic::async_trait]
impl AgentService for World {
    type WatchStream = Watching;

    async fn enroll(
        &self,
        request: Request<EnrollRequest>,
    ) -> Result<Response<EnrollResponse>, Status> {
        let entered = self.enter("Enroll", &request);
        if let Err(status) = entered
            && status.code() != Code::Unauthenticated
        {
            return Err(status);
        }
        let request = request.into_inner();
        if request.token != TOKEN {
            return Err(refused(Code::FailedPrecondition, "TOKEN_UNKNOWN", &[]));
        }
        let (key, _) = self.pki.sign(&request.certificate_request);
        let known = self.lock().keys.get(&key).cloned();
        let device_id = known.unwrap_or_else(|| DeviceId::new().to_string());
        Ok(Response::new(EnrollResponse {
            certificate: Some(self.certificate(&request.certificate_request, &device_id)),
            school_id: SchoolId::new().to_string(),
            device_id,
        }))
    }

    async fn sign_in(
        &self,
        request: Request<SignInRequest>,
    ) -> Result<Response<SignInResponse>, Status> {
        let entered = self.enter("SignIn", &request);
        if let Err(status) = entered
            && status.code() != Code::Unauthenticated
        {
            return Err(status);
        }
        let device = self.verified(&request.into_inner().assertion)?;
        let session_token = SessionId::new().to_string();
        self.lock().sessions.insert(session_token.clone(), device);
        Ok(Response::new(SignInResponse {
            session_token,
            expires_at: None,
        }))
    }

    async fn renew_certificate(
        &self,
        request: Request<RenewCertificateRequest>,
    ) -> Result<Response<RenewCertificateResponse>, Status> {
        let device = self.enter("RenewCertificate", &request)?;
        // The next one is not due again.
        self.lock().renew_in = 60 * 86_400;
        let certificate = self.certificate(&request.into_inner().certificate_request, &device);
        Ok(Response::new(RenewCertificateResponse {
            certificate: Some(certificate),
        }))
    }

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Watching>, Status> {
        let device = self.enter("Watch", &request)?;
        let mut cursor = request.into_inner().cursor;
        if cursor > 0 && cursor < self.lock().oldest_cursor {
            return Err(refused(Code::OutOfRange, "CURSOR_UNKNOWN", &[]));
        }
        let (sender, mut receiver) = mpsc::channel(8);
        let mut news = self.news.subscribe();
        let first = {
            let now = self.now().0 / 1_000_000;
            news.borrow_and_update();
            self.lock().after(&device, cursor, now)
        };
        cursor = first.cursor;
        // The channel has room for the first.
        let _ = sender.try_send(Ok(first));
        let again = self.again.clone();
        tokio::spawn(async move {
            while news.changed().await.is_ok() {
                let Some(world) = again.upgrade() else { return };
                let now = world.now().0 / 1_000_000;
                let response = world.lock().after(&device, cursor, now);
                cursor = response.cursor;
                if sender.send(Ok(response)).await.is_err() {
                    return;
                }
            }
        });
        let stream = futures::stream::poll_fn(move |cx| receiver.poll_recv(cx));
        Ok(Response::new(Box::pin(stream)))
    }

    async fn acknowledge(
        &self,
        request: Request<AcknowledgeRequest>,
    ) -> Result<Response<AcknowledgeResponse>, Status> {
        let device = self.enter("Acknowledge", &request)?;
        let now = self.now().0 / 1_000_000;
        let acknowledged = self.lock().acknowledge(&device, request.get_ref(), now);
        self.touch();
        acknowledged?;
        Ok(Response::new(AcknowledgeResponse {}))
    }
}
