//! One peer and the connections to it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use http_body::Body;
use http_body_util::BodyExt as _;
use preau_mesh_identity::{IdentityStore, JOIN, SpiffeId, TrustDomain, server_name};
use tower::Service;

use crate::config::ConnectorConfig;
use crate::error::{BoxError, TransportError};

mod backoff;
mod connection;
mod dial;
mod outgoing;
mod pool;

pub use connection::ResponseBody;
use dial::{Credentials, Target};
use outgoing::Outgoing;
use pool::Pool;

/// On how many connections a request is tried that was certainly not processed on those before. Each of them was
/// going away at that moment, so more than two happen only when a peer closes connections as fast as they come.
const ATTEMPTS: u32 = 8;

/// One peer: several HTTP/2 connections, dialled when there is work for them, replaced when they go away or
/// break, with the request on the one that has the fewest streams open. Cheap to clone.
///
/// A request that a connection took along while it was going away, and that the peer certainly did not process,
/// is sent again on another connection; nothing else is ever repeated here.
#[derive(Clone)]
pub struct Endpoint {
    pool: Arc<Pool>,
    authority: Authority,
}

/// A connection without a client certificate, for the calls that obtain one.
pub type JoinEndpoint = Endpoint;

/// Connects to the control plane at `addr` without a certificate, trusting only the anchor whose SHA-256 is given.
pub async fn join_connection(
    trust_domain: &TrustDomain,
    anchor_sha256: [u8; 32],
    addr: impl Into<String>,
) -> Result<JoinEndpoint, TransportError> {
    let addr: Arc<str> = addr.into().into();
    let target = Target {
        to: format!("the control plane of {trust_domain} (joining)").into(),
        addr,
        server_name: server_name(JOIN, trust_domain),
        credentials: Credentials::Joining(IdentityStore::joining_client_config(
            trust_domain,
            anchor_sha256,
        )),
    };
    let config = ConnectorConfig {
        connections_per_endpoint: 1,
        ..ConnectorConfig::default()
    };
    let endpoint = Endpoint::with_target(target, config);
    endpoint.pool.checkout().await?;
    Ok(endpoint)
}

impl Endpoint {
    /// The workload `to` at `addr` (`host:port`, resolved at every dial), called as `from_role`. Nothing is
    /// dialled yet.
    pub fn new(
        identities: Arc<IdentityStore>,
        from_role: &str,
        to: SpiffeId,
        addr: impl Into<String>,
        config: ConnectorConfig,
    ) -> Self {
        let addr: Arc<str> = addr.into().into();
        let target = Target {
            to: to.as_str().into(),
            addr,
            server_name: server_name(to.service(), to.trust_domain()),
            credentials: Credentials::Workload {
                identities,
                from_role: from_role.to_owned(),
                to,
            },
        };
        Self::with_target(target, config)
    }

    fn with_target(target: Target, config: ConnectorConfig) -> Self {
        let authority = Authority::try_from(target.server_name.as_str())
            .expect("a role and a trust domain make a host name");
        Self {
            pool: Pool::new(target, config),
            authority,
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub async fn send<B>(
        &self,
        request: Request<B>,
    ) -> Result<Response<ResponseBody>, TransportError>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let (mut parts, body) = request.into_parts();
        parts.uri = self.absolute(parts.uri)?;
        // Extensions do not travel; dropping them here keeps the copy for a second attempt small.
        parts.extensions = http::Extensions::new();
        let mut outgoing = Outgoing::new(body.map_err(Into::into).boxed_unsync());
        let mut attempt = 1;
        loop {
            let connection = self.pool.checkout().await?;
            let answer = connection.send(&parts, outgoing);
            drop(connection);
            match answer.await {
                Ok(response) => return Ok(response),
                Err(failure) => match failure.again {
                    Some(again) if attempt < ATTEMPTS => outgoing = again,
                    _ => return Err(failure.error),
                },
            }
            attempt += 1;
        }
    }

    /// Requests name a path; HTTP/2 also wants to know the host.
    fn absolute(&self, uri: Uri) -> Result<Uri, TransportError> {
        let mut parts = uri.into_parts();
        parts.scheme = Some(Scheme::HTTPS);
        parts.authority = Some(self.authority.clone());
        Uri::from_parts(parts).map_err(|error| TransportError::Request {
            to: self.pool.target().to.clone(),
            reason: error.to_string().into(),
        })
    }
}

impl<B> Service<Request<B>> for Endpoint
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let endpoint = self.clone();
        Box::pin(async move { endpoint.send(request).await })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.pool.target();
        write!(f, "Endpoint({} at {})", target.to, target.addr)
    }
}
