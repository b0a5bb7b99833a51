//! The optimised code against a reader's version of the format, on arbitrary plaintexts and ranges.
#![expect(clippy::unwrap_used, reason = "tests")]

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use preau_storage_seal::{HEADER_LEN, Kek, Layout, Opener, SEGMENT_LEN, TenantKeys, open, seal};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::Config;

const TENANT: &str = "rennes";
const KEY: [u8; 32] = [3; 32];

/// The page in `src/lib.rs`, word by word.
fn reference_seal(
    tenant: &str,
    tenant_key: &[u8; 32],
    salt: &[u8; 32],
    plaintext: &[u8],
) -> Vec<u8> {
    let chunk_root = blake3::derive_key("preau 2026-11 storage chunk root v1", tenant_key);
    let mut derived = [0; 64];
    blake3::Hasher::new_derive_key("preau 2026-11 storage record key and commitment v1")
        .update(&[chunk_root, *salt].concat())
        .finalize_xof()
        .fill(&mut derived);
    let (key, commitment) = derived.split_at(32);

    let mut record = b"PRSR\x01\x01\x10\x00".to_vec();
    record.extend((plaintext.len() as u64).to_be_bytes());
    record.extend(commitment);
    let associated = [record.as_slice(), tenant.as_bytes()].concat();

    let mut segments: Vec<&[u8]> = plaintext.chunks(65_536).collect();
    if segments.is_empty() {
        segments.push(&[]);
    }
    for (i, segment) in segments.iter().enumerate() {
        let last = u8::from(i + 1 == segments.len());
        let nonce = [[0; 7].as_slice(), &(i as u32).to_be_bytes(), &[last]].concat();
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
        let mut sealed = segment.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(&nonce).unwrap();
        cipher
            .seal_in_place_append_tag(nonce, Aad::from(&associated), &mut sealed)
            .unwrap();
        record.extend(sealed);
    }
    record
}

fn keys() -> TenantKeys {
    let kek = Kek::from_bytes([1; 32]);
    let wrapped = TenantKeys::wrap(&kek, TENANT, KEY, &[2; 32]);
    TenantKeys::unwrap(&kek, TENANT, &wrapped).unwrap()
}

/// A plaintext of any length, cheaply.
fn plaintext(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8 ^ seed).collect()
}

/// Lengths cluster where segments begin and end.
fn near_a_boundary(segments: usize, offset: usize) -> usize {
    (segments * SEGMENT_LEN + offset).saturating_sub(2)
}

proptest! {
    #![proptest_config(Config { cases: 48, ..Config::default() })]

    #[test]
    fn sealing_agrees_with_the_reference_and_opens_again(
        segments in 0_usize..4, offset in 0_usize..5, stray in 0_usize..3000, salt in any::<[u8; 32]>(), seed in any::<u8>(),
    ) {
        let plaintext = plaintext(near_a_boundary(segments, offset) + stray * usize::from(seed % 2), seed);
        let record = seal(&keys(), TENANT, &salt, &plaintext);
        prop_assert!(record == reference_seal(TENANT, &KEY, &salt, &plaintext));
        prop_assert_eq!(record.len() as u64, Layout::of(plaintext.len() as u64).unwrap().record_len());
        let opened = open(&keys(), TENANT, &salt, plaintext.len() as u64, &record).unwrap();
        prop_assert!(opened == plaintext);
    }

    #[test]
    fn any_range_opens_from_its_segments_alone(
        segments in 0_usize..4, offset in 0_usize..5, a in any::<u64>(), b in any::<u64>(), seed in any::<u8>(),
    ) {
        let plaintext = plaintext(near_a_boundary(segments, offset), seed);
        let length = plaintext.len() as u64;
        let (a, b) = (a % (length + 1), b % (length + 1));
        let range = a.min(b)..a.max(b);
        let salt = [seed; 32];
        let record = seal(&keys(), TENANT, &salt, &plaintext);
        let span = Layout::of(length).unwrap().span(range.clone()).unwrap();
        // All that lies outside header and span is destroyed: it must not be needed.
        let mut holey = vec![0xee; record.len()];
        holey[..HEADER_LEN].copy_from_slice(&record[..HEADER_LEN]);
        let needed = span.record.start as usize..span.record.end as usize;
        holey[needed.clone()].copy_from_slice(&record[needed.clone()]);
        let opener = Opener::new(&keys(), TENANT, &salt, length, &holey[..HEADER_LEN]).unwrap();
        let opened = opener.open(&span, &holey[needed]).unwrap();
        prop_assert!(opened == plaintext[range.start as usize..range.end as usize]);
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), length in any::<u64>()) {
        prop_assert!(open(&keys(), TENANT, &[0; 32], length, &bytes).is_err());
        prop_assert!(TenantKeys::unwrap(&Kek::from_bytes([0; 32]), TENANT, &bytes).is_err());
    }
}
