//! A files service over the mesh, with a database and a folder of its own and one class's space.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use preau_kernel::clock::Clock;
use preau_kernel::ids::{AuthorityId, ClassId, PersonId};
use preau_mesh::testing::{self, Ground, Pair};
use preau_mesh::{Channel, Claims, RoleServer, with_principal};
use preau_proto::contract::Role;
use preau_proto::files::v1::file_service_client::FileServiceClient;
use preau_proto::files::v1::space_service_client::SpaceServiceClient;
use preau_proto::files::v1::upload_service_client::UploadServiceClient;
use preau_proto::files::v1::{
    CommitRequest, CreateUploadRequest, ListSpacesRequest, SpaceKind, Upload,
};
use preau_proto::roster::v1::Class;
use preau_proto::roster::v1::class_service_server::ClassServiceServer;
use preau_storage_database::{Db, SqliteOptions};
use preau_storage_seal::Kek;
use preau_storage_sites::FolderSite;
use preau_storage_vault::{Vault, VaultConfig};
use tonic::Request;

use crate::roster::EverybodyTeaches;

/// A principal token lives at most a minute; a fresh one is signed well before.
const TOKEN_AGE: Duration = Duration::from_secs(10);

/// The service, and a teacher who calls it as the gateway would.
pub struct School {
    pair: Pair,
    claims: Claims,
    token: Mutex<Option<(Instant, String)>>,
    space: String,
}

impl School {
    /// Opens a vault in `folder` (database and objects, synced before every acknowledgement) and serves it.
    ///
    /// # Errors
    /// What the folder, the database or the service says.
    pub async fn open(folder: &Path) -> anyhow::Result<Self> {
        let ground = Ground::new(&["gateway", "files", "roster"]).await;
        let claims = Claims {
            person: PersonId::new().to_string(),
            ..testing::claims(Role::Teacher)
        };
        let class = Class {
            class_id: ClassId::new().to_string(),
            school_id: claims.school.clone().context("a teacher has a school")?,
            authority_id: AuthorityId::new().to_string(),
            name: "2nde A".into(),
            main_teacher_id: claims.person.clone(),
        };
        let roster = RoleServer::new("roster")
            .add_service(ClassServiceServer::new(EverybodyTeaches { class }));
        let db = Db::open_sqlite(&folder.join("files.db"), SqliteOptions::default()).await?;
        db.migrate(&preau_files::MIGRATIONS).await?;
        let site = Arc::new(FolderSite::open("folder", folder.join("objects"), true)?);
        let now = Arc::new(SystemTime::now);
        let vault = Vault::open(
            db.clone(),
            vec![site],
            Kek::generate()?,
            VaultConfig::default(),
            now,
        )
        .await?;
        let deps = preau_files::Deps {
            db,
            vault,
            mesh: ground.mesh().clone(),
            clock: Clock::system(),
        };
        let pair = ground.serve(vec![roster, preau_files::server(deps)], "gateway", "files");
        let mut school = Self {
            pair,
            claims,
            token: Mutex::new(None),
            space: String::new(),
        };
        let spaces = SpaceServiceClient::new(school.channel())
            .list_spaces(school.request(ListSpacesRequest {}))
            .await?;
        school.space = spaces
            .into_inner()
            .spaces
            .iter()
            .find(|space| space.kind() == SpaceKind::Class)
            .context("the class's space")?
            .space_id
            .clone();
        Ok(school)
    }

    /// The class's space.
    #[must_use]
    pub fn space(&self) -> &str {
        &self.space
    }

    /// Calls to parts.
    #[must_use]
    pub fn uploads(&self) -> UploadServiceClient<Channel> {
        UploadServiceClient::new(self.channel())
    }

    /// Calls to files.
    #[must_use]
    pub fn files(&self) -> FileServiceClient<Channel> {
        FileServiceClient::new(self.channel())
    }

    fn channel(&self) -> Channel {
        self.pair.client()
    }

    /// A request in the teacher's name.
    pub fn request<M>(&self, message: M) -> Request<M> {
        let mut held = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let token = match held.take() {
            Some((signed, token)) if signed.elapsed() < TOKEN_AGE => (signed, token),
            _ => (Instant::now(), self.pair.token(&self.fresh_claims())),
        };
        let mut request = Request::new(message);
        with_principal(&mut request, &token.1);
        *held = Some(token);
        request
    }

    fn fresh_claims(&self) -> Claims {
        let now = testing::claims(Role::Teacher);
        Claims {
            issued_at: now.issued_at,
            expires_at: now.expires_at,
            ..self.claims.clone()
        }
    }

    /// Announces a file.
    ///
    /// # Errors
    /// The service's.
    pub async fn announce(&self, name: &str, size: u64) -> anyhow::Result<Upload> {
        let request = CreateUploadRequest {
            space_id: self.space.clone(),
            parent_id: String::new(),
            name: name.to_owned(),
            size,
        };
        let answer = self.uploads().create_upload(self.request(request)).await?;
        answer.into_inner().upload.context("an upload")
    }

    /// Makes the file appear; answers its node's id.
    ///
    /// # Errors
    /// The service's.
    pub async fn commit(&self, upload: &Upload) -> anyhow::Result<String> {
        let request = CommitRequest {
            upload_id: upload.upload_id.clone(),
            blake3: Vec::new(),
        };
        let answer = self.uploads().commit(self.request(request)).await?;
        Ok(answer.into_inner().node.context("a node")?.node_id)
    }
}
