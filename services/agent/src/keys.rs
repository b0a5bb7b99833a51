//! The device's private key: ECDSA on P-256, never shown, erased from memory when dropped.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_kernel::clock::Timestamp;
use rcgen::{CertificateParams, PublicKeyData, SignatureAlgorithm, SigningKey};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use crate::error::AgentError;

/// Whom assertions are for.
const AUDIENCE: &str = "preau-devices";
/// What is signed before a certificate request, so that no other signature of the key is one of these.
const RENEWAL: &[u8] = b"preau-renewal-v1\0";
/// How long one is good: the longest that is accepted.
const ASSERTION_LIFE: Duration = Duration::from_secs(60);

/// A device's private key. Its `Debug` shows nothing of it.
pub(crate) struct DeviceKey {
    pkcs8: Zeroizing<Vec<u8>>,
    /// An uncompressed point.
    public: Vec<u8>,
}

impl DeviceKey {
    /// A fresh key from the operating system's randomness.
    pub(crate) fn generate() -> Result<Self, AgentError> {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
                .map_err(|_| AgentError::Key { doing: "begin" })?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Reads a key that [`pkcs8`](Self::pkcs8) wrote.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, AgentError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der)
            .map_err(|_| AgentError::Key { doing: "begin" })?;
        Ok(Self {
            public: pair.public_key().as_ref().to_vec(),
            pkcs8: Zeroizing::new(der.to_vec()),
        })
    }

    /// The private key, PKCS#8 in DER.
    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The same for a TLS configuration.
    pub(crate) fn for_tls(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.pkcs8.to_vec()))
    }

    /// Names the key without saying anything of it: a file name.
    pub(crate) fn fingerprint(&self) -> String {
        let hash = blake3::hash(&self.public);
        hex::encode(&hash.as_bytes()[..8])
    }

    /// A request to sign this key, DER. It names nobody: the authority decides what the certificate says.
    pub(crate) fn certificate_request(&self) -> Result<Vec<u8>, AgentError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let request = params
            .serialize_request(self)
            .map_err(|_| AgentError::Key {
                doing: "ask for a certificate",
            })?;
        Ok(request.der().to_vec())
    }

    /// A statement for one sign-in that the holder of this key is `device_id`: a compact JWS (ES256) that is good for
    /// a minute from `now` and works once.
    pub(crate) fn assertion(&self, device_id: &str, now: Timestamp) -> Result<String, AgentError> {
        let signing = AgentError::Key { doing: "sign in" };
        let mut jti = [0; 16];
        let random = SystemRandom::new();
        let iat = now.seconds_and_nanos().0;
        let header = serde_json::json!({ "alg": "ES256", "kid": device_id });
        if random.fill(&mut jti).is_err() {
            return Err(signing);
        }
        let claims = serde_json::json!({
            "sub": device_id,
            "aud": AUDIENCE,
            "iat": iat,
            "exp": iat.saturating_add(ASSERTION_LIFE.as_secs().cast_signed()),
            "jti": hex::encode(jti),
        });
        let encoded = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let text = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = self.signature(text.as_bytes()).ok_or(signing)?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// That the device which has this key asks for the certificate: 64 bytes.
    pub(crate) fn renewal_proof(&self, certificate_request: &[u8]) -> Result<Vec<u8>, AgentError> {
        self.signature(&[RENEWAL, certificate_request].concat())
            .ok_or(AgentError::Key {
                doing: "ask for another certificate",
            })
    }

    /// r and s.
    fn signature(&self, text: &[u8]) -> Option<Vec<u8>> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.pkcs8).ok()?;
        let signature = pair.sign(&SystemRandom::new(), text).ok()?;
        Some(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DeviceKey(..)")
    }
}

impl PublicKeyData for DeviceKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for DeviceKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.pkcs8)
            .map_err(|_| rcgen::Error::RemoteKeyError)?;
        let signature = pair
            .sign(&SystemRandom::new(), message)
            .map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    fn part(text: &str) -> serde_json::Value {
        let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[test]
    fn a_renewal_is_proved_over_what_the_contract_says() {
        let key = DeviceKey::generate().expect("a key");
        let proof = key.renewal_proof(b"request").expect("a proof");
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key.public);
        assert!(public.verify(b"preau-renewal-v1\0request", &proof).is_ok());
        assert_eq!(proof.len(), 64);
    }

    #[test]
    fn an_assertion_says_who_and_until_when_and_is_signed_by_the_key() {
        let key = DeviceKey::generate().expect("a key");
        let now = Timestamp(1_700_000_000_500_000);
        let one = key.assertion("the-device", now).expect("signed");
        let parts: Vec<&str> = one.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            panic!("{} parts", parts.len())
        };
        assert_eq!(
            part(header),
            serde_json::json!({ "alg": "ES256", "kid": "the-device" })
        );
        let said = part(claims);
        assert_eq!(said["sub"], "the-device");
        assert_eq!(said["aud"], "preau-devices");
        assert_eq!(said["iat"], 1_700_000_000);
        assert_eq!(said["exp"], 1_700_000_060);
        let jti = said["jti"].as_str().expect("text");
        assert!((16..=64).contains(&jti.len()));
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key.public)
            .verify(format!("{header}.{claims}").as_bytes(), &signature)
            .expect("its own signature");
        let other = key.assertion("the-device", now).expect("signed");
        assert_ne!(
            part(other.split('.').nth(1).expect("claims"))["jti"],
            said["jti"]
        );
    }

    #[test]
    fn a_key_reads_back_and_shows_nothing() {
        let key = DeviceKey::generate().expect("a key");
        let again = DeviceKey::from_pkcs8(key.pkcs8()).expect("readable");
        assert_eq!(key.fingerprint(), again.fingerprint());
        assert_eq!(format!("{key:?}"), "DeviceKey(..)");
        assert!(DeviceKey::from_pkcs8(b"no key").is_err());
    }
}
