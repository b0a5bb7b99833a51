//! SPIFFE ids as this mesh writes them: `spiffe://<trust-domain>/ns/<namespace>/sa/<service>`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The role name under which a workload without a certificate asks the control plane for its first one.
pub const JOIN: &str = "join";

/// Longest trust domain: leaves room for `<role>.` within the 253 bytes of a DNS name.
const MAX_TRUST_DOMAIN: usize = 180;
const MAX_LABEL: usize = 63;
const SCHEME: &str = "spiffe://";

/// The server name (TLS SNI) under which `role` is reached.
pub fn server_name(role: &str, td: &TrustDomain) -> String {
    format!("{role}.{td}")
}

/// Why a text is not a name of this mesh. The fault of whoever configured or signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// Not a lower-case DNS name.
    #[error("the trust domain must be a lower-case DNS name such as preau.internal")]
    TrustDomain,
    /// Another scheme than `spiffe`.
    #[error("the id must begin with spiffe://")]
    Scheme,
    /// User information or a port beside the trust domain.
    #[error("the id must not carry user information or a port")]
    Authority,
    /// `?` or `#`.
    #[error("the id must not carry a query or a fragment")]
    QueryOrFragment,
    /// `//`, `.`, `..` or a trailing slash.
    #[error("the id has an empty or relative path segment")]
    Segment,
    /// No path: the id of a trust domain, which names no workload.
    #[error("the id names a trust domain, not a workload: it has no path")]
    NoPath,
    /// Another path than `/ns/<namespace>/sa/<service>`.
    #[error("the id must read spiffe://<trust-domain>/ns/<namespace>/sa/<service>")]
    Shape,
    /// A namespace or service that is no DNS label.
    #[error(
        "namespace and service must be lower-case DNS labels: letters, digits and inner hyphens"
    )]
    Label,
}

/// The domain within which certificates are trusted, such as `preau.internal`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrustDomain(Arc<str>);

impl TrustDomain {
    /// Accepts a lower-case DNS name (it is the suffix of every server name of the mesh).
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.len() > MAX_TRUST_DOMAIN || !text.split('.').all(is_label) {
            return Err(IdError::TrustDomain);
        }
        Ok(Self(text.into()))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TrustDomain {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The identity of a workload. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpiffeId {
    uri: Arc<str>,
    trust_domain: TrustDomain,
    namespace: (u16, u16),
}

impl SpiffeId {
    /// Reads an id; only the canonical spelling is accepted, so equal ids are equal texts.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let rest = text.strip_prefix(SCHEME).ok_or(IdError::Scheme)?;
        if rest.contains(['?', '#']) {
            return Err(IdError::QueryOrFragment);
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains(['@', ':']) {
            return Err(IdError::Authority);
        }
        let trust_domain = TrustDomain::parse(authority)?;
        if path.is_empty() {
            return Err(IdError::NoPath);
        }
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(IdError::Segment);
        }
        let mut parts = path.split('/');
        match (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) {
            (Some("ns"), Some(namespace), Some("sa"), Some(service), None) => {
                Self::for_service(&trust_domain, namespace, service)
            }
            _ => Err(IdError::Shape),
        }
    }

    /// The id of `service` in `namespace`.
    pub fn for_service(
        trust_domain: &TrustDomain,
        namespace: &str,
        service: &str,
    ) -> Result<Self, IdError> {
        if !is_label(namespace) || !is_label(service) {
            return Err(IdError::Label);
        }
        let start = SCHEME.len() + trust_domain.as_str().len() + "/ns/".len();
        // Both fit u16: a trust domain and a label are shorter than 256 bytes.
        let namespace_span = (start as u16, (start + namespace.len()) as u16);
        Ok(Self {
            uri: format!("{SCHEME}{trust_domain}/ns/{namespace}/sa/{service}").into(),
            trust_domain: trust_domain.clone(),
            namespace: namespace_span,
        })
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// The domain it belongs to.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// The service, which is also the role and the first label of the server name.
    pub fn service(&self) -> &str {
        &self.uri[usize::from(self.namespace.1) + "/sa/".len()..]
    }

    /// The namespace; on Kubernetes the pod's.
    pub fn namespace(&self) -> &str {
        &self.uri[usize::from(self.namespace.0)..usize::from(self.namespace.1)]
    }
}

impl FromStr for SpiffeId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

impl fmt::Debug for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.uri, f)
    }
}

fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MAX_LABEL).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_written() {
        let id = SpiffeId::parse("spiffe://preau.internal/ns/default/sa/files").expect("valid");
        assert_eq!(id.trust_domain().as_str(), "preau.internal");
        assert_eq!(id.namespace(), "default");
        assert_eq!(id.service(), "files");
        assert_eq!(
            id.to_string(),
            "spiffe://preau.internal/ns/default/sa/files"
        );
        let td = TrustDomain::parse("preau.internal").expect("valid");
        assert_eq!(SpiffeId::for_service(&td, "default", "files"), Ok(id));
        assert_eq!(server_name("files", &td), "files.preau.internal");
    }

    #[test]
    fn every_other_spelling_is_refused_with_its_reason() {
        let cases = [
            (
                "https://preau.internal/ns/default/sa/files",
                IdError::Scheme,
            ),
            (
                "SPIFFE://preau.internal/ns/default/sa/files",
                IdError::Scheme,
            ),
            (
                "spiffe:/preau.internal/ns/default/sa/files",
                IdError::Scheme,
            ),
            (
                "spiffe://Preau.internal/ns/default/sa/files",
                IdError::TrustDomain,
            ),
            ("spiffe:///ns/default/sa/files", IdError::TrustDomain),
            (
                "spiffe://préau.internal/ns/default/sa/files",
                IdError::TrustDomain,
            ),
            (
                "spiffe://u@preau.internal/ns/default/sa/files",
                IdError::Authority,
            ),
            (
                "spiffe://preau.internal:7443/ns/default/sa/files",
                IdError::Authority,
            ),
            (
                "spiffe://preau.internal/ns/default/sa/files?x=1",
                IdError::QueryOrFragment,
            ),
            (
                "spiffe://preau.internal/ns/default/sa/files#x",
                IdError::QueryOrFragment,
            ),
            ("spiffe://preau.internal", IdError::NoPath),
            ("spiffe://preau.internal/", IdError::NoPath),
            (
                "spiffe://preau.internal//ns/default/sa/files",
                IdError::Segment,
            ),
            (
                "spiffe://preau.internal/ns/default/sa/files/",
                IdError::Segment,
            ),
            ("spiffe://preau.internal/ns/../sa/files", IdError::Segment),
            ("spiffe://preau.internal/ns/./sa/files", IdError::Segment),
            (
                "spiffe://preau.internal/ns/default/sa/files/x",
                IdError::Shape,
            ),
            ("spiffe://preau.internal/sa/files", IdError::Shape),
            (
                "spiffe://preau.internal/ns/default/sa/Files",
                IdError::Label,
            ),
            (
                "spiffe://preau.internal/ns/default/sa/fi%6Ces",
                IdError::Label,
            ),
        ];
        for (text, reason) in cases {
            assert_eq!(SpiffeId::parse(text), Err(reason), "{text}");
        }
        let long = "a".repeat(64);
        for text in ["", ".", "a..b", "-a", "a-", "a_b", "A", &long] {
            assert_eq!(
                TrustDomain::parse(text),
                Err(IdError::TrustDomain),
                "{text}"
            );
        }
    }
}
