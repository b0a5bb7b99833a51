//! What a device that cannot show its certificate signs instead: a compact JWS (RFC 7515) with ES256.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::DeviceId;
use serde::Deserialize;

/// For whom an assertion is.
const AUDIENCE: &str = "preau-devices";

/// How long one lives at most, in seconds.
const MAX_LIFE: i64 = 60;

/// How far ahead of ours a device's clock may be, in seconds.
const LEEWAY: i64 = 30;

/// Ours are about 400 bytes.
const MAX_BYTES: usize = 4096;

/// A statement of a device whose signature was verified and whose time is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assertion {
    pub(crate) device: DeviceId,
    /// Accepted once.
    pub(crate) jti: String,
    pub(crate) expires: Timestamp,
}

/// Why one is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AssertionError {
    /// Whatever is wrong, in one word: who tries is not told what to try next.
    #[error("the assertion is not one of an enrolled device's that may sign in")]
    Refused,
    /// Signed by the device, at a time that is not now: its clock may be wrong.
    #[error("the assertion's time is not now: set the clock by `now` and sign another one")]
    Untimely,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: String,
}

impl Assertion {
    /// Whom an assertion says it is of; to be verified under that device's keys.
    pub(crate) fn claimed_device(text: &str) -> Result<DeviceId, AssertionError> {
        if text.len() > MAX_BYTES {
            return Err(AssertionError::Refused);
        }
        let header = decode_header(text).map_err(|_| AssertionError::Refused)?;
        // A critical extension that we do not know would have to be understood.
        if header.alg != Algorithm::ES256 || header.crit.is_some() {
            return Err(AssertionError::Refused);
        }
        let kid = header.kid.ok_or(AssertionError::Refused)?;
        kid.parse().map_err(|_| AssertionError::Refused)
    }

    /// Verifies it under one of the device's keys (uncompressed points of P-256).
    pub(crate) fn verify(
        text: &str,
        device: DeviceId,
        keys: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Self, AssertionError> {
        let rules = rules();
        let claims = keys
            .iter()
            .find_map(|point| {
                let key = DecodingKey::from_ec_der(point);
                decode::<Claims>(text, &key, &rules).ok()
            })
            .ok_or(AssertionError::Refused)?
            .claims;
        claims.check(device, now)?;
        Ok(Self {
            device,
            jti: claims.jti,
            expires: Timestamp(claims.exp.saturating_mul(1_000_000)),
        })
    }
}

impl Claims {
    fn check(&self, device: DeviceId, now: Timestamp) -> Result<(), AssertionError> {
        let life = self.exp.saturating_sub(self.iat);
        let is_jti = (16..=64).contains(&self.jti.len())
            && self.jti.bytes().all(|byte| byte.is_ascii_graphic());
        if self.sub != device.to_string()
            || self.aud != AUDIENCE
            || !(1..=MAX_LIFE).contains(&life)
            || !is_jti
        {
            return Err(AssertionError::Refused);
        }
        let (now, _) = now.seconds_and_nanos();
        if self.exp <= now || self.iat > now.saturating_add(LEEWAY) {
            return Err(AssertionError::Untimely);
        }
        Ok(())
    }
}

/// Times and audience are checked here, by our clock; the library checks the signature.
fn rules() -> Validation {
    let mut rules = Validation::new(Algorithm::ES256);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    rules.validate_nbf = false;
    rules.validate_aud = false;
    rules
}
