//! PHC strings: made from a password, and compared with one, in memory that is lent.

use argon2::password_hash::{Error, Output, ParamsString, PasswordHash, Salt, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::RngCore;

use super::memory::Workplace;
use super::{PasswordError, Verdict};

/// A PHC string with a new salt.
pub(super) fn make(
    argon: &Argon2<'_>,
    password: &[u8],
    place: &mut Workplace,
) -> Result<String, PasswordError> {
    let mut salt = [0u8; Salt::RECOMMENDED_LENGTH];
    rand::rng().fill_bytes(&mut salt);
    let encoded = SaltString::encode_b64(&salt).map_err(failed)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon.params()).map_err(failed)?,
        salt: Some(encoded.as_salt()),
        hash: Some(output(argon, password, &salt, place)?.map_err(failed)?),
    };
    Ok(hash.to_string())
}

/// Whether the string was made from this password. The costs are those in the string; `today`
/// are those it is held against.
pub(super) fn compare(
    today: &Params,
    password: &[u8],
    stored: &str,
    place: &mut Workplace,
) -> Result<Verdict, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(corrupt)?;
    // A string that was cut before its hash parses, and would read as a mismatch.
    let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
        return Err(PasswordError::Corrupt);
    };
    let argon = as_it_was_made(&stored).map_err(corrupt)?;
    let mut bytes = [0u8; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut bytes).map_err(corrupt)?;
    let computed = output(&argon, password, salt, place)?.map_err(corrupt)?;
    // `Output` compares in constant time.
    Ok(if computed == expected {
        Verdict::Match {
            outdated: is_outdated(today, argon.params(), &stored),
        }
    } else {
        Verdict::Mismatch
    })
}

// The outer failure is a want of memory, the inner one Argon2's objection to what it was given.
fn output(
    argon: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    place: &mut Workplace,
) -> Result<Result<Output, Error>, PasswordError> {
    let params = argon.params();
    let blocks = place.blocks(params.block_count()).map_err(failed)?;
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    Ok(Output::init_with(length, |out| {
        Ok(argon.hash_password_into_with_memory(password, salt, out, blocks)?)
    }))
}

fn as_it_was_made(stored: &PasswordHash<'_>) -> Result<Argon2<'static>, Error> {
    let algorithm = Algorithm::try_from(stored.algorithm)?;
    let version = stored.version.map(Version::try_from).transpose()?;
    let params = Params::try_from(stored)?;
    Ok(Argon2::new(algorithm, version.unwrap_or_default(), params))
}

fn is_outdated(today: &Params, then: &Params, stored: &PasswordHash<'_>) -> bool {
    stored.algorithm != Algorithm::Argon2id.ident()
        || stored.version != Some(Version::V0x13.into())
        || then.m_cost() < today.m_cost()
        || then.t_cost() < today.t_cost()
        || then.p_cost() != today.p_cost()
}

fn failed(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Failed(error.to_string())
}

fn corrupt(_: Error) -> PasswordError {
    PasswordError::Corrupt
}
