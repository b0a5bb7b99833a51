//! What generated clients call through.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use preau_mesh_identity::server_name;
use preau_mesh_layers::{ClientShared, ClientStack, client_stack};
use tonic::Status;
use tonic::body::Body;
use tower::Service;

use crate::mesh::Inner;
use crate::peer::Peer;

type Stack = ClientStack<Peer>;

/// Calls from one role to another, through the client stack. Cheap to clone; clones share connections.
///
/// `FileServiceClient::new(mesh.client("gateway", "files"))`. Its errors are statuses already.
#[derive(Clone)]
pub struct Channel {
    stack: Stack,
    name: Arc<str>,
}

impl Channel {
    pub(crate) fn new(mesh: &Inner, from: &str, to: &str) -> Self {
        let peer = Peer::new(mesh, from, to);
        let shared = ClientShared {
            catalogue: mesh.catalogue.clone(),
            from: from.into(),
            to: to.into(),
            authority: server_name(to, mesh.identities.trust_domain()).into(),
            server_id: peer.id().into(),
            metrics: mesh.metrics.clone(),
            span_ids: mesh.span_ids.clone(),
        };
        Self {
            stack: client_stack(&shared, peer),
            name: format!("{from} to {to}").into(),
        }
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = ChannelFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.stack.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> ChannelFuture {
        ChannelFuture {
            inner: self.stack.call(request),
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channel").field(&self.name).finish()
    }
}

pin_project! {
    /// A call under way.
    pub struct ChannelFuture {
        #[pin]
        inner: <Stack as Service<Request<Body>>>::Future,
    }
}

impl Future for ChannelFuture {
    type Output = Result<Response<Body>, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.project().inner.poll(cx));
        // The one box of the response: the layers' bodies are nested inside it by type.
        Poll::Ready(result.map(|response| response.map(Body::new)))
    }
}
