//! The wire's messages to domain types and back, once.

use std::time::Duration;

use preau_kernel::failure::Failure;
use preau_mesh::{Issued, TrustBundle, TrustDomain};
use preau_proto::control::v1 as wire;
use rustls_pki_types::CertificateDer;

use crate::domain::roles::{JOINABLE, RoleSet};
use crate::service::workloads::{RoleChain, RoleCsr};

/// Why an answer of the control plane cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnusableAnswer {
    #[error("the control plane's answer holds no trust bundle")]
    NoBundle,
    #[error("the control plane's answer holds no certificate")]
    NoCertificate,
    #[error("the control plane's answer names no valid trust domain")]
    TrustDomain,
}

pub(crate) fn roles(request: &wire::CreateJoinTokenRequest) -> Result<RoleSet, Failure> {
    Ok(RoleSet::parse(request.roles.iter().map(String::as_str))?)
}

pub(crate) fn lifetime(
    lifetime: Option<prost_types::Duration>,
) -> Result<Option<Duration>, Failure> {
    lifetime
        .map(Duration::try_from)
        .transpose()
        .map_err(|_| Failure::invalid("lifetime", "a length of time cannot be negative"))
}

pub(crate) fn role_requests(requests: Vec<wire::RoleRequest>) -> Result<Vec<RoleCsr>, Failure> {
    if requests.len() > JOINABLE.len() {
        let problem = format!(
            "{} requests, but there are only {} roles",
            requests.len(),
            JOINABLE.len()
        );
        return Err(Failure::invalid("roles", problem));
    }
    let decode = |wire::RoleRequest { role, csr }| RoleCsr { role, csr };
    Ok(requests.into_iter().map(decode).collect())
}

pub(crate) fn role_certificate(RoleChain { role, chain }: RoleChain) -> wire::RoleCertificate {
    wire::RoleCertificate { role, chain }
}

pub(crate) fn bundle(bundle: TrustBundle) -> wire::TrustBundle {
    wire::TrustBundle {
        trust_domain: bundle.trust_domain.to_string(),
        anchors: bundle
            .anchors
            .iter()
            .map(|anchor| anchor.to_vec())
            .collect(),
        sequence: bundle.sequence,
    }
}

pub(crate) fn chain(chain: Vec<Vec<u8>>) -> Vec<CertificateDer<'static>> {
    chain.into_iter().map(CertificateDer::from).collect()
}

pub(crate) fn trust_bundle(
    bundle: Option<wire::TrustBundle>,
) -> Result<TrustBundle, UnusableAnswer> {
    let bundle = bundle.ok_or(UnusableAnswer::NoBundle)?;
    if bundle.anchors.is_empty() {
        return Err(UnusableAnswer::NoBundle);
    }
    Ok(TrustBundle {
        trust_domain: TrustDomain::parse(&bundle.trust_domain)
            .map_err(|_| UnusableAnswer::TrustDomain)?,
        anchors: chain(bundle.anchors),
        sequence: bundle.sequence,
    })
}

pub(crate) fn issued(
    certificates: Vec<Vec<u8>>,
    bundle: Option<wire::TrustBundle>,
) -> Result<Issued, UnusableAnswer> {
    if certificates.is_empty() {
        return Err(UnusableAnswer::NoCertificate);
    }
    Ok(Issued {
        chain: chain(certificates),
        bundle: trust_bundle(bundle)?,
    })
}
