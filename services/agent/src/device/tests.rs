use super::*;

use preau_proto::devices::v1::Certificate;
use rcgen::CertificateParams;

use crate::keys::DeviceKey;
use crate::link::Trust;
use crate::state::{Journal, StoredCredential, keep_key};

/// A credential as it would be issued, of a new key; its chain as the caller likes it.
fn credential(dir: &Path, chain: impl FnOnce(Vec<u8>) -> Vec<Vec<u8>>) -> StoredCredential {
    let key = DeviceKey::generate().expect("a key");
    let file = keep_key(dir, &key, Durability::Written).expect("kept");
    let certificate = CertificateParams::default()
        .self_signed(&key)
        .expect("signed");
    let issued = Certificate {
        chain: chain(certificate.der().to_vec()),
        ..Certificate::default()
    };
    StoredCredential::new(&file, issued)
}

fn device(dir: &Path, next: StoredCredential) -> Device {
    let server = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
    let pem = dir.join("server.pem");
    std::fs::write(&pem, server.cert.pem()).expect("written");
    let url = "https://localhost:1";
    let reach = Reach::new(url, &Trust::Exactly(pem), Transport::Auto).expect("read");
    let id = preau_kernel::ids::DeviceId::new().to_string();
    let present = credential(dir, |der| vec![der]);
    let mut journal = Journal::new(url, id, String::new(), present);
    journal.next = Some(next);
    let store = Store::create(dir, journal, None, Durability::Written).expect("begun");
    let events: Events = Arc::new(|_| {});
    Device::with(store, reach, dir, Clock::system(), events).expect("opened")
}

#[tokio::test]
async fn a_renewed_certificate_that_is_none_does_not_cost_the_device_the_one_it_has() {
    let dir = tempfile::tempdir().expect("a directory");
    let broken = [
        credential(dir.path(), |_| vec![b"no certificate".to_vec()]),
        credential(dir.path(), |_| Vec::new()),
        // Of another key.
        StoredCredential {
            chain: credential(dir.path(), |der| vec![der]).chain,
            ..credential(dir.path(), |der| vec![der])
        },
        StoredCredential {
            key: "key-gone.pem".to_owned(),
            ..credential(dir.path(), |der| vec![der])
        },
    ];
    for next in broken {
        let device = device(dir.path(), next.clone());
        assert_eq!(device.link().1, Using::Proven, "{next:?}");
        assert!(device.check(&next).is_err(), "{next:?}");
    }
    let good = credential(dir.path(), |der| vec![der]);
    let device = device(dir.path(), good.clone());
    assert_eq!(device.link().1, Using::Next);
    device.check(&good).expect("usable");
}
