//! Releases, signed and sent as a publisher's tool would.

use anyhow::Context as _;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use preau_harness::{Person, sha256};
use preau_proto::apps::v1::catalogue_service_client::CatalogueServiceClient;
use preau_proto::apps::v1::{
    AddPublisherRequest, CreateReleaseRequest, FinishReleaseRequest, Manifest,
    PutReleasePartRequest, Release,
};
use prost::Message as _;

/// Somebody who signs releases.
pub(crate) struct Publisher(Ed25519KeyPair);

impl Publisher {
    pub(crate) fn generate() -> anyhow::Result<Self> {
        let pair = Ed25519KeyPair::generate().map_err(|_| anyhow::anyhow!("no key"))?;
        Ok(Self(pair))
    }

    pub(crate) fn public_key(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    /// Lets the platform know the key.
    pub(crate) async fn register(&self, operator: &Person) -> anyhow::Result<()> {
        let request = AddPublisherRequest {
            name: "Exemple".into(),
            public_key: self.public_key(),
        };
        let mut catalogue = CatalogueServiceClient::new(operator.caller());
        catalogue.add_publisher(request).await?;
        Ok(())
    }

    /// A manifest of `content`, serialised, and its signature.
    pub(crate) fn manifest(
        &self,
        app: &str,
        version: &str,
        content: &[u8],
    ) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
        let manifest = Manifest {
            app: app.to_owned(),
            name: "Géométrie".into(),
            version: version.to_owned(),
            size: content.len() as u64,
            sha256: sha256(content),
            blake3: blake3::hash(content).as_bytes().to_vec(),
            file_name: "geometrie".into(),
            executable: true,
        };
        let manifest = manifest.encode_to_vec();
        let signature = self.sign(&manifest);
        Ok((manifest, signature))
    }

    pub(crate) fn sign(&self, manifest: &[u8]) -> Vec<u8> {
        let text = [b"preau-release-v1\0", manifest].concat();
        self.0.sign(&text).as_ref().to_vec()
    }
}

/// Announces a release.
pub(crate) async fn create(
    operator: &Person,
    publisher: &Publisher,
    app: &str,
    version: &str,
    content: &[u8],
) -> anyhow::Result<Release> {
    let (manifest, signature) = publisher.manifest(app, version, content)?;
    let mut catalogue = CatalogueServiceClient::new(operator.caller());
    let request = CreateReleaseRequest {
        manifest,
        signature,
    };
    let answer = catalogue.create_release(request).await?.into_inner();
    answer.release.context("a release")
}

/// Announces a release, sends its bytes and finishes it.
pub(crate) async fn publish(
    operator: &Person,
    publisher: &Publisher,
    app: &str,
    version: &str,
    content: &[u8],
) -> anyhow::Result<Release> {
    let (manifest, signature) = publisher.manifest(app, version, content)?;
    let mut catalogue = CatalogueServiceClient::new(operator.caller());
    let request = CreateReleaseRequest {
        manifest,
        signature,
    };
    let answer = catalogue.create_release(request).await?.into_inner();
    let release_id = answer.release.context("a release")?.release_id;
    let plan = answer.plan.context("a plan")?;
    for (index, part) in content.chunks(plan.part_size as usize).enumerate() {
        let request = PutReleasePartRequest {
            release_id: release_id.clone(),
            index: u32::try_from(index)?,
            sha256: sha256(part),
            data: part.to_vec().into(),
        };
        catalogue.put_release_part(request).await?;
    }
    let request = FinishReleaseRequest { release_id };
    let answer = catalogue.finish_release(request).await?.into_inner();
    answer.release.context("a release")
}
