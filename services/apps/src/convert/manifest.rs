use preau_kernel::failure::Failure;
use preau_proto::apps::v1 as wire;
use prost::Message as _;

use super::hash;
use crate::domain::{
    AppId, Line, MAX_MANIFEST, MAX_SIZE, Manifest, Signed, Version, check_file_name,
};

/// What was signed, and the signature, as they arrived.
pub(crate) fn signed(message: wire::CreateReleaseRequest) -> Result<Signed, Failure> {
    let wire::CreateReleaseRequest {
        manifest,
        signature,
    } = message;
    if manifest.len() > MAX_MANIFEST {
        let problem = format!(
            "{} bytes long, and the most is {MAX_MANIFEST}",
            manifest.len()
        );
        return Err(Failure::invalid("manifest", problem));
    }
    let signature = signature.try_into().map_err(|signature: Vec<u8>| {
        let problem = format!(
            "{} bytes long: an Ed25519 signature has 64",
            signature.len()
        );
        Failure::invalid("signature", problem)
    })?;
    Ok(Signed {
        manifest,
        signature,
    })
}

/// A manifest with every field checked. Fields of a later version of the contract are no fault: they are signed with
/// the rest, and kept.
pub(crate) fn manifest(bytes: &[u8]) -> Result<Manifest, Failure> {
    let message = wire::Manifest::decode(bytes)
        .map_err(|_| Failure::invalid("manifest", "not a serialised preau.apps.v1.Manifest"))?;
    let wrong = |field: &str, problem: &dyn std::fmt::Display| {
        Failure::invalid(&format!("manifest.{field}"), problem.to_string())
    };
    check_file_name(&message.file_name).map_err(|error| wrong("file_name", &error))?;
    if !(1..=MAX_SIZE).contains(&message.size) {
        let problem = format!("{} bytes: it has to be 1 to {MAX_SIZE}", message.size);
        return Err(wrong("size", &problem));
    }
    Ok(Manifest {
        app: AppId::parse(&message.app).map_err(|error| wrong("app", &error))?,
        name: Line::label(&message.name).map_err(|error| wrong("name", &error))?,
        version: Version::parse(&message.version).map_err(|error| wrong("version", &error))?,
        size: message.size,
        sha256: hash("manifest.sha256", &message.sha256)?,
        blake3: hash("manifest.blake3", &message.blake3)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right() -> wire::Manifest {
        wire::Manifest {
            app: "fr.example.geometrie".into(),
            name: "Géométrie".into(),
            version: "1.0".into(),
            size: 3,
            sha256: vec![1; 32],
            blake3: vec![2; 32],
            file_name: "geometrie".into(),
            executable: true,
        }
    }

    #[test]
    fn a_manifest_is_read_field_by_field() {
        let read = manifest(&right().encode_to_vec()).expect("right");
        assert_eq!(read.app.as_str(), "fr.example.geometrie");
        assert_eq!((read.size, read.sha256), (3, [1; 32]));
        let mut later = right().encode_to_vec();
        // A field 100 of some later version.
        later.extend([0xa2, 0x06, 0x01, b'x']);
        assert_eq!(manifest(&later).ok(), Some(read));
    }

    #[test]
    fn every_wrong_field_is_named() {
        type Break = fn(&mut wire::Manifest);
        let breaks: [(&str, Break); 9] = [
            ("manifest.app", |it| it.app = "geometrie".into()),
            ("manifest.name", |it| it.name = " ".into()),
            ("manifest.version", |it| it.version = "..".into()),
            ("manifest.size", |it| it.size = 0),
            ("manifest.size", |it| it.size = (4 << 30) + 1),
            ("manifest.sha256", |it| it.sha256 = vec![1; 31]),
            ("manifest.blake3", |it| it.blake3 = vec![]),
            ("manifest.file_name", |it| it.file_name = "../x".into()),
            ("manifest.file_name", |it| it.file_name = String::new()),
        ];
        for (field, change) in breaks {
            let mut wrong = right();
            change(&mut wrong);
            let failure = manifest(&wrong.encode_to_vec()).expect_err(field);
            assert_eq!(failure.fields[0].0, field);
        }
        let failure = manifest(&[0xff; 8]).expect_err("no message");
        assert_eq!(failure.fields[0].0, "manifest");
    }

    #[test]
    fn what_is_no_signature_or_too_long_is_refused_before_it_is_read() {
        let request = |manifest: Vec<u8>, signature: Vec<u8>| {
            let request = wire::CreateReleaseRequest {
                manifest,
                signature,
            };
            signed(request).map_err(|failure| failure.fields[0].0.clone())
        };
        assert!(request(vec![0; MAX_MANIFEST], vec![0; 64]).is_ok());
        let long = request(vec![0; MAX_MANIFEST + 1], vec![0; 64]);
        assert_eq!(long, Err("manifest".to_owned()));
        let short = request(vec![], vec![0; 63]);
        assert_eq!(short, Err("signature".to_owned()));
    }
}
