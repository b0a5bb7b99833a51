//! The made-up roles behind the gateway: what they answer, and what they saw.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use futures::{Stream, StreamExt, stream};
use preau_mesh::{Call, Fault};
use preau_proto::contract::Role;
use preau_proto::files::v1 as files;
use preau_proto::files::v1::file_service_server::FileService;
use preau_proto::identity::v1 as identity;
use preau_proto::identity::v1::session_service_server::SessionService;
use tokio::sync::{Notify, OnceCell};
use tonic::{Status, async_trait};

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
    pub(super) signer: OnceCell<Arc<dyn Fn(Role) -> String + Send + Sync>>,
    pub(super) revoked: std::sync::Mutex<bool>,
    /// Where sessions were ended, and the highest role of whoever did.
    pub(super) ended: std::sync::Mutex<Vec<(&'static str, i32)>>,
    /// What downloads were asked for: offset and length.
    pub(super) opened: std::sync::Mutex<Vec<(u64, u64)>>,
}

impl Seen {
    fn end(&self, place: &'static str, call: &Call) {
        let grants = call.claims().map(|claims| claims.grants.as_slice());
        let role = grants
            .and_then(|grants| grants.first())
            .map(|grant| grant.role);
        let mut ended = self.ended.lock().expect("not poisoned");
        ended.push((place, role.unwrap_or_default()));
    }
}

fn refused() -> Fault {
    Fault::new(
        tonic::Code::Unauthenticated,
        "SIGN_IN_REFUSED",
        "wrong login or password",
    )
}

fn limited() -> Fault {
    Fault {
        retry_after: Some(Duration::from_millis(41_500)),
        ..Fault::new(tonic::Code::ResourceExhausted, "TOO_MANY_ATTEMPTS", "wait")
    }
}

#[derive(Clone)]
pub(super) struct Sessions(pub(super) Arc<Seen>);

#[async_trait]
impl SessionService for Sessions {
    async fn sign_in(
        &self,
        request: tonic::Request<identity::SignInRequest>,
    ) -> Result<tonic::Response<identity::SignInResponse>, Status> {
        match request.get_ref().password.as_str() {
            "right password" => {}
            "too often" => return Err(limited().into_status("identity", "test")),
            "away" => return Err(Status::unavailable("identity is restarting")),
            _ => return Err(refused().into_status("identity", "test")),
        }
        Ok(tonic::Response::new(identity::SignInResponse {
            session_token: PUPIL.into(),
            expires_at: Some((SystemTime::now() + Duration::from_secs(3600)).into()),
            ..Default::default()
        }))
    }

    async fn activate(
        &self,
        request: tonic::Request<identity::ActivateRequest>,
    ) -> Result<tonic::Response<identity::ActivateResponse>, Status> {
        if request.get_ref().code != "K7QM-2PXR-T4VD" {
            return Err(refused().into_status("identity", "test"));
        }
        Ok(tonic::Response::new(identity::ActivateResponse {
            session_token: ADMIN.into(),
            ..Default::default()
        }))
    }

    async fn sign_out_everywhere(
        &self,
        request: tonic::Request<identity::SignOutEverywhereRequest>,
    ) -> Result<tonic::Response<identity::SignOutEverywhereResponse>, Status> {
        let call = Call::of(&request)?;
        call.admission().discharge();
        self.0.end("everywhere", &call);
        Ok(tonic::Response::new(identity::SignOutEverywhereResponse {}))
    }

    async fn sign_out(
        &self,
        request: tonic::Request<identity::SignOutRequest>,
    ) -> Result<tonic::Response<identity::SignOutResponse>, Status> {
        let call = Call::of(&request)?;
        call.admission().discharge();
        self.0.end("here", &call);
        if call
            .claims()
            .is_some_and(|claims| claims.grants[0].role == Role::Student as i32)
        {
            *self.0.revoked.lock().expect("not poisoned") = true;
        }
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
pub(super) struct Files(pub(super) Arc<Seen>);

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
        let fault = Fault::new(tonic::Code::NotFound, "NOT_FOUND", "no such node");
        Err(fault.into_status("files", "10.3.0.7:7443"))
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
