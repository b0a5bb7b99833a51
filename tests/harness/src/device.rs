//! A device as the contract knows it: a key, a certificate, an assertion. No agent's code is in it.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_proto::devices::v1::agent_service_client::AgentServiceClient;
use preau_proto::devices::v1::fleet_service_client::FleetServiceClient;
use preau_proto::devices::v1::{CreateEnrolmentTokenRequest, EnrollRequest, SignInRequest};
use rcgen::{CertificateParams, KeyPair};
use tonic::Status;
use tonic::transport::Channel;

use crate::person::{Person, connect};

/// What a device enrols with.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The secret, as printed.
    pub secret: String,
    /// The token's id.
    pub token_id: String,
}

impl Invitation {
    /// A token of `school` for `max_uses` devices and an hour, made by somebody who may.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn create(admin: &Person, school: &str, max_uses: u32) -> anyhow::Result<Self> {
        let request = CreateEnrolmentTokenRequest {
            school_id: school.to_owned(),
            max_uses,
            lifetime: Some(prost_types::Duration {
                seconds: 3600,
                nanos: 0,
            }),
        };
        let mut fleet = FleetServiceClient::new(admin.caller());
        let answer = fleet.create_enrolment_token(request).await?.into_inner();
        Ok(Self {
            secret: answer.secret,
            token_id: answer.token.context("a token")?.token_id,
        })
    }
}

/// An enrolled device.
pub struct Device {
    key: KeyPair,
    /// The id it was given.
    pub id: String,
    /// Its certificate and the authority's, DER.
    pub chain: Vec<Vec<u8>>,
    url: String,
}

/// A request for a certificate with that key.
///
/// # Errors
/// When it cannot be signed.
pub fn certificate_request(key: &KeyPair) -> anyhow::Result<Vec<u8>> {
    let request = CertificateParams::default().serialize_request(key)?;
    Ok(request.der().to_vec())
}

impl Device {
    /// Enrols a device with a new key at the gateway `url`.
    ///
    /// # Errors
    /// Of the test's own; the platform's refusal is the inner one.
    pub async fn enroll(url: &str, secret: &str) -> anyhow::Result<Result<Self, Status>> {
        let key = KeyPair::generate()?;
        let request = EnrollRequest {
            token: secret.to_owned(),
            certificate_request: certificate_request(&key)?,
            name: "Tablette".into(),
            model: "Essai".into(),
            os: "Linux".into(),
            agent_version: "0".into(),
            school_id: String::new(),
        };
        let mut agents: AgentServiceClient<Channel> = AgentServiceClient::new(connect(url).await?);
        let answer = match agents.enroll(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return Ok(Err(status)),
        };
        let chain = answer.certificate.context("a certificate")?.chain;
        Ok(Ok(Self {
            key,
            id: answer.device_id,
            chain,
            url: url.to_owned(),
        }))
    }

    /// Its private key, PKCS#8 in DER.
    #[must_use]
    pub fn key_der(&self) -> Vec<u8> {
        self.key.serialize_der()
    }

    /// From now on it calls the gateway there.
    pub fn moved(&mut self, url: &str) {
        url.clone_into(&mut self.url);
    }

    /// Another request with its key.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn certificate_request(&self) -> anyhow::Result<Vec<u8>> {
        certificate_request(&self.key)
    }

    /// A statement that this device is calling, good for `seconds` from now.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn assertion(&self, seconds: u64) -> anyhow::Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let jti: [u8; 16] = random()?;
        let header = serde_json::json!({ "alg": "ES256", "kid": self.id });
        let claims = serde_json::json!({
            "sub": self.id,
            "aud": "preau-devices",
            "iat": now,
            "exp": now + seconds,
            "jti": hex::encode(jti),
        });
        self.sign(&header, &claims)
    }

    /// A JWS of whatever is said, signed with its key.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(
        &self,
        header: &serde_json::Value,
        claims: &serde_json::Value,
    ) -> anyhow::Result<String> {
        let encoded = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.signature(text.as_bytes())?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Its signature of a certificate request, without which no certificate is renewed.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn renewal_proof(&self, certificate_request: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.signature(&[b"preau-renewal-v1\0", certificate_request].concat())
    }

    /// r and s, 64 bytes.
    fn signature(&self, text: &[u8]) -> anyhow::Result<Vec<u8>> {
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.key.serialize_der())
                .map_err(|error| anyhow::anyhow!("a key: {error}"))?;
        let signature = pair.sign(&SystemRandom::new(), text);
        let signature = signature.map_err(|_| anyhow::anyhow!("a signature"))?;
        Ok(signature.as_ref().to_vec())
    }

    /// Signs in by an assertion: the device as a caller.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn sign_in(&self) -> anyhow::Result<Person> {
        let request = SignInRequest {
            assertion: self.assertion(50)?,
        };
        let mut agents = AgentServiceClient::new(connect(&self.url).await?);
        let answer = agents.sign_in(request).await?.into_inner();
        Person::of_session(&self.url, answer.session_token, self.id.clone()).await
    }
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no randomness"))?;
    Ok(bytes)
}
