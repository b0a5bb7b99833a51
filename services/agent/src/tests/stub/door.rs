//! How connections come in: plain or by TLS, HTTP/1.1 or HTTP/2, and cut whenever a test likes.

use std::net::SocketAddr;
use std::sync::Arc;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use preau_proto::apps::v1::catalogue_service_server::CatalogueServiceServer;
use preau_proto::apps::v1::delivery_service_server::DeliveryServiceServer;
use preau_proto::devices::v1::agent_service_server::AgentServiceServer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::service::Routes;
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _};

use super::{Inner, Pki, Shown, World};

/// What stands between a device and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tests) enum Door {
    /// Nothing.
    Plain,
    /// A proxy of the old kind: HTTP/1.1, and nothing else is understood.
    PlainHttp1,
    Tls,
    /// A proxy that speaks HTTP/2 and lets no gRPC through but in the guise of gRPC-web.
    TlsWebOnly,
    /// A proxy that ends TLS: no certificate is asked for.
    TlsWithoutCertificates,
}

/// A running server. Dropped, it is gone with all its connections.
pub(in crate::tests) struct Stub {
    pub(in crate::tests) world: Arc<World>,
    pub(in crate::tests) address: SocketAddr,
    door: Door,
    serving: Option<JoinHandle<()>>,
}

impl Stub {
    pub(in crate::tests) async fn new(door: Door) -> Self {
        let inner = Inner {
            renew_in: 60 * 86_400,
            ..Inner::default()
        };
        let world = Arc::new_cyclic(|again| World {
            inner: inner.into(),
            news: tokio::sync::watch::Sender::new(0),
            touched: tokio::sync::watch::Sender::new(0),
            frozen: tokio::sync::watch::Sender::new(0),
            pki: Pki::new(),
            again: again.clone(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let mut stub = Self {
            world,
            address,
            door,
            serving: None,
        };
        stub.serve(listener);
        stub
    }

    pub(in crate::tests) fn url(&self) -> String {
        match self.door {
            Door::Plain | Door::PlainHttp1 => format!("http://{}", self.address),
            Door::Tls | Door::TlsWebOnly | Door::TlsWithoutCertificates => {
                format!("https://{}", self.address)
            }
        }
    }

    /// Gone, as a machine whose power was cut.
    pub(in crate::tests) async fn stop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            // Its end is what is waited for.
            let _ = serving.await;
        }
    }

    /// Back at the same address, knowing what it knew; `door` may be another.
    pub(in crate::tests) async fn start(&mut self, door: Door) {
        self.door = door;
        let listener = TcpListener::bind(self.address)
            .await
            .expect("the same port");
        self.serve(listener);
    }

    fn serve(&mut self, listener: TcpListener) {
        self.serving = Some(tokio::spawn(serve(
            listener,
            self.door,
            Arc::clone(&self.world),
        )));
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
    }
}

async fn serve(listener: TcpListener, door: Door, world: Arc<World>) {
    let tls = match door {
        Door::Plain | Door::PlainHttp1 => None,
        Door::Tls | Door::TlsWebOnly => Some(world.pki.server(true)),
        Door::TlsWithoutCertificates => Some(world.pki.server(false)),
    };
    let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
    let routes = Routes::new(AgentServiceServer::from_arc(Arc::clone(&world)))
        .add_service(DeliveryServiceServer::from_arc(Arc::clone(&world)))
        .add_service(CatalogueServiceServer::from_arc(Arc::clone(&world)));
    // Dropped with this task: a server that is gone takes its connections along.
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut frozen = world.frozen.subscribe();
        let connection = connection(stream, door, tls.clone(), routes.clone());
        connections.spawn(async move {
            tokio::pin!(connection);
            tokio::select! {
                () = &mut connection => {}
                // Held, and never looked at again.
                _ = frozen.changed() => std::future::pending().await,
            }
        });
    }
}

async fn connection(stream: TcpStream, door: Door, tls: Option<TlsAcceptor>, routes: Routes) {
    let Some(tls) = tls else {
        let mut first = [0; 3];
        let peeked = stream.peek(&mut first).await.unwrap_or(0);
        let http2 = &first[..peeked] == b"PRI" && door != Door::PlainHttp1;
        return exchange(stream, http2, None, door, routes).await;
    };
    // A client that does not like us, or that we do not.
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
    let session = stream.get_ref().1;
    let http2 = session.alpn_protocol() == Some(b"h2");
    let shown = session.peer_certificates().and_then(|chain| chain.first());
    let shown = shown.map(|certificate| Shown(certificate.to_vec()));
    exchange(stream, http2, shown, door, routes).await;
}

async fn exchange<S>(stream: S, http2: bool, shown: Option<Shown>, door: Door, routes: Routes)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let web = GrpcWebLayer::new().layer(routes.clone());
        let mut request = request.map(Body::new);
        if let Some(shown) = &shown {
            request.extensions_mut().insert(shown.clone());
        }
        async move {
            let kind = request.headers().get(CONTENT_TYPE);
            let is_web =
                kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc-web"));
            if door == Door::TlsWebOnly && !is_web {
                let mut refusal = http::Response::new(Body::empty());
                *refusal.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                return Ok(refusal);
            }
            web.oneshot(request).await
        }
    });
    let stream = TokioIo::new(stream);
    // Cut connections end with an error: that is what tests do to them.
    let _ = match http2 {
        true => {
            http2::Builder::new(TokioExecutor::new())
                .serve_connection(stream, service)
                .await
        }
        false => {
            http1::Builder::new()
                .serve_connection(stream, service)
                .await
        }
    };
}
