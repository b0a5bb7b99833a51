//! When each certificate ends, read from the store at every scrape: nothing to keep up to date.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use preau_mesh_identity::IdentityStore;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

#[derive(Debug)]
pub(super) struct Certificates {
    identities: Identities,
}

struct Identities(Arc<IdentityStore>);

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identities")
    }
}

impl Certificates {
    pub(super) fn new(identities: Arc<IdentityStore>) -> Self {
        Self {
            identities: Identities(identities),
        }
    }
}

impl Collector for Certificates {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let store = &self.identities.0;
        let mut family = encoder.encode_descriptor(
            "identity_cert_expiration_timestamp_seconds",
            "When the certificate of a role ends, in seconds since 1970",
            None,
            MetricType::Gauge,
        )?;
        for role in store.roles() {
            let Some(svid) = store.svid(&role) else {
                continue;
            };
            let seconds = svid
                .not_after()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs());
            let gauge = ConstGauge::new(i64::try_from(seconds).unwrap_or(i64::MAX));
            gauge.encode(family.encode_family(&[("role", role.as_str())])?)?;
        }
        Ok(())
    }
}
