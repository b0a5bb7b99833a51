//! From configuration to the services of each role.

use std::sync::Arc;

use preau_apps::Apps;
use preau_classroom::Classroom;
use preau_devices::{Authority, Devices};
use preau_identity::{Identity, PasswordConfig, SessionConfig};
use preau_kernel::clock::Clock;
use preau_mesh::{CertificateAuthority, Mesh, RoleServer, TrustDomain};
use preau_storage_database::{Db, Migrations};
use preau_storage_seal::KeyError;
use preau_storage_sites::{FolderSite, Site};
use preau_storage_vault::{Vault, VaultConfig, VaultError};
use tokio_util::sync::CancellationToken;

use super::upkeep::Upkeep;
use super::{database, kek};
use crate::config::Config;
use crate::failure::Failure;

/// The namespace in every SPIFFE id of a process that is not in a cluster.
pub(crate) const NAMESPACE: &str = "default";

/// The services of a process, with what outlives their serving.
#[derive(Default)]
pub(crate) struct Services {
    pub(crate) servers: Vec<RoleServer>,
    pub(crate) identity: Option<Identity>,
    upkeep: Upkeep,
    databases: Vec<Db>,
}

/// The tables of every role that has some.
pub(crate) fn migrations() -> [(&'static str, Migrations); 7] {
    [
        ("control", preau_control::MIGRATIONS),
        ("identity", preau_identity::MIGRATIONS),
        ("roster", preau_roster::MIGRATIONS),
        ("files", preau_files::MIGRATIONS),
        ("classroom", preau_classroom::MIGRATIONS),
        ("devices", preau_devices::MIGRATIONS),
        ("apps", preau_apps::MIGRATIONS),
    ]
}

/// Opens every role of this process; `ca` is there when `control` is among them.
pub(crate) async fn open(
    config: &Config,
    roles: &[&'static str],
    mesh: &Mesh,
    ca: Option<Arc<CertificateAuthority>>,
) -> Result<Services, Failure> {
    let mut services = Services::default();
    for role in roles {
        match (*role, &ca) {
            ("control", Some(ca)) => services.open_control(config, mesh, ca).await?,
            ("identity", _) => services.open_identity(config).await?,
            ("roster", _) => services.open_roster(config, mesh).await?,
            ("files", _) => services.open_files(config, mesh).await?,
            ("classroom", _) => services.open_classroom(config, mesh).await?,
            ("devices", _) => services.open_devices(config, mesh).await?,
            ("apps", _) => services.open_apps(config, mesh).await?,
            // The gateway keeps nothing and serves the mesh nothing but its probe.
            (role, _) => services.servers.push(RoleServer::new(role)),
        }
    }
    Ok(services)
}

/// Identity alone, for what is done before anything serves.
pub(crate) async fn open_identity(config: &Config) -> Result<(Identity, Db), Failure> {
    let db = database::open(config, "identity", &preau_identity::MIGRATIONS).await?;
    let deps = preau_identity::Deps {
        db: db.clone(),
        clock: Clock::system(),
        passwords: PasswordConfig::default(),
        sessions: SessionConfig::default(),
        trust_domain: trust_domain(config)?,
    };
    let identity = preau_identity::open(deps).await.map_err(|error| {
        let place = config.role_dir("identity");
        Failure::new(
            format_args!("cannot open identity: {error}"),
            place.display(),
            "look at the database there",
        )
    })?;
    Ok((identity, db))
}

/// The trust domain; the configuration checked its form.
pub(crate) fn trust_domain(config: &Config) -> Result<TrustDomain, Failure> {
    TrustDomain::parse(&config.mesh.trust_domain)
        .map_err(|error| Failure::new(error, "mesh.trust_domain", "write a SPIFFE trust domain"))
}

impl Services {
    async fn open_control(
        &mut self,
        config: &Config,
        mesh: &Mesh,
        ca: &Arc<CertificateAuthority>,
    ) -> Result<(), Failure> {
        let db = database::open(config, "control", &preau_control::MIGRATIONS).await?;
        self.databases.push(db.clone());
        self.servers
            .push(preau_control::server(preau_control::Deps {
                db,
                ca: Arc::clone(ca),
                identities: Arc::clone(mesh.identities()),
                namespace: NAMESPACE.to_owned(),
                leaf_lifetime: config.leaf_lifetime(),
                clock: Clock::system(),
            }));
        Ok(())
    }

    async fn open_identity(&mut self, config: &Config) -> Result<(), Failure> {
        let (identity, db) = open_identity(config).await?;
        self.servers.push(identity.server());
        self.databases.push(db);
        self.identity = Some(identity);
        Ok(())
    }

    async fn open_roster(&mut self, config: &Config, mesh: &Mesh) -> Result<(), Failure> {
        let db = database::open(config, "roster", &preau_roster::MIGRATIONS).await?;
        self.databases.push(db.clone());
        let deps = preau_roster::Deps {
            db,
            mesh: mesh.clone(),
            clock: Clock::system(),
        };
        self.upkeep.roster = Some(deps.clone());
        self.servers.push(preau_roster::server(deps));
        Ok(())
    }

    async fn open_files(&mut self, config: &Config, mesh: &Mesh) -> Result<(), Failure> {
        let db = database::open(config, "files", &preau_files::MIGRATIONS).await?;
        self.databases.push(db.clone());
        let vault = open_vault(config, db.clone()).await?;
        let deps = preau_files::Deps {
            db,
            vault,
            mesh: mesh.clone(),
            clock: Clock::system(),
        };
        self.upkeep.files = Some(deps.clone());
        self.servers.push(preau_files::server(deps));
        Ok(())
    }

    async fn open_classroom(&mut self, config: &Config, mesh: &Mesh) -> Result<(), Failure> {
        let db = database::open(config, "classroom", &preau_classroom::MIGRATIONS).await?;
        self.databases.push(db.clone());
        let classroom = Classroom::new(preau_classroom::Deps {
            db,
            mesh: mesh.clone(),
            clock: Clock::system(),
            timing: preau_classroom::Timing::default(),
        });
        self.servers.push(classroom.server());
        self.upkeep.classroom = Some(classroom);
        Ok(())
    }

    async fn open_devices(&mut self, config: &Config, mesh: &Mesh) -> Result<(), Failure> {
        let path = config.device_authority_file();
        let authority = Authority::load_or_create(&path, &Clock::system()).map_err(|error| {
            Failure::new(
                format_args!("cannot open the authority of devices: {error}"),
                path.display(),
                "restore the file: devices believe no other authority, and would have to enrol anew",
            )
        })?;
        let db = database::open(config, "devices", &preau_devices::MIGRATIONS).await?;
        self.databases.push(db.clone());
        let devices = Devices::new(preau_devices::Deps {
            db,
            mesh: mesh.clone(),
            clock: Clock::system(),
            authority,
            timing: preau_devices::Timing::default(),
        });
        self.servers.push(devices.server());
        self.upkeep.devices = Some(devices);
        Ok(())
    }

    async fn open_apps(&mut self, config: &Config, mesh: &Mesh) -> Result<(), Failure> {
        let db = database::open(config, "apps", &preau_apps::MIGRATIONS).await?;
        self.databases.push(db.clone());
        let apps = Apps::new(preau_apps::Deps {
            db,
            mesh: mesh.clone(),
            clock: Clock::system(),
        });
        self.servers.push(apps.server());
        self.upkeep.apps = Some(apps);
        Ok(())
    }

    /// Ends what would outlast a drain; its clients go on elsewhere.
    pub(crate) fn end_watches(&self) {
        self.upkeep.end_watches();
    }

    /// What is done now and then for the roles of this process, until `stop`.
    pub(crate) fn upkeep(
        &self,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.upkeep.clone().run(stop)
    }

    /// Closes every database, so that the next start finds nothing to recover.
    pub(crate) async fn close(self) {
        for db in self.databases {
            db.close().await;
        }
    }
}

async fn open_vault(config: &Config, db: Db) -> Result<Vault, Failure> {
    let (objects, kek_file) = (config.objects_dir(), config.kek_file());
    let failed = |error: &dyn std::fmt::Display, remedy: &str| {
        Failure::new(
            format_args!("cannot open the vault: {error}"),
            objects.display(),
            remedy,
        )
    };
    let wrapped_keys = Vault::holds_keys(&db)
        .await
        .map_err(|error| failed(&error, "look at the database of files"))?;
    let kek = kek::load_or_create(&kek_file, &objects, wrapped_keys)?;
    let site = FolderSite::open("local", &objects, config.vault.fsync)
        .map_err(|error| failed(&error, "make the folder writable for this user"))?;
    let sites: Vec<Arc<dyn Site>> = vec![Arc::new(site)];
    let clock = Arc::new(std::time::SystemTime::now);
    Vault::open(db, sites, kek, VaultConfig::default(), clock)
        .await
        .map_err(|error| match error {
            VaultError::Key {
                source: KeyError::WrongKek,
                ..
            } => kek::wrong(&kek_file),
            VaultError::Key { source, .. } => failed(&source, "look at the database of files"),
            error => failed(&error, "look at the folder and the database of files"),
        })
}
