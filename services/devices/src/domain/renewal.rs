//! That a device asks for its own next certificate: a signature by a key it enrolled, over the request.
//!
//! Without it, whoever ends TLS between device and platform, and so sees its session, could have a key of their own
//! certified and be the device from then on.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

/// What is signed before the request, so that no other signature of the key is one of these.
const CONTEXT: &[u8] = b"preau-renewal-v1\0";

/// Whether one of the device's keys (uncompressed points of P-256) signed the certificate request.
pub(crate) fn is_proof(proof: &[u8], certificate_request: &[u8], keys: &[Vec<u8>]) -> bool {
    let signed = [CONTEXT, certificate_request].concat();
    keys.iter().any(|point| {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(&signed, proof)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

    use super::*;

    fn key() -> EcdsaKeyPair {
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key")
    }

    fn sign(key: &EcdsaKeyPair, text: &[u8]) -> Vec<u8> {
        let signature = key.sign(&SystemRandom::new(), text).expect("a signature");
        signature.as_ref().to_vec()
    }

    #[test]
    fn only_a_key_of_the_device_proves_and_only_this_request() {
        let (own, older, foreign) = (key(), key(), key());
        let keys = [&older, &own].map(|key| key.public_key().as_ref().to_vec());
        let signed = [CONTEXT, b"request"].concat();
        assert!(is_proof(&sign(&own, &signed), b"request", &keys));
        assert!(is_proof(&sign(&older, &signed), b"request", &keys));
        assert!(!is_proof(&sign(&foreign, &signed), b"request", &keys));
        assert!(!is_proof(&sign(&own, &signed), b"another", &keys));
        assert!(
            !is_proof(&sign(&own, b"request"), b"request", &keys),
            "no context"
        );
        assert!(!is_proof(&sign(&own, &signed), b"request", &[]));
        assert!(!is_proof(b"", b"request", &keys));
    }
}
