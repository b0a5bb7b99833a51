//! Nothing that was changed, moved, cut or borrowed opens.
#![expect(clippy::unwrap_used, reason = "tests")]

use preau_storage_seal::{
    HEADER_LEN, Kek, KeyError, Layout, OpenError, Opener, SEGMENT_LEN, TAG_LEN, TenantKeys, open,
    seal,
};

const TENANT: &str = "rennes";
const SALT: [u8; 32] = [9; 32];

fn keys(key: u8) -> TenantKeys {
    let kek = Kek::from_bytes([1; 32]);
    let wrapped = TenantKeys::wrap(&kek, TENANT, [key; 32], &[2; 32]);
    TenantKeys::unwrap(&kek, TENANT, &wrapped).unwrap()
}

fn plaintext(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 253) as u8).collect()
}

fn record(length: usize) -> Vec<u8> {
    seal(&keys(3), TENANT, &SALT, &plaintext(length))
}

fn opened(length: usize, record: &[u8]) -> Result<Vec<u8>, OpenError> {
    open(&keys(3), TENANT, &SALT, length as u64, record)
}

#[test]
fn every_flipped_bit_of_a_short_record_is_noticed() {
    for length in [0, 1, 100] {
        let good = record(length);
        assert_eq!(opened(length, &good).unwrap(), plaintext(length));
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            opened(length, &bad).unwrap_err();
        }
    }
}

#[test]
fn a_flipped_bit_in_any_byte_around_any_boundary_is_noticed_and_names_its_segment() {
    let length = 2 * SEGMENT_LEN + 77;
    let good = record(length);
    let stride = SEGMENT_LEN + TAG_LEN;
    for segment in 0..3_u32 {
        let start = HEADER_LEN + segment as usize * stride;
        let end = good.len().min(start + stride);
        for at in [
            start,
            start + 1,
            (start + end) / 2,
            end - TAG_LEN - 1,
            end - TAG_LEN,
            end - 1,
        ] {
            let mut bad = good.clone();
            bad[at] ^= 0x80;
            assert_eq!(
                opened(length, &bad),
                Err(OpenError::Forged { segment }),
                "byte {at}"
            );
        }
    }
}

#[test]
fn every_truncation_and_extension_is_noticed() {
    let length = SEGMENT_LEN + 40;
    let good = record(length);
    let cuts = (0..HEADER_LEN + 20).chain(good.len() - 80..good.len());
    for cut in cuts {
        opened(length, &good[..cut]).unwrap_err();
    }
    let longer = [good.as_slice(), &[0]].concat();
    assert!(matches!(
        opened(length, &longer),
        Err(OpenError::WrongLength { .. })
    ));
}

#[test]
fn a_record_cut_at_a_segment_is_noticed_even_if_the_caller_believes_the_shorter_length() {
    let good = record(2 * SEGMENT_LEN);
    let cut = &good[..HEADER_LEN + SEGMENT_LEN + TAG_LEN];
    opened(SEGMENT_LEN, cut).unwrap_err();
    let mut relabelled = cut.to_vec();
    relabelled[8..16].copy_from_slice(&(SEGMENT_LEN as u64).to_be_bytes());
    assert_eq!(
        opened(SEGMENT_LEN, &relabelled),
        Err(OpenError::Forged { segment: 0 })
    );
}

#[test]
fn swapped_and_repeated_segments_are_noticed() {
    let length = 3 * SEGMENT_LEN;
    let good = record(length);
    let stride = SEGMENT_LEN + TAG_LEN;
    let segment = |i: usize| good[HEADER_LEN + i * stride..HEADER_LEN + (i + 1) * stride].to_vec();
    for order in [
        [1, 0, 2],
        [0, 2, 1],
        [2, 1, 0],
        [0, 0, 2],
        [0, 1, 1],
        [2, 2, 2],
    ] {
        let body: Vec<u8> = order.iter().flat_map(|i| segment(*i)).collect();
        let bad = [&good[..HEADER_LEN], body.as_slice()].concat();
        assert!(
            matches!(opened(length, &bad), Err(OpenError::Forged { .. })),
            "{order:?}"
        );
    }
}

