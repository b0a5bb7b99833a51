//! What version 1 wrote, every later version reads; and as long as it writes version 1, it writes the same bytes.
#![expect(clippy::unwrap_used, reason = "tests")]

use preau_storage_seal::{Kek, TenantKeys, open, seal};

const WRAPPED: &[u8] = include_bytes!("golden/tenant-key-v1.wrapped");
const RECORDS: [(u64, &[u8]); 3] = [
    (0, include_bytes!("golden/record-v1-0.bin")),
    (100, include_bytes!("golden/record-v1-100.bin")),
    (65_573, include_bytes!("golden/record-v1-65573.bin")),
];
const TENANT: &str = "académie-de-rennes";

fn counting_from(first: u8) -> [u8; 32] {
    std::array::from_fn(|i| first + i as u8)
}

fn plaintext(length: u64) -> Vec<u8> {
    (0..length)
        .map(|i| ((i * 7 + i / 256) % 251) as u8)
        .collect()
}

fn kek() -> Kek {
    Kek::from_bytes(counting_from(0))
}

fn keys() -> TenantKeys {
    TenantKeys::unwrap(&kek(), TENANT, WRAPPED).unwrap()
}

#[test]
fn golden_records_open() {
    for (length, record) in RECORDS {
        let opened = open(&keys(), TENANT, &counting_from(96), length, record).unwrap();
        assert_eq!(opened, plaintext(length), "of {length} bytes");
    }
}

#[test]
fn sealing_makes_the_golden_records() {
    for (length, record) in RECORDS {
        let sealed = seal(&keys(), TENANT, &counting_from(96), &plaintext(length));
        assert!(sealed == record, "of {length} bytes");
    }
}

#[test]
fn wrapping_makes_the_golden_tenant_key() {
    let wrapped = TenantKeys::wrap(&kek(), TENANT, counting_from(32), &counting_from(64));
    assert_eq!(wrapped, WRAPPED);
}

#[test]
fn a_chunks_identity_never_changes() {
    let sha256 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &plaintext(100));
    let id = keys().chunk_id(sha256.as_ref().try_into().unwrap(), 100);
    let expected = "acb31fd97a06f7f59de682c77f550ad7530ea8319cf8b68e7c53b62a33724bf0";
    assert_eq!(hex::encode(id.0), expected);
}
