//! A gateway before made-up roles, and clients that can say anything.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use preau_mesh::RoleServer;
use preau_mesh::principal::Signer;
use preau_mesh::testing::{Ground, Pair, claims};
use preau_proto::contract::{Contract, Role};
use preau_proto::files::v1::file_service_server::FileServiceServer;
use preau_proto::identity::v1::session_service_server::SessionServiceServer;
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::downloads;
use super::fleet::{self, Fleet};
pub(super) use super::roles::{ADMIN, PUPIL, SLOW, Seen};
use super::roles::{Files, Sessions};
use crate::accept::serve_with;
use crate::ui::Interface;
use crate::{Config, Drained, bind};

/// The gateway under test.
pub(super) struct Stand {
    pub(super) address: SocketAddr,
    pub(super) seen: Arc<Seen>,
    pub(super) fleet: Arc<Fleet>,
    pub(super) stop: CancellationToken,
    pub(super) serving: JoinHandle<Drained>,
    _pair: Pair,
}

impl Stand {
    pub(super) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(super) async fn with(config: Config) -> Self {
        Self::with_fleet(config, Arc::new(Fleet::default())).await
    }

    pub(super) async fn with_fleet(config: Config, fleet: Arc<Fleet>) -> Self {
        let seen = Arc::new(Seen::default());
        let mut roles = vec!["identity", "files", "gateway"];
        if !fleet.nowhere {
            roles.push("devices");
        }
        let ground = Ground::new(&roles).await;
        let mesh = ground.mesh().clone();
        let mut servers = vec![
            RoleServer::new("identity")
                .add_service(SessionServiceServer::new(Sessions(Arc::clone(&seen)))),
            RoleServer::new("files")
                .add_service(FileServiceServer::new(Files(Arc::clone(&seen))))
                .add_service(downloads::service(Arc::clone(&seen))),
        ];
        if !fleet.nowhere {
            servers.push(fleet::role(&fleet));
        }
        let pair = ground.serve(servers, "gateway", "files");
        let signer = Signer::from_pkcs8(&pair.signer.pkcs8()).expect("the pair's own key");
        let domain = mesh.trust_domain().clone();
        let sign = move |role| {
            signer
                .sign(&claims(role), &domain)
                .expect("claims that can be signed")
        };
        let sign: Arc<dyn Fn(Role) -> String + Send + Sync> = Arc::new(sign);
        assert!(seen.signer.set(Arc::clone(&sign)).is_ok());
        assert!(fleet.signer.set(sign).is_ok());

        let listener = bind(([127, 0, 0, 1], 0).into(), config.tls.as_ref())
            .await
            .expect("loopback has a free port");
        let address = listener.local_addr().expect("bound");
        let stop = CancellationToken::new();
        let contract = Contract::load().expect("the contract is valid");
        let serving = tokio::spawn(serve_with(
            listener,
            mesh,
            contract,
            config,
            stop.clone(),
            interface(),
        ));
        Self {
            address,
            seen,
            fleet,
            stop,
            serving,
            _pair: pair,
        }
    }

    pub(super) fn mints(&self) -> usize {
        self.seen.mints.load(Ordering::SeqCst)
    }

    pub(super) async fn h2(&self) -> H2 {
        let stream = TcpStream::connect(self.address).await.expect("listening");
        H2::over(stream).await
    }

    pub(super) async fn h1(&self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        collect(self.start_h1(request).await).await
    }

    pub(super) async fn start_h1(&self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        let stream = TcpStream::connect(self.address).await.expect("listening");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("HTTP/1.1");
        tokio::spawn(connection);
        sender.send_request(request).await.expect("answered")
    }
}

/// A built interface of two files.
fn interface() -> Interface {
    let files = [
        ("index.html", "<!doctype html>"),
        ("assets/app-1.js", "script"),
    ];
    Interface::new(files.map(|(path, text)| (path.to_owned(), text.into())))
}

/// A raw HTTP/2 client.
#[derive(Clone)]
pub(super) struct H2 {
    sender: hyper::client::conn::http2::SendRequest<Full<Bytes>>,
}

impl H2 {
    pub(super) async fn over<I>(io: I) -> Self
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io))
                .await
                .expect("HTTP/2");
        tokio::spawn(connection);
        Self { sender }
    }

    /// A native gRPC call with these headers.
    pub(super) async fn call(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        message: &impl Message,
    ) -> Answer {
        let mut request = Request::post(format!("http://localhost{path}"))
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(framed(message))).expect("a request");
        self.send(request).await
    }

    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Answer {
        let response = self.start(request).await;
        let headers = response.headers().clone();
        let body = response.into_body().collect().await.expect("a whole body");
        let trailers = body.trailers().cloned();
        Answer {
            status: Status::from_header_map(trailers.as_ref().unwrap_or(&headers)),
            headers,
            body: body.to_bytes(),
        }
    }

    pub(super) async fn start(&mut self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        self.sender.ready().await.expect("open");
        self.sender.send_request(request).await.expect("answered")
    }
}

/// What came back natively.
pub(super) struct Answer {
    pub(super) status: Option<Status>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn code(&self) -> tonic::Code {
        self.status.as_ref().expect("a gRPC status").code()
    }

    /// `ErrorInfo.reason`.
    pub(super) fn reason(&self) -> String {
        preau_mesh::Reported::of(self.status.as_ref().expect("a gRPC status")).reason
    }

    pub(super) fn message<M: Message + Default>(&self) -> M {
        M::decode(self.body.slice(5..)).expect("the message")
    }
}

/// One message in its gRPC frame.
pub(super) fn framed(message: &impl Message) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.encoded_len()).expect("short"));
    message.encode(&mut frame).expect("room");
    frame.freeze()
}

pub(super) async fn collect(response: Response<Incoming>) -> Response<Bytes> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    Response::from_parts(parts, body)
}

/// `authorization` of a session.
pub(super) fn bearer(session: &str) -> String {
    format!("Bearer {session}")
}