#[test]
fn a_lie_about_the_length_is_noticed_on_either_side() {
    let good = record(100);
    for length in [0, 99, 101, SEGMENT_LEN, usize::MAX] {
        assert!(
            matches!(opened(length, &good), Err(OpenError::WrongLength { .. })),
            "{length}"
        );
    }
    let mut bad = good;
    bad[8..16].copy_from_slice(&99_u64.to_be_bytes());
    assert!(matches!(
        opened(100, &bad),
        Err(OpenError::WrongLength {
            expected: 100,
            found: 99
        })
    ));
}

#[test]
fn another_tenant_cannot_open_it_even_with_the_keys() {
    let refused = open(&keys(3), "nantes", &SALT, 100, &record(100));
    assert_eq!(refused, Err(OpenError::Forged { segment: 0 }));
}

#[test]
fn another_salt_or_another_tenants_key_is_told_before_decrypting() {
    let refused = open(&keys(3), TENANT, &[8; 32], 100, &record(100));
    assert_eq!(refused, Err(OpenError::WrongKey));
    let refused = open(&keys(4), TENANT, &SALT, 100, &record(100));
    assert_eq!(refused, Err(OpenError::WrongKey));
}

#[test]
fn unknown_formats_are_named() {
    let mut newer = record(10);
    newer[4] = 2;
    let unsupported = OpenError::Unsupported {
        version: 2,
        suite: 1,
    };
    assert_eq!(opened(10, &newer), Err(unsupported));
    assert_eq!(opened(10, b"not a record"), Err(OpenError::Malformed));
    assert_eq!(opened(0, b""), Err(OpenError::Malformed));
}

#[test]
fn a_segment_of_one_span_does_not_open_as_another() {
    let length = 3 * SEGMENT_LEN as u64;
    let record = record(length as usize);
    let (head, _) = record.split_at(HEADER_LEN);
    let opener = Opener::new(&keys(3), TENANT, &SALT, length, head).unwrap();
    let layout = Layout::of(length).unwrap();
    let segment = SEGMENT_LEN as u64;
    let (first, second) = (
        layout.span(0..segment).unwrap(),
        layout.span(segment..2 * segment).unwrap(),
    );
    let bytes = &record[first.record.start as usize..first.record.end as usize];
    assert_eq!(
        opener.open(&second, bytes),
        Err(OpenError::Forged { segment: 1 })
    );
    assert!(matches!(
        opener.open(&first, &bytes[1..]),
        Err(OpenError::WrongLength { .. })
    ));
    assert_eq!(opener.open(&first, bytes).unwrap(), plaintext(SEGMENT_LEN));
}

#[test]
fn a_wrapped_key_opens_only_under_its_kek_and_for_its_tenant() {
    let kek = Kek::from_bytes([1; 32]);
    let wrapped = TenantKeys::wrap(&kek, TENANT, [3; 32], &[2; 32]);
    let unwrap = |kek: &Kek, tenant, blob: &[u8]| TenantKeys::unwrap(kek, tenant, blob).err();
    assert_eq!(unwrap(&kek, TENANT, &wrapped), None);
    let other = Kek::from_bytes([2; 32]);
    assert_eq!(unwrap(&other, TENANT, &wrapped), Some(KeyError::WrongKek));
    assert_eq!(unwrap(&kek, "nantes", &wrapped), Some(KeyError::WrongKek));
    assert_eq!(
        unwrap(&kek, TENANT, &wrapped[1..]),
        Some(KeyError::Malformed)
    );
    for bit in 0..wrapped.len() * 8 {
        let mut bad = wrapped;
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(unwrap(&kek, TENANT, &bad).is_some(), "bit {bit}");
    }
}

#[test]
fn secrets_do_not_show_when_printed() {
    assert_eq!(format!("{:?}", keys(3)), "TenantKeys(secret)");
}
