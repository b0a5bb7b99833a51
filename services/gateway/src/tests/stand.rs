//! A gateway before two made-up roles, and clients that can say anything.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::{BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use preau_mesh::principal::Signer;
use preau_mesh::testing::{Ground, Pair, claims};
use preau_mesh::{Call, RoleServer};
use preau_proto::contract::{Contract, Role};
use preau_proto::files::v1 as files;
use preau_proto::files::v1::file_service_server::{FileService, FileServiceServer};
use preau_proto::identity::v1 as identity;
use preau_proto::identity::v1::session_service_server::{SessionService, SessionServiceServer};
use prost::Message;
use tokio::net::TcpStream;
use tokio::sync::{Notify, OnceCell};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Status, async_trait};

use crate::{Config, Drained, bind, serve};

/// A session of a pupil, and one of a school's administrator. Any other token is refused.
pub(super) const PUPIL: &str = "session-of-a-pupil";
pub(super) const ADMIN: &str = "session-of-an-administrator";
/// A session that identity never says anything about.
pub(super) const SLOW: &str = "session-without-an-answer";

/// What the made-up roles saw.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) mints: AtomicUsize,
    pub(super) lists: AtomicUsize,
    /// Lets the last frame of `Read` go.
    pub(super) finish: Notify,
    signer: OnceCell<Arc<dyn Fn(Role) -> String + Send + Sync>>,
    pub(super) revoked: std::sync::Mutex<bool>,
}

#[derive(Clone)]
struct Sessions(Arc<Seen>);

#[async_trait]
impl SessionService for Sessions {
    async fn sign_in(
        &self,
        request: tonic::Request<identity::SignInRequest>,
    ) -> Result<tonic::Response<identity::SignInResponse>, Status> {
        if request.get_ref().password != "right password" {
            return Err(Status::unauthenticated("wrong login or password"));
        }
        Ok(tonic::Response::new(identity::SignInResponse {
            session_token: PUPIL.into(),
            ..Default::default()
        }))
    }

    async fn sign_out(
        &self,
        request: tonic::Request<identity::SignOutRequest>,
    ) -> Result<tonic::Response<identity::SignOutResponse>, Status> {
        Call::of(&request)?.admission().discharge();
        *self.0.revoked.lock().expect("not poisoned") = true;
        Ok(tonic::Response::new(identity::SignOutResponse {}))
    }

    async fn mint_principal(
        &self,
        request: tonic::Request<identity::MintPrincipalRequest>,
    ) -> Result<tonic::Response<identity::MintPrincipalResponse>, Status> {
        self.0.mints.fetch_add(1, Ordering::SeqCst);
        // Long enough for callers at the same moment to queue up behind this one.
        tokio::task::yield_now().await;
        let role = match request.get_ref().session_token.as_str() {
            PUPIL if !*self.0.revoked.lock().expect("not poisoned") => Role::Student,
            ADMIN => Role::SchoolAdmin,
            SLOW => std::future::pending().await,
            _ => return Err(Status::unauthenticated("no such session")),
        };
        let sign = self.0.signer.get().expect("set before serving");
        Ok(tonic::Response::new(identity::MintPrincipalResponse {
            principal_token: sign(role),
            expires_at: Some((SystemTime::now() + Duration::from_secs(30)).into()),
        }))
    }

    async fn list_signing_keys(
        &self,
        _request: tonic::Request<identity::ListSigningKeysRequest>,
    ) -> Result<tonic::Response<identity::ListSigningKeysResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

#[derive(Clone)]
struct Files(Arc<Seen>);

type Frames = Pin<Box<dyn Stream<Item = Result<files::ReadResponse, Status>> + Send>>;

#[async_trait]
impl FileService for Files {
    /// Answers a node for every header that arrived, and one for who the caller is.
    async fn list_folder(
        &self,
        request: tonic::Request<files::ListFolderRequest>,
    ) -> Result<tonic::Response<files::ListFolderResponse>, Status> {
        self.0.lists.fetch_add(1, Ordering::SeqCst);
        let call = Call::of(&request)?;
        call.admission().discharge();
        let headers = request.metadata().clone().into_headers();
        let mut nodes: Vec<files::Node> = headers
            .iter()
            .map(|(name, value)| node(name.as_str(), value.as_bytes()))
            .collect();
        let person = call
            .claims()
            .map(|claims| claims.person.clone())
            .unwrap_or_default();
        nodes.push(node(":person", person.as_bytes()));
        nodes.push(node(
            ":trace",
            format!("{:02x?}", call.trace().trace_id).as_bytes(),
        ));
        Ok(tonic::Response::new(files::ListFolderResponse {
            nodes,
            next_page_token: String::new(),
        }))
    }

