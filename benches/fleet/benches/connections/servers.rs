//! The two servers that are compared, and the devices that both believe.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use preau_harness::{Device, Invitation, Person, Platform, PlatformBuilder};
use preau_proto::identity::v1::ListSchoolsRequest;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Devices being enrolled at once.
const AT_ONCE: usize = 32;
/// What one token lets in.
const TOKEN_USES: usize = 10_000;

/// What a device shows.
pub(crate) struct Credential {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// PKCS#8, DER.
    pub(crate) key: Vec<u8>,
}

/// A platform's data with its devices, and what serves them.
pub(crate) struct Enrolled {
    pub(crate) credentials: Vec<Credential>,
    /// Absent while it serves.
    builder: Option<PlatformBuilder>,
    files: Files,
    _folder: TempDir,
}

struct Files {
    /// PEM.
    certificate: PathBuf,
    /// PEM.
    key: PathBuf,
    /// The authority of the servers' certificate, PEM.
    authority: PathBuf,
    /// That of devices, DER.
    devices: PathBuf,
}

impl Enrolled {
    /// Enrols `devices` over plain HTTP, before anything is measured.
    pub(crate) async fn prepare(devices: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let platform = Platform::start().await?;
        let (login, password) = platform.operator()?;
        let root = Person::sign_in(platform.gateway(), &login, &password).await?;
        let answer = root
            .directory()
            .list_schools(ListSchoolsRequest::default())
            .await?;
        let school = answer
            .into_inner()
            .schools
            .first()
            .context("a school")?
            .school_id
            .clone();
        let mut credentials = Vec::with_capacity(devices);
        while credentials.len() < devices {
            let count = (devices - credentials.len()).min(TOKEN_USES);
            let token = Invitation::create(&root, &school, u32::try_from(count)?).await?;
            let more: Vec<Credential> = stream::iter(0..count)
                .map(|_| enrol(platform.gateway(), &token.secret))
                .buffer_unordered(AT_ONCE)
                .try_collect()
                .await?;
            credentials.extend(more);
        }
        let authority = credentials.first().and_then(|one| one.chain.last());
        let files = Files::write(folder.path(), authority.context("an authority")?)?;
        let (_, builder) = platform.terminate().await?;
        let builder = builder.config(&format!(
            "[gateway]\ntls_certificate = '{}'\ntls_key = '{}'\nmax_connections = 100000\n",
            files.certificate.display(),
            files.key.display(),
        ))?;
        Ok(Self {
            credentials,
            builder: Some(builder),
            files,
            _folder: folder,
        })
    }

    pub(crate) fn roots(&self) -> anyhow::Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.files.authority)?)?;
        Ok(roots)
    }

    /// The platform with its devices, over TLS.
    pub(crate) async fn serve(&mut self) -> anyhow::Result<Platform> {
        let builder = self.builder.take().context("it serves already")?;
        builder.start().await
    }

    /// Ends it, so that it can be served anew.
    pub(crate) async fn rest(&mut self, platform: Platform) -> anyhow::Result<()> {
        let (_, builder) = platform.terminate().await?;
        self.builder = Some(builder);
        Ok(())
    }
}

async fn enrol(url: &str, secret: &str) -> anyhow::Result<Credential> {
    let device = Device::enroll(url, secret).await??;
    Ok(Credential {
        key: device.key_der(),
        chain: device.chain.into_iter().map(CertificateDer::from).collect(),
    })
}

impl Files {
    fn write(folder: &Path, devices: &CertificateDer<'_>) -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let leaf = CertificateParams::new(["127.0.0.1".to_owned()])?;
        let leaf = leaf.signed_by(&key, &authority)?;
        let file = |name: &str, content: &[u8]| {
            let path = folder.join(name);
            std::fs::write(&path, content).map(|()| path)
        };
        Ok(Self {
            certificate: file("certificate.pem", leaf.pem().as_bytes())?,
            key: file("key.pem", key.serialize_pem().as_bytes())?,
            authority: file("authority.pem", authority.pem().as_bytes())?,
            devices: file("devices.der", devices)?,
        })
    }
}

/// Bare hyper in a process of its own, which ends when this is dropped.
pub(crate) struct Bare {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Bare {
    pub(crate) async fn start(enrolled: &Enrolled) -> anyhow::Result<Self> {
        let Files {
            certificate,
            key,
            devices,
            ..
        } = &enrolled.files;
        let mut child = Command::new(env!("CARGO_BIN_EXE_preau-bench-bare-watch"))
            .args([certificate, key, devices])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting bare hyper")?;
        let stdout = child.stdout.take().context("stdout was piped")?;
        let line = BufReader::new(stdout).lines().next_line().await?;
        let address = line.context("bare hyper ended before it served")?.parse()?;
        Ok(Self { address, child })
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }
}
