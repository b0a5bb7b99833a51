//! Devices in few words.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use preau_mesh::{Channel, with_principal};
use preau_proto::devices::v1 as wire;
use preau_proto::devices::v1::agent_service_client::AgentServiceClient;
use preau_proto::devices::v1::credential_service_client::CredentialServiceClient;
use preau_proto::devices::v1::mint_principal_request::Credential;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tonic::{Request, Status, Streaming};

use super::world::Answer;

pub(super) struct Tablet {
    /// Empty until it is enrolled.
    pub(super) id: String,
    pub(super) key: KeyPair,
    /// In DER.
    pub(super) certificate: Vec<u8>,
    token: String,
    channel: Channel,
}

impl Tablet {
    pub(super) fn new(channel: Channel) -> Self {
        Self {
            id: String::new(),
            key: KeyPair::generate().unwrap(),
            certificate: Vec::new(),
            token: String::new(),
            channel,
        }
    }

    /// From now on it calls with this principal.
    pub(super) fn sign(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        if !self.token.is_empty() {
            with_principal(&mut request, &self.token);
        }
        request
    }

    fn client(&self) -> AgentServiceClient<Channel> {
        AgentServiceClient::new(self.channel.clone())
    }

    pub(super) fn enrolment(&self, secret: &str, name: &str) -> wire::EnrollRequest {
        wire::EnrollRequest {
            token: secret.into(),
            certificate_request: csr(&self.key),
            name: name.into(),
            model: "X200".into(),
            os: "Linux 6.12".into(),
            agent_version: "0.1.0".into(),
            school_id: String::new(),
        }
    }

    pub(super) async fn enrol(
        &mut self,
        message: wire::EnrollRequest,
    ) -> Answer<wire::EnrollResponse> {
        let answer = self.client().enroll(Request::new(message)).await?;
        let answer = answer.into_inner();
        answer.device_id.clone_into(&mut self.id);
        let certificate = answer.certificate.as_ref().unwrap();
        certificate.chain[0].clone_into(&mut self.certificate);
        Ok(answer)
    }

    /// With the proof that it is the device which asks.
    pub(super) async fn renew(
        &self,
        mut message: wire::RenewCertificateRequest,
    ) -> Answer<Vec<u8>> {
        message.proof = renewal_proof(&self.key, &message.certificate_request);
        self.renew_by(message).await
    }

    pub(super) async fn renew_by(&self, message: wire::RenewCertificateRequest) -> Answer<Vec<u8>> {
        let request = self.request(message);
        let answer = self.client().renew_certificate(request).await?.into_inner();
        Ok(answer.certificate.unwrap().chain.swap_remove(0))
    }

    /// Signs claims of its own as it should, with what a test changes.
    pub(super) fn assertion(&self, now: i64, changed: Value) -> String {
        let mut claims = json!({
            "sub": self.id,
            "aud": "preau-devices",
            "iat": now,
            "exp": now + 60,
            "jti": hex::encode(rand::random::<[u8; 16]>()),
        });
        for (name, value) in changed.as_object().unwrap() {
            claims[name] = value.clone();
        }
        jws(&header(&self.id), &claims, &self.key)
    }

    pub(super) async fn sign_in(&self, assertion: &str) -> Answer<String> {
        let request = Request::new(wire::SignInRequest {
            assertion: assertion.into(),
        });
        let answer = self.client().sign_in(request).await?;
        Ok(answer.into_inner().session_token)
    }

    /// The principal token that its certificate is worth.
    pub(super) async fn mint(&self) -> Answer<String> {
        let certificate = self.certificate.clone();
        self.mint_by(Credential::Certificate(certificate)).await
    }

    pub(super) async fn mint_by(&self, credential: Credential) -> Answer<String> {
        let request = Request::new(wire::MintPrincipalRequest {
            credential: Some(credential),
        });
        let mut client = CredentialServiceClient::new(self.channel.clone());
        let answer = client.mint_principal(request).await?;
        Ok(answer.into_inner().principal_token)
    }

    pub(super) async fn watch(&self, cursor: u64) -> Answer<Watching> {
        let request = self.request(wire::WatchRequest { cursor });
        let answers = self.client().watch(request).await?.into_inner();
        Ok(Watching { answers, cursor })
    }

    /// The ids of the commands that a Watch begins with, and the cursor after them.
    pub(super) async fn told_from(&self, cursor: u64) -> (Vec<String>, u64) {
        let mut watching = self.watch(cursor).await.unwrap();
        let told = watching.answer().await.unwrap().unwrap();
        (ids(&told), watching.cursor)
    }

    pub(super) async fn says(&self, command: &str, state: wire::CommandState) -> Answer<()> {
        self.says_why(command, state, "").await
    }

    pub(super) async fn says_why(
        &self,
        command: &str,
        state: wire::CommandState,
        reason: &str,
    ) -> Answer<()> {
        let request = self.request(wire::AcknowledgeRequest {
            command_id: command.into(),
            state: state.into(),
            reason: reason.into(),
        });
        self.client().acknowledge(request).await.map(drop)
    }
}

/// An open Watch; dropped, the connection is gone.
pub(super) struct Watching {
    answers: Streaming<wire::WatchResponse>,
    /// From where to go on.
    pub(super) cursor: u64,
}

impl Watching {
    /// The next answer, keep-alives included; `None` when the stream has ended.
    pub(super) async fn answer(&mut self) -> Result<Option<wire::WatchResponse>, Status> {
        let answer = self.answers.message().await?;
        if let Some(answer) = &answer {
            self.cursor = answer.cursor;
        }
        Ok(answer)
    }

    /// The ids of the commands in the next answer.
    pub(super) async fn commands(&mut self) -> Vec<String> {
        ids(&self.answer().await.unwrap().expect("it goes on"))
    }
}

pub(super) fn ids(answer: &wire::WatchResponse) -> Vec<String> {
    let commands = answer.commands.iter();
    commands.map(|one| one.command_id.clone()).collect()
}

pub(super) fn csr(key: &KeyPair) -> Vec<u8> {
    let request = CertificateParams::default().serialize_request(key).unwrap();
    request.der().to_vec()
}

pub(super) fn header(kid: &str) -> Header {
    Header {
        kid: Some(kid.to_owned()),
        ..Header::new(Algorithm::ES256)
    }
}

pub(super) fn jws(header: &Header, claims: &Value, key: &KeyPair) -> String {
    encode(
        header,
        claims,
        &EncodingKey::from_ec_der(key.serialized_der()),
    )
    .unwrap()
}

/// A key's signature of a request for a certificate.
pub(super) fn renewal_proof(key: &KeyPair, certificate_request: &[u8]) -> Vec<u8> {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.serialize_der());
    let signed = [b"preau-renewal-v1\0", certificate_request].concat();
    let signature = pair.unwrap().sign(&SystemRandom::new(), &signed).unwrap();
    signature.as_ref().to_vec()
}