    async fn get_node(
        &self,
        _request: tonic::Request<files::GetNodeRequest>,
    ) -> Result<tonic::Response<files::GetNodeResponse>, Status> {
        Err(Status::not_found("no such node"))
    }

    async fn create_folder(
        &self,
        _request: tonic::Request<files::CreateFolderRequest>,
    ) -> Result<tonic::Response<files::CreateFolderResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn rename_node(
        &self,
        _request: tonic::Request<files::RenameNodeRequest>,
    ) -> Result<tonic::Response<files::RenameNodeResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn move_node(
        &self,
        _request: tonic::Request<files::MoveNodeRequest>,
    ) -> Result<tonic::Response<files::MoveNodeResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn copy_node(
        &self,
        _request: tonic::Request<files::CopyNodeRequest>,
    ) -> Result<tonic::Response<files::CopyNodeResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_trash(
        &self,
        _request: tonic::Request<files::ListTrashRequest>,
    ) -> Result<tonic::Response<files::ListTrashResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn restore_node(
        &self,
        _request: tonic::Request<files::RestoreNodeRequest>,
    ) -> Result<tonic::Response<files::RestoreNodeResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn purge_node(
        &self,
        _request: tonic::Request<files::PurgeNodeRequest>,
    ) -> Result<tonic::Response<files::PurgeNodeResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn create_download_link(
        &self,
        _request: tonic::Request<files::CreateDownloadLinkRequest>,
    ) -> Result<tonic::Response<files::CreateDownloadLinkResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn delete_node(
        &self,
        _request: tonic::Request<files::DeleteNodeRequest>,
    ) -> Result<tonic::Response<files::DeleteNodeResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    type ReadStream = Frames;

    /// Three frames; the last waits when asked for from offset 1.
    async fn read(
        &self,
        request: tonic::Request<files::ReadRequest>,
    ) -> Result<tonic::Response<Frames>, Status> {
        Call::of(&request)?.admission().discharge();
        let seen = Arc::clone(&self.0);
        let waits = request.get_ref().offset == 1;
        let frames = stream::iter(["one", "two", "three"]).then(move |data| {
            let seen = Arc::clone(&seen);
            async move {
                if waits && data == "three" {
                    seen.finish.notified().await;
                }
                Ok(files::ReadResponse { data: data.into() })
            }
        });
        Ok(tonic::Response::new(frames.boxed()))
    }
}

fn node(name: &str, value: &[u8]) -> files::Node {
    files::Node {
        name: name.to_owned(),
        node_id: String::from_utf8_lossy(value).into_owned(),
        ..Default::default()
    }
}

/// The gateway under test.
pub(super) struct Stand {
    pub(super) address: SocketAddr,
    pub(super) seen: Arc<Seen>,
    pub(super) stop: CancellationToken,
    pub(super) serving: JoinHandle<Drained>,
    _pair: Pair,
}

impl Stand {
    pub(super) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(super) async fn with(config: Config) -> Self {
        let seen = Arc::new(Seen::default());
        let ground = Ground::new(&["identity", "files", "gateway"]).await;
        let mesh = ground.mesh().clone();
        let servers = vec![
            RoleServer::new("identity")
                .add_service(SessionServiceServer::new(Sessions(Arc::clone(&seen)))),
            RoleServer::new("files").add_service(FileServiceServer::new(Files(Arc::clone(&seen)))),
        ];
        let pair = ground.serve(servers, "gateway", "files");
        let signer = Signer::from_pkcs8(&pair.signer.pkcs8()).expect("the pair's own key");
        let domain = mesh.trust_domain().clone();
        let sign = move |role| {
            signer
                .sign(&claims(role), &domain)
                .expect("claims that can be signed")
        };
        assert!(seen.signer.set(Arc::new(sign)).is_ok());

        let listener = bind(([127, 0, 0, 1], 0).into())
            .await
            .expect("loopback has a free port");
        let address = listener.local_addr().expect("bound");
        let stop = CancellationToken::new();
        let contract = Contract::load().expect("the contract is valid");
        let serving = tokio::spawn(serve(listener, mesh, contract, config, stop.clone()));
        Self {
            address,
            seen,
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
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .expect("HTTP/2");
        tokio::spawn(connection);
        H2 { sender }
    }

    pub(super) async fn h1(&self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        let stream = TcpStream::connect(self.address).await.expect("listening");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("HTTP/1.1");
        tokio::spawn(connection);
        collect(sender.send_request(request).await.expect("answered")).await
    }
}

/// A raw HTTP/2 client.
#[derive(Clone)]
pub(super) struct H2 {
    sender: hyper::client::conn::http2::SendRequest<Full<Bytes>>,
}

impl H2 {
    /// A native gRPC call with these headers.
    pub(super) async fn call(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        message: &impl Message,
    ) -> Answer {
        let mut request = Request::post(format!("http://preau.test{path}"))
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
