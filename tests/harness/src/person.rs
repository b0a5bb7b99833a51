//! Somebody who signed in through the gateway, and their typed clients.

use anyhow::Context as _;
use preau_proto::control::v1::join_token_service_client::JoinTokenServiceClient;
use preau_proto::files::v1::ListSpacesRequest;
use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::space_service_client::SpaceServiceClient;
use preau_proto::files::v1::upload_service_client::UploadServiceClient;
use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_proto::identity::v1::session_service_client::SessionServiceClient;
use preau_proto::identity::v1::{ActivateRequest, SignInRequest};
use preau_proto::roster::v1::class_service_client::ClassServiceClient;
use preau_proto::roster::v1::import_service_client::ImportServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::space::Space;

/// A channel that sends somebody's session token, or nobody's.
pub type Caller = InterceptedService<Channel, Bearer>;

/// Puts `authorization: Bearer <token>` on every request.
#[derive(Clone, Default)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    /// Nobody signed in.
    #[must_use]
    pub fn anonymous() -> Self {
        Self(None)
    }

    /// # Errors
    /// When `token` is not header text.
    pub fn of(token: &str) -> anyhow::Result<Self> {
        Ok(Self(Some(format!("Bearer {token}").parse()?)))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", value.clone());
        }
        Ok(request)
    }
}

/// A plain HTTP/2 connection to the gateway at `url`.
///
/// # Errors
/// When nobody answers there.
pub async fn connect(url: &str) -> anyhow::Result<Channel> {
    Channel::from_shared(url.to_owned())?
        .connect()
        .await
        .with_context(|| format!("connecting to {url}"))
}

/// A signed-in person.
#[derive(Clone)]
pub struct Person {
    caller: Caller,
    token: String,
    id: String,
}

impl Person {
    /// Signs in at the gateway `url`.
    ///
    /// # Errors
    /// With the gRPC status when refused.
    pub async fn sign_in(url: &str, login: &str, password: &str) -> anyhow::Result<Self> {
        Self::sign_in_over(connect(url).await?, login, password).await
    }

    /// Signs in over a connection that is there.
    ///
    /// # Errors
    /// With the gRPC status when refused.
    pub async fn sign_in_over(
        channel: Channel,
        login: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let answer = SessionServiceClient::new(channel.clone())
            .sign_in(SignInRequest {
                login: login.to_owned(),
                password: password.to_owned(),
            })
            .await
            .with_context(|| format!("signing {login} in"))?
            .into_inner();
        Ok(Self {
            caller: InterceptedService::new(channel, Bearer::of(&answer.session_token)?),
            token: answer.session_token,
            id: answer.person_id,
        })
    }

    /// Signs in for the first time, with the code that was handed out.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn activate(
        url: &str,
        login: &str,
        code: &str,
        password: &str,
    ) -> anyhow::Result<Result<Self, Status>> {
        let channel = connect(url).await?;
        let request = ActivateRequest {
            login: login.to_owned(),
            code: code.to_owned(),
            password: password.to_owned(),
        };
        let mut sessions = SessionServiceClient::new(channel.clone());
        let answer = match sessions.activate(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return Ok(Err(status)),
        };
        Ok(Ok(Self {
            caller: InterceptedService::new(channel, Bearer::of(&answer.session_token)?),
            token: answer.session_token,
            id: answer.person_id,
        }))
    }

    /// Whoever has this session token.
    ///
    /// # Errors
    /// When nobody answers at `url`.
    pub async fn of_session(url: &str, token: String, id: String) -> anyhow::Result<Self> {
        Ok(Self {
            caller: InterceptedService::new(connect(url).await?, Bearer::of(&token)?),
            token,
            id,
        })
    }

    /// The same person over another connection.
    ///
    /// # Errors
    /// When nobody answers at `url`.
    pub async fn elsewhere(&self, url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            caller: InterceptedService::new(connect(url).await?, Bearer::of(&self.token)?),
            token: self.token.clone(),
            id: self.id.clone(),
        })
    }

    /// The person's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The session token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A channel that carries the token.
    #[must_use]
    pub fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// Sessions.
    #[must_use]
    pub fn sessions(&self) -> SessionServiceClient<Caller> {
        SessionServiceClient::new(self.caller())
    }

    /// Authorities, schools, people, grants.
    #[must_use]
    pub fn directory(&self) -> DirectoryServiceClient<Caller> {
        DirectoryServiceClient::new(self.caller())
    }

    /// Classes and enrolments.
    #[must_use]
    pub fn classes(&self) -> ClassServiceClient<Caller> {
        ClassServiceClient::new(self.caller())
    }

    /// Imports of rosters.
    #[must_use]
    pub fn imports(&self) -> ImportServiceClient<Caller> {
        ImportServiceClient::new(self.caller())
    }

    /// Spaces.
    #[must_use]
    pub fn spaces(&self) -> SpaceServiceClient<Caller> {
        SpaceServiceClient::new(self.caller())
    }

    /// Folders and files.
    #[must_use]
    pub fn files(&self) -> FileServiceClient<Caller> {
        FileServiceClient::new(self.caller())
    }

    /// Uploads.
    #[must_use]
    pub fn uploads(&self) -> UploadServiceClient<Caller> {
        UploadServiceClient::new(self.caller())
    }

    /// Join tokens of the mesh.
    #[must_use]
    pub fn join_tokens(&self) -> JoinTokenServiceClient<Caller> {
        JoinTokenServiceClient::new(self.caller())
    }

    /// The person's space of that name.
    ///
    /// # Errors
    /// When the person has none.
    pub async fn space(&self, name: &str) -> anyhow::Result<Space> {
        let spaces = self
            .spaces()
            .list_spaces(ListSpacesRequest {})
            .await?
            .into_inner()
            .spaces;
        let found = spaces.iter().find(|space| space.name == name);
        let found = found.with_context(|| format!("no space {name} among {spaces:?}"))?;
        Ok(self.space_by_id(&found.space_id))
    }

    /// A space by its id, whether this person has it or not.
    #[must_use]
    pub fn space_by_id(&self, id: &str) -> Space {
        Space::new(self.clone(), id.to_owned())
    }
}
